"""Print in a process of its own that ends when nothing came for a while.

WeasyPrint and what it drew with would stay in whoever printed, some 40 MiB in the worker and in each web process, for a
handful of letters a day. The printing process holds no key, no database and no setting: it starts with an almost empty
environment, reads what to print from a pipe and answers with the PDF. Nothing of a letter stands in its command line,
and none of it is written to a disk.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import IO

from portal.letters.press import NotPrintable, render_pdf

ROOT = Path(__file__).resolve().parents[2]
IDLE = 20.0  # seconds without a letter after which the process ends; the next letter starts another one
PATIENCE = 600.0  # seconds for one document: a copy of thousands of items on a busy machine
PARTING = 5.0  # seconds to clear up
LENGTH = struct.Struct(">Q")  # stands before each message, in bytes
FAULT, PAPER = b"!", b"%"  # what an answer begins with: why it was not printed, or the PDF behind it
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from portal.letters.printing import child; child()"
_KEPT = ("HOME", "LANG", "TMPDIR")  # of the environment: where the library of fonts keeps its lists


class Printer:
    """At most one process, and one letter at a time: Pango's font map serves no more anyway."""

    def __init__(self, idle: float = IDLE, patience: float = PATIENCE) -> None:
        self._idle, self._patience = idle, patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: threading.Timer | None = None

    def printed(self, html: str, lang: str, title: str, on: date | None = None) -> bytes:
        """What `press.render_pdf` makes of it. Raises NotPrintable, with nothing in it of what was to be printed."""
        order = json.dumps([html, lang, title, on.isoformat() if on else None]).encode()
        with self._lock:
            if self._end:
                self._end.cancel()
            try:
                answer = self._asked(order)
            except BaseException:
                self._stop()
                raise
            self._end = _timer(self._idle, self.rest)
        if answer.startswith(FAULT):
            raise NotPrintable(answer.removeprefix(FAULT).decode())
        return answer.removeprefix(PAPER)

    def rest(self) -> None:
        """Ends the process, after the letter in hand."""
        with self._lock:
            self._stop()

    def _asked(self, order: bytes) -> bytes:
        process = self._process = self._process or _started()
        late = _timer(self._patience, process.kill)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            _send(process.stdin, order)
            return _received(process.stdout)
        except (BrokenPipeError, EOFError):
            raise NotPrintable(f"the process that prints ended with {process.wait()}") from None
        finally:
            late.cancel()

    def _stop(self) -> None:
        if self._end:
            self._end.cancel()
        if process := self._process:
            self._process = None
            try:
                process.communicate(timeout=PARTING)  # nobody asks any more: it clears up and ends
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def _timer(seconds: float, do: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, do)
    timer.daemon = True  # nobody waits for it at the end
    timer.start()
    return timer


def _started() -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        [sys.executable, "-I", "-c", _PROGRAM, str(ROOT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a library's complaint may quote a letter
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        cwd="/",
        start_new_session=True,  # whoever stops the worker lets it finish the letter in hand
    )


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(LENGTH.pack(len(message)) + message)
    pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """Raises EOFError where the other side has ended."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    length = LENGTH.unpack(head)[0]
    message = pipe.read(length)
    if len(message) < length:
        raise EOFError
    return message


_printer = Printer()
atexit.register(_printer.rest)
printed = _printer.printed


# --- inside the process


def child() -> None:
    """Prints what comes in until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library says stands in no answer
    while True:
        try:
            html, lang, title, on = json.loads(_received(sys.stdin.buffer))
        except EOFError:
            return
        _send(answers, _answer(html, lang, title, date.fromisoformat(on) if on else None))


def _answer(html: str, lang: str, title: str, on: date | None) -> bytes:
    try:
        return PAPER + render_pdf(html, lang, title, on)
    except NotPrintable as fault:
        return FAULT + str(fault).encode()
    except Exception as fault:  # the kind alone: its words may quote the letter
        return FAULT + type(fault).__name__.encode()
