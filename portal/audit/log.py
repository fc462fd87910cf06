"""The audit log: each act and view in the transaction of the change, chained by hash, behind one lock.

An entry holds handles (random ids) and a salted commitment to its details; salt and details are sealed under the
subject's key. Erasing somebody leaves the chain valid and the details unreadable (ASVS 16.2, 16.4).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.records.tables.proof import Audit, AuditDetail
from portal.vault.envelope import INSTALLATION, Holder, Json, Place, canonical
from portal.vault.vault import Vault

GENESIS = bytes(32)
LOCK = 0x70_72_69_76  # the advisory lock of this log on PostgreSQL
CLASS = "audit"


@dataclass(frozen=True, slots=True)
class Entry:
    act: str
    actor_kind: str
    actor_id: UUID | None
    subject_kind: str  # student | case | staff | installation
    subject_id: UUID | None
    details: dict[str, Json] = field(default_factory=dict)

    @property
    def holder(self) -> Holder:
        if self.subject_kind in {"student", "case"} and self.subject_id is not None:
            return Holder(self.subject_kind, self.subject_id)
        return INSTALLATION


def chained(previous: bytes, seq: int, at: datetime, entry: Entry, commitment: bytes) -> bytes:
    """The digest of an entry: SHA-256 over the previous digest and the entry's canonical JSON."""
    body = canonical(
        {
            "seq": seq,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "act": entry.act,
            "actor": [entry.actor_kind, entry.actor_id.hex if entry.actor_id else None],
            "subject": [entry.subject_kind, entry.subject_id.hex if entry.subject_id else None],
            "commitment": commitment.hex(),
        }
    )
    return hashlib.sha256(previous + body).digest()


def commit_to(salt: bytes, details: dict[str, Json]) -> bytes:
    return hashlib.sha256(salt + canonical(details)).digest()


def append(session: Session, vault: Vault, at: datetime, entries: Sequence[Entry]) -> None:
    """Appends entries inside the session's transaction; call it last, since it holds the log's lock until commit.

    On SQLite the unit of work already holds the write lock (BEGIN IMMEDIATE).
    """
    if not entries:
        return
    sealed = [_sealed(vault, entry) for entry in entries]  # before the lock: sealing may write keys
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = connection.execute(select(Audit.seq, Audit.digest).order_by(Audit.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.digest) if last else (0, GENESIS)
    rows, details = [], []
    for entry, (commitment, detail) in zip(entries, sealed, strict=True):
        seq += 1
        digest = chained(previous, seq, at, entry, commitment)
        rows.append(
            {
                "seq": seq,
                "at": at,
                "act": entry.act,
                "actor_kind": entry.actor_kind,
                "actor_id": entry.actor_id,
                "subject_kind": entry.subject_kind,
                "subject_id": entry.subject_id,
                "commitment": commitment,
                "previous": previous,
                "digest": digest,
            }
        )
        details.append({**detail, "seq": seq})
        previous = digest
    connection.execute(insert(Audit), rows)
    connection.execute(insert(AuditDetail), details)


def _sealed(vault: Vault, entry: Entry) -> tuple[bytes, dict[str, object]]:
    salt = os.urandom(16)
    row = uuid7()
    blob = vault.seal(
        entry.holder,
        CLASS,
        Place("audit_detail", "sealed", row),
        {"salt": salt.hex(), "details": entry.details},
    )
    return commit_to(salt, entry.details), {
        "id": row,
        "holder_kind": entry.holder.kind,
        "holder_id": entry.holder.id,
        "sealed": blob,
    }


def verify_chain(session: Session) -> tuple[int, int | None]:
    """How many entries the log holds, and the first number at which the chain breaks (None: it is whole)."""
    previous, count = GENESIS, 0
    statement = select(Audit.__table__).order_by(Audit.seq).execution_options(yield_per=1000)
    with session.execute(statement) as rows:
        for row in rows:
            count += 1
            entry = Entry(row.act, row.actor_kind, row.actor_id, row.subject_kind, row.subject_id)
            expected = chained(previous, count, row.at, entry, row.commitment)
            if row.seq != count or row.previous != previous or row.digest != expected:
                return count, row.seq
            previous = row.digest
    return count, None
