"""What a student's records come to, told by the database without opening one: for an erasure of thousands of them."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, not_, select
from sqlalchemy.orm import Session

from portal.records.items import UNTOLD
from portal.records.packed import packed
from portal.records.tables.people import Record

OF_STUDENT = (
    select(
        Record.retention,
        packed(Record.item_id),
        func.sum(Record.value_count).filter(not_(UNTOLD)),
        packed(Record.natural_key),
    )
    .where(Record.student_id == bindparam("student"))
    .group_by(Record.retention)
)


class Tally(NamedTuple):
    """Ids and natural keys one after the other, those of an item once for each class that it stands in. `values` is
    without those of `items.untold_of`."""

    classes: frozenset[str] = frozenset()
    items: bytes = b""
    values: int = 0
    natural_keys: bytes = b""


def of_student(session: Session, student_id: UUID) -> Tally:
    found = session.connection().execute(OF_STUDENT, {"student": student_id}).all()
    if not found:
        return Tally()
    classes, items, values, natural_keys = zip(*found, strict=True)
    return Tally(frozenset(classes), b"".join(items), sum(count or 0 for count in values), b"".join(natural_keys))


def ids_of(session: Session, student_id: UUID, retention: str, which: Any) -> bytes:
    """The ids in that column of the rows of one class, one after the other."""
    statement = select(packed(which)).where(Record.student_id == student_id, Record.retention == retention)
    found: bytes = session.connection().execute(statement).scalar_one()
    return found
