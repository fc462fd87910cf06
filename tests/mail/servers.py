"""Mail servers for tests: a real one (aiosmtpd), and one that follows a script of faults byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Box:
    """What a real server took, and how it answers: `answers` maps a recipient to the replies to give in turn."""

    answers: dict[str, list[str]] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        waiting = self.answers.get(address, [])
        reply = waiting.pop(0) if waiting else "250 OK"
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        parsed = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        return "250 taken"


@contextmanager
def real_server(box: Box | None = None, **options: Any) -> Iterator[tuple[Box, int]]:
    """A running aiosmtpd server: its box and its port."""
    box, port = box or Box(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


Action = bytes | Callable[[socket.socket], None]


def silence(connection: socket.socket) -> None:
    """Says nothing until the other side has had enough."""
    connection.settimeout(20)
    with contextlib.suppress(OSError):
        while connection.recv(1024):
            pass
    raise ConnectionAbortedError


def drop(connection: socket.socket) -> None:
    raise ConnectionAbortedError


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


STAGES = {"greeting": b"220 hello", "EHLO": b"250 test", "MAIL": b"250 ok", "RCPT": b"250 ok", "DATA": b"354 go on"}


class ScriptedServer:
    """Speaks just enough SMTP; `script` replaces the answer at a stage (greeting EHLO MAIL RCPT DATA end RSET)."""

    def __init__(self, script: Mapping[str, Action]) -> None:
        self.script: dict[str, Action] = {
            **STAGES,
            "end": b"250 taken",
            "RSET": b"250 ok",
            "QUIT": b"221 bye",
            **script,
        }
        self.taken: list[bytes] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        self._act("greeting", connection)
        reader = connection.makefile("rb")
        try:
            while line := reader.readline():
                verb = line[:4].decode("ascii", "replace").upper()
                self._act(verb, connection)
                if verb == "QUIT":
                    return
                if verb == "DATA" and self._is(verb, b"354"):
                    content = b""
                    while (part := reader.readline()) not in {b".\r\n", b""}:
                        content += part
                    self.taken.append(content)
                    self._act("end", connection)
        finally:
            reader.close()

    def _is(self, stage: str, code: bytes) -> bool:
        action = self.script[stage]
        return isinstance(action, bytes) and action.startswith(code)

    def _act(self, stage: str, connection: socket.socket) -> None:
        action = self.script.get(stage, b"250 ok")
        if isinstance(action, bytes):
            connection.sendall(action + b"\r\n")
        else:
            action(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
        self._listening.close()
        self._thread.join(timeout=1)


@contextmanager
def scripted_server(script: Mapping[str, Action]) -> Iterator[ScriptedServer]:
    server = ScriptedServer(script)
    try:
        yield server
    finally:
        server.close()
