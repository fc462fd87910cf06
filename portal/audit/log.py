"""The audit log: each act and view in the transaction of the change, chained by hash, behind one lock.

An entry holds handles (random ids) and a salted commitment to its details; salt and details are sealed under the
subject's key. Erasing somebody leaves the chain valid and the details unreadable (ASVS 16.2, 16.4).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Row,
    bindparam,
    column,
    func,
    insert,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE
from uuid_utils.compat import uuid7

from portal.audit.verifier import GENESIS, commitment, entry_digest, moment, verify
from portal.records.tables.proof import Audit, AuditDetail
from portal.records.written_last import Written, before, write_each
from portal.vault.envelope import INSTALLATION, Holder, Json, Place, Tampered
from portal.vault.many import Id
from portal.vault.vault import Shredded, Vault

LOCK = 0x70_72_69_76  # the advisory lock of this log on PostgreSQL
CLASS = "audit"

LAST = select(Audit.seq, Audit.digest).order_by(Audit.seq.desc()).limit(1)
EVERY = select(  # ids as the database gives them: they are only told
    *(Audit.seq, Audit.at, Audit.act),
    *(Audit.actor_kind, type_coerce(Audit.actor_id, NULLTYPE).label("actor_id")),
    *(Audit.subject_kind, type_coerce(Audit.subject_id, NULLTYPE).label("subject_id")),
    *(Audit.commitment, Audit.previous, Audit.digest),
).order_by(Audit.seq)
# PostgreSQL waits for the log's lock and reads the last entry then, in one function (migration 0026).
WAITED = func.audit_last(bindparam("lock", type_=BigInteger)).table_valued(
    column("last_seq", BigInteger), column("last_digest", LargeBinary)
)
WAIT = select(WAITED.c.last_seq.label("seq"), WAITED.c.last_digest.label("digest"))
ADD, ADD_DETAIL = insert(Audit), insert(AuditDetail)
DETAIL = "detail_"  # before the names of the one's values, where an entry and its details go in one statement
ADD_BOTH = (
    insert(AuditDetail)
    .values({each.name: bindparam(f"{DETAIL}{each.name}") for each in AuditDetail.__table__.c})
    .add_cte(insert(Audit).values({each.name: bindparam(each.name) for each in Audit.__table__.c}).cte("entry"))
)


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


def as_line(
    seq: int,
    at: datetime,
    act: str,
    actor_kind: str,
    actor_id: Id | None,
    subject_kind: str,
    subject_id: Id | None,
    committed: bytes,
) -> dict[str, Any]:
    """What the digest of an entry covers, and what an export tells of it."""
    return {
        "seq": seq,
        "at": moment(at),
        "act": act,
        "actor": [actor_kind, _hex(actor_id)],
        "subject": [subject_kind, _hex(subject_id)],
        "commitment": committed.hex(),
    }


def _hex(found: Id | None) -> str | None:
    return found.hex if isinstance(found, UUID) else found


def chained(previous: bytes, seq: int, at: datetime, entry: Entry, committed: bytes) -> bytes:
    """The digest of an entry, over the previous digest and all that it says."""
    actor, subject = (entry.actor_kind, entry.actor_id), (entry.subject_kind, entry.subject_id)
    return entry_digest(previous, as_line(seq, at, entry.act, *actor, *subject, committed))


def commit_to(salt: bytes, details: dict[str, Json]) -> bytes:
    return commitment(salt, details)


def head(session: Session) -> tuple[int, bytes]:
    """The last number and digest; (0, GENESIS) while the log is empty."""
    return _head(session.connection())


def _head(connection: Connection) -> tuple[int, bytes]:
    return _said(connection.execute(LAST).first())


def _said(last: Row[int, bytes] | None) -> tuple[int, bytes]:
    """Of an empty log the function of PostgreSQL says NULL."""
    return (last.seq, last.digest) if last and last.seq else (0, GENESIS)


def in_header(head_: tuple[int, bytes]) -> str:
    """A head as the header of a mail carries it; "" while the log is empty."""
    seq, digest = head_
    return f"{seq} {digest.hex()}" if seq else ""


def append(
    session: Session, vault: Vault, at: datetime, entries: Sequence[Entry], beside: Sequence[Written] = ()
) -> None:
    """Appends entries inside the session's transaction; call it last, since it holds the log's lock until commit.

    `beside`: what is written with them, without a way to the database of its own.
    On SQLite the unit of work already holds the write lock (BEGIN IMMEDIATE).
    """
    sealed = [_sealed(vault, entry) for entry in entries]  # before the lock: sealing may write keys
    connection = session.connection()
    locks = bool(entries) and connection.dialect.name == "postgresql"
    if not locks:
        write_each(connection, beside)
    if not entries:
        return
    seq, previous = _head_with_lock(connection, beside) if locks else _head(connection)
    rows, details = [], []
    for entry, (committed, detail) in zip(entries, sealed, strict=True):
        seq += 1
        digest = chained(previous, seq, at, entry, committed)
        rows.append(
            {
                "seq": seq,
                "at": at,
                "act": entry.act,
                "actor_kind": entry.actor_kind,
                "actor_id": entry.actor_id,
                "subject_kind": entry.subject_kind,
                "subject_id": entry.subject_id,
                "commitment": committed,
                "previous": previous,
                "digest": digest,
            }
        )
        details.append({**detail, "seq": seq})
        previous = digest
    if len(rows) == 1 and connection.dialect.name == "postgresql":
        connection.execute(ADD_BOTH, rows[0] | {f"{DETAIL}{name}": value for name, value in details[0].items()})
    else:
        connection.execute(ADD, rows)
        connection.execute(ADD_DETAIL, details)


def _head_with_lock(connection: Connection, beside: Sequence[Written] = ()) -> tuple[int, bytes]:
    """Waits for the log's lock, in the statement that writes `beside` where there is any."""
    statement, values = before(WAIT, beside) if beside else (WAIT, {})
    return _said(connection.execute(statement, {**values, "lock": LOCK}).first())


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


