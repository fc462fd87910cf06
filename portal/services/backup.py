"""Back up both databases as they are at one moment, sealed to a recovery key that the portal does not have.

The records and files go to one line of backups, the keys to another that is kept for at most seven days: an erasure is
final when the keys' backups from before it are gone (security.md, "The vault"). The key-encryption key is in neither.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from portal.audit.log import LOCK
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.records.db import db
from portal.records.snapshot import Source, consistent, revision_of
from portal.services import erasure_ledger
from portal.services.unit import writing
from portal.vault.sealed_box import BadRecoveryKey, Sealing, new_recovery_key, read_public, write_private

__all__ = ["BackedUp", "BadRecoveryKey", "back_up", "make_recovery_key"]

KEYS_KEPT = timedelta(days=7)
MAIN, KEYS = "main", "keys"
STAMP = "%Y%m%dT%H%M%SZ"
NAME = re.compile(r"(main|keys)-(\d{8}T\d{6}Z)\.sealed")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """`bytes` by line; `ended` are the keys' backups whose seven days were over."""

    stamp: str
    main: Path
    keys: Path
    bytes: dict[str, int]
    ended: tuple[str, ...]


def make_recovery_key(path: Path) -> str:
    """Writes the private half to a new file and returns the public one."""
    private, public = new_recovery_key()
    write_private(path, private)
    return public


def back_up(clock: Clock, folder: Path, recovery_key: str, keys_folder: Path | None = None) -> BackedUp:
    """Writes one backup of each line. Raises BadRecoveryKey."""
    recipient = read_public(recovery_key)
    keys_line = keys_folder or folder / KEYS
    for each in (folder, keys_line):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    with writing(SYSTEM, clock) as work:
        stamp = work.now.astimezone(UTC).strftime(STAMP)
        work.note("back_up", "installation", None, stamp=stamp)
    metadatas = db.metadatas[None], db.metadatas[KEYS]
    with consistent(db.engines[None], db.engines[KEYS], metadatas, LOCK) as (main, keys):
        files = {
            MAIN: _write(folder, MAIN, stamp, main, recipient),
            KEYS: _write(keys_line, KEYS, stamp, keys, recipient),
        }
    ended = tuple(end_old_keys(clock, keys_line))
    return BackedUp(stamp, files[MAIN], files[KEYS], {line: file.stat().st_size for line, file in files.items()}, ended)


def _write(folder: Path, line: str, stamp: str, source: Source, recipient: X25519PublicKey) -> Path:
    """One sealed file; it has its name only when it is whole and on the disk."""
    path = folder / f"{line}-{stamp}.sealed"
    part = path.with_suffix(".part")
    engine = db.engines[None if line == MAIN else KEYS]
    head = {"line": line, "stamp": stamp, "engine": engine.dialect.name, "revision": revision_of(engine)}
    if line == MAIN:
        head["ledger"] = _ledger()
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with Sealing(out, recipient, label_of(line, stamp)) as sealing:
                sealing.write(json.dumps(head).encode() + b"\n")
                for chunk in source.chunks(folder):
                    sealing.write(chunk)
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _ledger() -> str:
    """A copy of the erasure ledger, for a machine that lost its own; a restore never puts it over one that is there."""
    path = erasure_ledger.path()
    return path.read_text(encoding="ascii") if path.exists() else ""


def label_of(line: str, stamp: str) -> str:
    return f"{line}-{stamp}"


def end_old_keys(clock: Clock, folder: Path) -> Iterator[str]:
    """Deletes the keys' backups that are older than seven days; their names."""
    for path in sorted(folder.glob("keys-*.sealed")):
        found = NAME.fullmatch(path.name)
        if found and clock.now() - _moment(found[2]) > KEYS_KEPT:
            path.unlink()
            yield path.name


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
