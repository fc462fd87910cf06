"""The folder of an export, put together from what an office uploaded: one ZIP, or the files themselves.

It lies in memory where the machine has room for it, is private, and goes with the block that reads it. Every file goes
where the mapping expects it and nowhere else; what the mapping does not name is left out, and counted.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from portal.intake.archive import MAX_ENTRIES, MAX_UNPACKED, MIB, plain_path
from portal.intake.confined import Bounds, unpacking
from portal.intake.faults import BadValue
from portal.intake.mapping import ExportMapping

BOUNDS = Bounds(cpu_seconds=120, wall_seconds=480)  # less than an import's lease: nothing renews that meanwhile
MEMORY = Path("/dev/shm")  # noqa: S108 - a private folder is made inside it
MOST_IN_MEMORY = 512 * MIB  # a larger export lies in the service's own temporary folder while it is read
PREFIX = "portal-intake-"
MAX_FRAME = 4096  # bytes of an announcement
_ZIP = b"PK\x03\x04"
_ARCHIVES = (_ZIP, b"PK\x05\x06", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_IMAGES = (".png", ".jpg", ".jpeg")
_OWNER = re.compile(rf"{re.escape(PREFIX)}(\d+)-")


@dataclass(frozen=True, slots=True)
class Upload:
    """One file as it came: its name, its size in bytes, and its content in parts, which may be read once more."""

    name: str
    size: int
    parts: Iterable[bytes]


@dataclass(slots=True)
class Arrival:
    """What is there to read; `ignored` counts files that the mapping does not name."""

    folder: Path
    mapping: ExportMapping
    ignored: int = 0

    def receive(self, path: str, blocks: Iterator[bytes]) -> None:
        """Puts one file where the mapping expects it. Raises BadValue: archive_nested, archive_twice."""
        head = next(blocks, b"")
        place = self._place(path, head)
        with (place or Path(os.devnull)).open("xb" if place else "wb") as file:
            file.write(head)
            for block in blocks:
                file.write(block)

    def _place(self, path: str, head: bytes) -> Path | None:
        *above, name = path.split("/")
        tables = {file.name for file in self.mapping.files}
        folders = [file.image_folder for file in self.mapping.files if file.image_folder]
        parent = above[-1] if above else ""
        place = None
        if name in tables and parent not in folders:
            place = self.folder / name
        elif looks_like_archive(head):
            raise BadValue("archive_nested")
        elif parent in folders:
            place = self.folder / parent / name
        elif folders and not above and name.lower().endswith(_IMAGES):
            place = self.folder / folders[0] / name
        if place is None or name.startswith("."):
            self.ignored += 1
            return None
        if place.exists():
            raise BadValue("archive_twice")
        return place


@contextmanager
def arrived(uploads: Sequence[Upload], mapping: ExportMapping) -> Iterator[Arrival]:
    """The folder with everything in it. Raises BadValue (codes of reasons.ARCHIVES) and DoesNotStart."""
    tables = {file.name for file in mapping.files}
    packed = [each for each in uploads if each.name not in tables and _begins(each).startswith(_ZIP)]
    if packed and len(uploads) > 1:
        raise BadValue("archive_beside_files")
    if packed:
        with unpacking(packed[0].parts, BOUNDS) as frames:
            total = _total(frames)
            with _folder(total, mapping) as arrival:
                _unpack(frames, arrival)
                yield arrival
        return
    with _folder(sum(each.size for each in uploads), mapping) as arrival:
        for each in uploads:
            arrival.receive(plain_path(each.name), iter(each.parts))
        yield arrival


def looks_like_archive(head: bytes) -> bool:
    return head.startswith(_ARCHIVES) or head[257:262] == b"ustar"


def _begins(upload: Upload) -> bytes:
    return next(iter(upload.parts), b"")


# --- the folder


@contextmanager
def _folder(needed: int, mapping: ExportMapping) -> Iterator[Arrival]:
    if needed > MAX_UNPACKED:
        raise BadValue("archive_bomb")
    usable = needed <= MOST_IN_MEMORY and MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    base = MEMORY if usable and shutil.disk_usage(MEMORY).free > 2 * needed else None
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=base) as name:
        folder = Path(name)
        for file in mapping.files:
            if file.image_folder:
                (folder / file.image_folder).mkdir(exist_ok=True)
        yield Arrival(folder, mapping)


def sweep_left_over() -> int:
    """Removes the folders of processes that died over them; how many there were."""
    gone = 0
    for base in {MEMORY, Path(tempfile.gettempdir())}:
        for folder in base.glob(f"{PREFIX}*") if base.is_dir() else ():
            owner = _OWNER.match(folder.name)
            if owner and not Path(f"/proc/{owner[1]}").exists():
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


# --- an archive: whoever read it is not trusted


def _total(frames: BinaryIO) -> int:
    told = _frame(frames)
    total, entries = told.get("total"), told.get("entries")
    if not (type(total) is int and type(entries) is int and 0 <= total <= MAX_UNPACKED and entries <= MAX_ENTRIES):
        raise BadValue("archive_damaged")
    return total


def _unpack(frames: BinaryIO, arrival: Arrival) -> None:
    left, entries = MAX_UNPACKED, 0
    while "end" not in (told := _frame(frames)):
        path, size = told.get("path"), told.get("size")
        entries += 1
        if not (type(path) is str and type(size) is int and 0 <= size <= left and entries <= MAX_ENTRIES):
            raise BadValue("archive_damaged")
        left -= size
        arrival.receive(plain_path(path), _exactly(frames, size))
    if told["end"] != entries:
        raise BadValue("archive_damaged")


def _frame(frames: BinaryIO) -> dict[str, object]:
    line = frames.readline(MAX_FRAME)
    if not line:
        raise EOFError
    try:
        told = json.loads(line)
    except ValueError as error:
        raise BadValue("archive_damaged") from error
    if not isinstance(told, dict):
        raise BadValue("archive_damaged")
    if "code" in told:
        raise BadValue(str(told["code"]))
    return told


def _exactly(frames: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        block = frames.read(min(left, MIB))
        if not block:
            raise EOFError
        left -= len(block)
        yield block
