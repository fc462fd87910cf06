"""Draw or unpack a hostile file in a process of its own, without files and network, with little memory and time.

The process starts with an empty environment and without the portal's open files, so that it holds no secret. It takes
its limits upon itself before it reads the first byte: no file and no socket can be opened any more, no file written, no
process started. It answers with pages of a known form or with a code; whatever else happens, the file is refused.
Nothing of the file is ever written to a disk.
"""

from __future__ import annotations

import codecs
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from portal.intake import archive
from portal.intake.faults import BadValue
from portal.intake.images import CleanImage
from portal.intake.upload_pages import MAX_PAGES, MAX_SIDE, MEDIA_TYPE, pdf_pages, picture_page

ROOT = Path(__file__).resolve().parents[2]
MAX_ANSWER = 60 * 1024 * 1024  # bytes: ten pages at their largest are less
AT_ONCE = 2  # processes beside each other for each web process: each may take its whole memory
READY = b"ready\n"  # said by a process that has confined itself
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from portal.intake.confined import child; child(sys.argv[2:])"
_STOPPED = (-signal.SIGKILL, -signal.SIGXCPU)  # by the limit on computing, or because its time was over
NICE = 5  # pages go first, and still a machine with a lot to do draws in time
_slots = threading.BoundedSemaphore(AT_ONCE)
_KINDS: dict[str, Callable[[bytes], list[CleanImage]]] = {"picture": picture_page, "pdf": pdf_pages}
_ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may cost: seconds of computing, seconds in all with the wait for a turn, bytes of address space.

    Only computing and memory say something of the file. How long it took says how busy the machine is: that bound is
    far wider, below what a web process and the proxy wait for an answer.
    """

    cpu_seconds: int = 20
    wall_seconds: float = 50
    memory: int = 1024 * 1024 * 1024


class DoesNotStart(Exception):
    """The confined process itself is broken: nothing was drawn, and no file can be taken."""


def draw(kind: str, content: bytes, bounds: Bounds) -> tuple[CleanImage, ...]:
    """The pages of a "picture" or "pdf". Raises BadValue (codes of reasons.IMAGES, pdf_..., too_heavy, damaged, or
    busy: its time was over before it had used up what it may compute) and DoesNotStart."""
    with _turn(bounds) as left, _started(kind, [content], bounds, left) as running:
        answer = running.answers.read(MAX_ANSWER + 1)
        if len(answer) > MAX_ANSWER:
            raise BadValue("too_heavy")
        status = running.process.wait()
        if status in _STOPPED:
            raise BadValue("busy" if running.late.is_set() else "too_heavy")
    if not answer.startswith(READY):
        raise DoesNotStart(kind)
    if status != 0:  # it fell over the file
        raise BadValue("damaged")
    return _read(answer.removeprefix(READY))


@contextmanager
def unpacking(parts: Iterable[bytes], bounds: Bounds) -> Iterator[BinaryIO]:
    """The frames of `archive.answer` for a ZIP that comes in parts. A reader of it raises EOFError
    where the frames break off. Raises BadValue: busy (as above), archive_too_heavy (it computed too much),
    archive_damaged; DoesNotStart."""
    with _turn(bounds) as left, _started(_ARCHIVE, parts, bounds, left) as running:
        try:
            if running.answers.read(len(READY)) != READY:
                if running.process.wait() in _STOPPED:
                    raise EOFError
                raise DoesNotStart(_ARCHIVE)
            yield running.answers
        except EOFError as cut:
            stopped = running.process.wait() in _STOPPED
            late = "busy" if running.late.is_set() else "archive_too_heavy"
            raise BadValue(late if stopped else "archive_damaged") from cut


@contextmanager
def _turn(bounds: Bounds) -> Iterator[float]:
    """A turn among the processes that may run at once, and how many seconds are left then. Raises BadValue: busy."""
    until = time.monotonic() + bounds.wall_seconds
    if not _slots.acquire(timeout=bounds.wall_seconds):
        raise BadValue("busy")
    try:
        yield max(0.0, until - time.monotonic())
    finally:
        _slots.release()


@dataclass(frozen=True, slots=True)
class _Running:
    process: subprocess.Popen[bytes]
    answers: BinaryIO
    late: threading.Event  # its time was over


@contextmanager
def _started(kind: str, parts: Iterable[bytes], bounds: Bounds, seconds: float) -> Iterator[_Running]:
    """The process with everything sent to it; killed when its time is over, and when the block ends."""
    limits = [str(bounds.cpu_seconds), str(bounds.memory)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-I", "-c", _PROGRAM, str(ROOT), kind, *limits],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        start_new_session=True,
    )
    late = threading.Event()

    def stop() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdout as answers:
            try:
                with process.stdin as sent:
                    for part in parts:
                        sent.write(part)
            except BrokenPipeError:  # it fell before it had read all
                pass
            yield _Running(process, answers, late)  # type: ignore[arg-type]  # a pipe of bytes is a BinaryIO in all but name
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def _read(answer: bytes) -> tuple[CleanImage, ...]:
    """The pages, if the answer has exactly the promised form: the process that drew a hostile file is not trusted."""
    head, _, rest = answer.partition(b"\n")
    try:
        said = json.loads(head)
        if "code" in said:
            raise BadValue(str(said["code"]))
        digest, pages, at = bytes.fromhex(said["digest"]), [], 0
        for width, height, size in said["pages"]:
            data = rest[at : at + size]
            fits = 0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and len(data) == size
            if not (fits and data.startswith(b"\xff\xd8\xff") and data.endswith(b"\xff\xd9")):
                raise BadValue("damaged")
            pages.append(CleanImage(data, MEDIA_TYPE, width, height, digest))
            at += size
    except BadValue:
        raise
    except (ValueError, TypeError, KeyError) as error:
        raise BadValue("damaged") from error
    if not 0 < len(pages) <= MAX_PAGES or at != len(rest):
        raise BadValue("damaged")
    return tuple(pages)


# --- inside the process


def child(arguments: list[str]) -> None:
    """Draws what comes in and writes the answer out: one line of JSON, then the pages' bytes."""
    kind, cpu_seconds, memory = arguments[0], int(arguments[1]), int(arguments[2])
    if kind == _ARCHIVE:
        codecs.lookup("cp437")  # of the names in old archives: loaded while files can still be opened
    else:
        load_libraries()
    confine(cpu_seconds, memory)
    answers = sys.stdout.buffer
    answers.write(READY)
    answers.flush()
    if kind == _ARCHIVE:
        _unpack(answers)
    head: dict[str, object]
    blobs: list[bytes] = []
    try:
        pages = _KINDS[kind](sys.stdin.buffer.read())
        blobs = [page.data for page in pages]
        head = {
            "digest": pages[0].source_digest.hex(),
            "pages": [[page.width, page.height, len(page.data)] for page in pages],
        }
    except BadValue as bad:
        # A decoder that was refused memory says that the picture is damaged.
        head = {"code": "too_heavy" if isinstance(bad.__cause__, MemoryError) else bad.code}
    except MemoryError:
        head = {"code": "too_heavy"}
    except Exception:  # a decoder may fail in any way on a hostile file
        head, blobs = {"code": "damaged"}, []
    answers.write(json.dumps(head).encode() + b"\n" + b"".join(blobs))
    answers.flush()
    os._exit(0)


def _unpack(answers: BinaryIO) -> NoReturn:
    try:
        archive.answer(sys.stdin.buffer.read(), answers)
    except Exception:  # a reader may fail in any way on a hostile file; what was announced is then not whole
        answers.write(b"\n")
    answers.flush()
    os._exit(0)


def load_libraries() -> None:
    """Loads what would be loaded later, while files can still be opened."""
    import PIL.Image
    import PIL.ImageOps
    import PIL.JpegImagePlugin
    import PIL.MpoImagePlugin
    import PIL.PngImagePlugin
    import PIL.TiffImagePlugin  # reads EXIF
    import pypdfium2

    PIL.Image.preinit()
    with pypdfium2.PdfDocument.new() as document:
        document.new_page(9, 9)
        document[0].render().to_pil()


def confine(cpu_seconds: int, memory: int) -> None:
    """Takes everything away that drawing does not need; it cannot be taken back."""
    import resource

    os.nice(NICE)
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))
