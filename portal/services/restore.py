"""Put a backup back. What was erased since then comes back with it for a moment: until `erasures replay` has done
those erasures again, the portal serves nobody (security.md, "The vault").
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import func, select

from portal.records.db import db
from portal.records.migrating import upgrade
from portal.records.snapshot import NotLoaded, is_empty, load_postgres, load_sqlite, revision_of
from portal.records.tables.people import Student
from portal.services import erasure_ledger, standing
from portal.services.backup import KEYS, MAIN, NAME, label_of
from portal.vault.sealed_box import BadRecoveryKey, NotOpened, opened, read_private

__all__ = ["BadRecoveryKey", "NotOpened", "NotRestored", "Restored", "restore", "stamps"]


class NotRestored(Exception):
    """Nothing was put back; `code` for scripts, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Restored:
    stamp: str
    lines: tuple[str, ...]


def stamps(folder: Path, line: str) -> list[str]:
    """The moments of the backups of a line, oldest first."""
    found = (NAME.fullmatch(path.name) for path in folder.glob(f"{line}-*.sealed"))
    return sorted(match[2] for match in found if match)


def restore(
    folder: Path,
    private_key: str,
    stamp: str | None = None,
    only: str | None = None,
    replace: bool = False,
    keys_folder: Path | None = None,
) -> Restored:
    """Puts the newest backup back, or the one of that moment; both lines, or one of them.

    Every stream is checked to its end before a database is touched. Raises BadRecoveryKey, NotOpened, NotRestored.
    """
    key = read_private(private_key)
    folders = {MAIN: folder, KEYS: keys_folder or folder / KEYS}
    lines = (only,) if only else (KEYS, MAIN)
    moment = stamp or max(stamps(folders[lines[-1]], lines[-1]), default="")
    files = {line: folders[line] / f"{line}-{moment}.sealed" for line in lines}
    for line, file in files.items():
        if not file.is_file():
            raise NotRestored(
                "no_backup", f"there is no backup of the {line} of {moment or 'any moment'} in {file.parent}"
            )
        _check(line, moment, file, key)
    if not replace and _holds_people():
        raise NotRestored("not_empty", "these databases hold students: say --replace to put the backup in their place")
    standing.mark_restored(moment)  # first: whatever happens from here on, nobody is served before the replay
    for line, file in files.items():
        _put_back(line, moment, file, key)
    upgrade()
    return Restored(moment, lines)


def _check(line: str, stamp: str, file: Path, key: X25519PrivateKey) -> None:
    engine = db.engines[None if line == MAIN else KEYS]
    with file.open("rb") as source:
        head, rest = _read(opened(source, key, label_of(line, stamp)))
        for _ in rest:
            pass
    if head["engine"] != engine.dialect.name:
        raise NotRestored("other_engine", f"the backup is of {head['engine']}, this database is {engine.dialect.name}")
    if engine.dialect.name != "sqlite" and not is_empty(engine) and revision_of(engine) != head["revision"]:
        raise NotRestored(
            "other_migration",
            f"the backup is of migration {head['revision']}: give it an empty database, or `db upgrade` to that one",
        )


def _put_back(line: str, stamp: str, file: Path, key: X25519PrivateKey) -> None:
    bind = None if line == MAIN else KEYS
    engine = db.engines[bind]
    db.session.remove()
    with file.open("rb") as source:
        head, chunks = _read(opened(source, key, label_of(line, stamp)))
        if line == MAIN and head.get("ledger"):
            erasure_ledger.take_over(str(head["ledger"]))
        try:
            if engine.dialect.name == "sqlite":
                load_sqlite(engine, chunks)
                return
            if is_empty(engine):
                upgrade(revision=head["revision"])
            load_postgres(engine, db.metadatas[bind], chunks)
        except NotLoaded as error:
            raise NotRestored("not_loaded", str(error)) from error


def _read(chunks: Iterator[bytes]) -> tuple[dict[str, Any], Iterator[bytes]]:
    """What stands at the head of a backup, and the rest of it."""
    held = b""
    for chunk in chunks:
        held += chunk
        head, line_end, rest = held.partition(b"\n")
        if line_end:
            return json.loads(head), itertools.chain([rest], chunks)
    raise NotOpened("is no backup")


def _holds_people() -> bool:
    if is_empty(db.engines[None]):
        return False
    count = db.session.execute(select(func.count()).select_from(Student)).scalar_one()
    db.session.rollback()
    return bool(count)
