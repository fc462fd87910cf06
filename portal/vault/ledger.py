"""The erasure ledger: an append-only file outside both databases, so that no restored backup forgets an erasure.

One line an erasure: its random number and kind in clear, the rest sealed under the key-encryption key, and the hash of
the line before. A line holds random ids, names of fields and keyed hashes, no value and no person; without the
key-encryption key not even those. A line that was cut short by a crash is put aside when the next one is written.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from portal.vault.envelope import Json, canonical
from portal.vault.master import MasterKey

GENESIS = "0" * 64


class BadLedger(Exception):
    """The ledger was changed, or its key is gone; the message says at which line."""


@dataclass(frozen=True, slots=True)
class Line:
    """An erasure: its number, its kind, and what to do again after a restore."""

    id: UUID
    kind: str
    body: dict[str, Json]


class Ledger:
    """The file at `path`; it need not exist yet."""

    def __init__(self, path: Path, master: MasterKey) -> None:
        self.path, self._master = path, master

    def append(self, line: Line) -> bool:
        """Adds the line and waits until the disk has it; False when its number is there already."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked("a+b") as file:
            known = list(_whole_lines(file))
            if any(text.startswith(_beginning(line.id)) for text in known):
                return False
            _put_aside_the_rest(file, known)
            file.write(self._sealed(line, _digest(known[-1]) if known else GENESIS))
            file.flush()
            os.fsync(file.fileno())
        return True

    def ids(self) -> dict[UUID, str]:
        """The numbers with their kind, in order, without opening a line."""
        return {UUID(kept["id"]): str(kept["kind"]) for kept in map(json.loads, self._texts())}

    def lines(self) -> list[Line]:
        """Every line, opened. Raises BadLedger when one was changed, left out or does not open."""
        found, previous = [], GENESIS
        for number, text in enumerate(self._texts(), 1):
            try:
                kept = json.loads(text)
                if kept["previous"] != previous:
                    raise BadLedger(f"line {number} does not follow the one before it")
                sealed = base64.b64decode(kept["sealed"], validate=True)
                body = json.loads(self._master.open(kept["key"], sealed, _bound(kept["id"], kept["kind"], previous)))
            except (KeyError, ValueError, binascii.Error) as error:
                raise BadLedger(f"line {number} is not a line of the ledger") from error
            found.append(Line(UUID(kept["id"]), kept["kind"], body))
            previous = _digest(text)
        return found

    def seal_anew(self) -> int:
        """Seals every line under the current key-encryption key, before an older one is retired; how many there are."""
        if not self.path.exists():
            return 0
        with self._locked("a+b"):
            lines = self.lines()
            fresh, previous = self.path.with_suffix(".new"), GENESIS
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                for line in lines:
                    text = self._sealed(line, previous)
                    out.write(text)
                    previous = _digest(text)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self.path)
        return len(lines)

    def _sealed(self, line: Line, previous: str) -> bytes:
        key, sealed = self._master.seal(canonical(line.body), _bound(line.id.hex, line.kind, previous))
        text = base64.b64encode(sealed).decode("ascii")
        kept = {"id": line.id.hex, "kind": line.kind, "key": key, "previous": previous, "sealed": text}
        return canonical(kept) + b"\n"

    def _texts(self) -> list[bytes]:
        try:
            with self.path.open("rb") as file:
                return list(_whole_lines(file))
        except FileNotFoundError:
            return []

    @contextmanager
    def _locked(self, mode: str) -> Iterator[IO[bytes]]:
        """The file, ours alone: one that was replaced while we waited for it is opened again."""
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, mode) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file.fileno()).st_ino != self.path.stat().st_ino:
                    continue
                yield file
                return


def _bound(id_hex: str, kind: str, previous: str) -> bytes:
    return f"erasure-ledger|{id_hex}|{kind}|{previous}".encode()


def _beginning(line_id: UUID) -> bytes:
    """How the line of this number begins: a line may have hundreds of kilobytes, too much to parse each time."""
    return canonical({"id": line_id.hex})[:-1]


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    for text in file:
        if text.endswith(b"\n") and text.strip():
            yield text


def _put_aside_the_rest(file: IO[bytes], whole: list[bytes]) -> None:
    """Ends a line that a crash cut short: it was never acted on, since the file is written before anything goes."""
    size = sum(len(text) for text in whole)
    if os.fstat(file.fileno()).st_size > size:
        file.truncate(size)