def lines(session: Session) -> Iterator[dict[str, Any]]:
    """The entries as an export tells them, in order, read as they are asked for."""
    with session.connection().execute(EVERY, execution_options={"yield_per": 1000}) as rows:
        for *said, previous, digest in rows:
            yield as_line(*said) | {"previous": previous.hex(), "digest": digest.hex()}


def verify_chain(session: Session) -> tuple[int, int | None]:
    """How many entries fit, and the first number at which the chain breaks (None: it is whole)."""
    report = verify(lines(session))
    return report.entries, report.broken_at


def misfit_details(session: Session, vault: Vault) -> tuple[int, int, list[int]]:
    """How many details open, how many are gone with their key, and the entries that do not commit to their details.

    An entry whose details are not there at all counts as gone: they are deleted with their subject.
    """
    opened, gone, wrong = 0, 0, []
    statement = (
        select(Audit.seq, Audit.commitment, AuditDetail.__table__)
        .join_from(Audit, AuditDetail, AuditDetail.seq == Audit.seq, isouter=True)
        .order_by(Audit.seq)
        .execution_options(yield_per=1000)
    )
    with session.execute(statement) as rows:
        for seq, committed, detail_id, _, holder_kind, holder_id, sealed in rows:
            if detail_id is None:
                gone += 1
                continue
            place = Place("audit_detail", "sealed", detail_id)
            try:
                found = vault.open(Holder(holder_kind, holder_id), CLASS, place, sealed)
            except Shredded:
                gone += 1
                continue
            except Tampered:
                wrong.append(seq)
                continue
            opened += 1
            if commit_to(bytes.fromhex(found["salt"]), found["details"]) != committed:
                wrong.append(seq)
    return opened, gone, wrong
