"""A mail server that fails at a given stage in a given way, to many connections at once, and then recovers."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STAGES = ("greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "end", "RSET", "QUIT")
CODES = ("421", "450", "451", "452", "535", "550", "552", "554")
FAULTS = (*CODES, "silence", "reset", "250-then-drop", "garbage")
YES = {
    "greeting": b"220 here",
    "EHLO": b"250-here\r\n250 AUTH PLAIN",
    "HELO": b"250 here",
    "AUTH": b"235 welcome",
    "DATA": b"354 go on",
    "QUIT": b"221 bye",
}
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
ENOUGH = 5.0  # seconds of silence


class Gone(Exception):
    """The server ends the connection."""


@dataclass(frozen=True)
class Trouble:
    stage: str
    fault: str


class FaultyServer:
    """Each of the first `times` occasions of the trouble's stage fails; every later one goes well.

    `taken` holds the Message-ID of every mail for which the server meant to say 250, in order.
    """

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self._trouble: Trouble | None = None
        self._left = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def trouble(self, trouble: Trouble | None, times: int = 0) -> None:
        with self._lock:
            self._trouble, self._left = trouble, times

    def close(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, Gone):
            connection.settimeout(ENOUGH)
            self._say("greeting", connection)
            with connection.makefile("rb") as lines:
                while line := lines.readline():
                    verb = line[:4].decode("ascii", "replace").upper()
                    went_well = self._say(verb, connection)
                    if verb == "QUIT":
                        return
                    if verb == "DATA" and went_well:
                        self._take(lines, connection)

    def _take(self, lines: Iterator[bytes], connection: socket.socket) -> None:
        content = b""
        for part in lines:
            if part == b".\r\n":
                break
            content += part
        found = MESSAGE_ID.search(content)
        assert found is not None
        self._say("end", connection, found.group(1))

    def _say(self, stage: str, connection: socket.socket, taken: bytes = b"") -> bool:
        """Answers; whether the stage went well."""
        fault = self._fault_at(stage)
        yes = YES.get(stage, b"250 ok")
        if fault is None:
            if taken:
                self.taken.append(taken)
            connection.sendall(yes + b"\r\n")
            return True
        if fault in CODES:
            connection.sendall(f"{fault} no\r\n".encode())
        elif fault == "silence":
            self._over.wait(ENOUGH)
            raise Gone
        elif fault == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        elif fault == "250-then-drop":
            if taken:
                self.taken.append(taken)
            connection.sendall(yes + b"\r\n")
            raise Gone
        else:
            connection.sendall(base64.b85encode(b"what a mail server never says") + b"\r\n")
        return False

    def _fault_at(self, stage: str) -> str | None:
        with self._lock:
            if self._trouble is None or self._trouble.stage != stage or self._left <= 0:
                return None
            self._left -= 1
            return self._trouble.fault


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    server = FaultyServer()
    try:
        yield server
    finally:
        server.close()
