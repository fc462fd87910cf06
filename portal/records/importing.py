"""Writing an import in batches: which students and records are there, what is new, what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.records.tables.people import Branch, Record, Student, Tombstone

CHUNK = 400  # values a statement, below SQLite's limit


@dataclass(frozen=True, slots=True)
class Known:
    """A row that is there already."""

    id: UUID
    item_id: UUID
    import_digest: bytes
    sealed: bytes


T = TypeVar("T")
RecordKey = tuple[UUID, str, str, bytes]  # student, dataset, retention class, natural key


def chunks(values: Collection[T]) -> Iterable[list[T]]:
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def branches(session: Session) -> dict[str, UUID]:
    return {row.code: row.id for row in session.execute(select(Branch.code, Branch.id))}


def living(session: Session, student_ids: Collection[UUID]) -> set[UUID]:
    """Those of these ids that are students and not erased."""
    found: set[UUID] = set()
    for part in chunks(student_ids):
        found.update(
            session.execute(
                select(Student.id)
                .where(Student.id.in_(part), Student.state == "active")
                .order_by(Student.id)
                .with_for_update()  # an erasure that runs meanwhile waits for the import, or the import for it
            ).scalars()
        )
    return found


def known_records(
    session: Session, dataset: str, student_ids: Collection[UUID], natural_keys: Collection[bytes]
) -> dict[RecordKey, Known]:
    """The rows of a dataset that carry one of these natural keys."""
    found: dict[RecordKey, Known] = {}
    wanted = set(natural_keys)
    for part in chunks(list(dict.fromkeys(student_ids))):
        rows = session.execute(
            select(
                Record.student_id,
                Record.retention,
                Record.natural_key,
                Record.id,
                Record.item_id,
                Record.import_digest,
                Record.sealed,
            ).where(Record.student_id.in_(part), Record.dataset == dataset)
        )
        for student_id, retention, natural_key, id, item_id, digest, sealed in rows:
            if natural_key in wanted:
                found[student_id, dataset, retention, natural_key] = Known(id, item_id, digest, sealed)
    return found


def entombed(session: Session, digests: Collection[bytes]) -> set[bytes]:
    """Those digests that were erased."""
    found: set[bytes] = set()
    for part in chunks(list(dict.fromkeys(digests))):
        found.update(session.execute(select(Tombstone.digest).where(Tombstone.digest.in_(part))).scalars())
    return found


def any_entombed(session: Session, kind: str) -> bool:
    return session.execute(select(Tombstone.digest).where(Tombstone.kind == kind).limit(1)).first() is not None


def set_ends(session: Session, ends: dict[UUID, date | None]) -> None:
    """Stores the end of each student's last programme, where it changed."""
    for part in chunks(list(ends)):
        rows = session.execute(select(Student.id, Student.last_programme_ended).where(Student.id.in_(part)))
        for student_id, stored in rows.all():
            if stored != ends[student_id]:
                session.execute(
                    update(Student).where(Student.id == student_id).values(last_programme_ended=ends[student_id])
                )
