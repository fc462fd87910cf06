"""A student's records as items: the sealed parts of each record opened and put together, and changes sealed again.

An item is one record of a dataset (one programme, one screenshot). Its fields may be kept for different terms; each
retention class is a row of its own, and the rows of one item share `item_id`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, or_, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import NULLTYPE

from portal.records.tables.people import Record, Student
from portal.vault.envelope import Holder, Json, Place
from portal.vault.many import Id, Sealed
from portal.vault.uuids import from_hex
from portal.vault.vault import Vault

COLUMNS = (
    Record.id,
    Record.item_id,
    Record.dataset,
    Record.retention,
    Record.sealed,
    Record.created_at,
)
IN_ORDER = (Record.dataset, Record.sorts, Record.id)

# Asked by nearly every page, so put together once.
OF_STUDENT = select(*COLUMNS).where(Record.student_id == bindparam("student")).order_by(*IN_ORDER)
OF_DATASETS = OF_STUDENT.where(Record.dataset.in_(bindparam("datasets", expanding=True)))
# Ids as the database gives them: to make each of a page's hundred a UUID is a tenth of its time.
_record = Record.__table__.c
KEPT = (
    select(
        type_coerce(_record.id, NULLTYPE),
        type_coerce(_record.item_id, NULLTYPE),
        _record.dataset,
        _record.retention,
        _record.sealed,
    )
    .where(_record.student_id == bindparam("student"))
    .order_by(_record.dataset, _record.sorts, _record.id)
)
# Who it all is about, and rows from before they said how many values they hold.
UNTOLD = or_(Record.dataset == "person", Record.value_count.is_(None))
OF_UNTOLD = OF_STUDENT.where(UNTOLD)
ONE = (
    select(*COLUMNS)
    .where(Record.student_id == bindparam("student"), Record.item_id == bindparam("item"))
    .order_by(Record.id)
)
OF_MANY = (
    select(Record.student_id, *COLUMNS)
    .where(
        Record.student_id.in_(bindparam("students", expanding=True)),
        Record.dataset.in_(bindparam("datasets", expanding=True)),
    )
    .order_by(Record.student_id, *IN_ORDER)
)

FILED = (
    select(Student.branch_id, Student.has_email, *COLUMNS)
    .outerjoin_from(Student, Record, and_(Record.student_id == Student.id, Record.dataset == "person"))
    .where(Student.id == bindparam("student"))
    .order_by(*IN_ORDER)
)

NAME = ("given_names", "name_prefix", "family_name")
SEALED = ("record", "sealed")  # table and column
CORRECTED = bytes(32)  # the digest of no row: the next import looks at the values one by one


class Part(NamedTuple):
    """One row: the fields of an item that one retention class keeps."""

    row: UUID
    retention: str
    values: dict[str, Json]
    hidden: frozenset[str]
    imported: dict[str, Json]  # what the export said, for each field that was corrected here since

    def payload(self) -> dict[str, Json]:
        return payload(self.values, self.hidden, self.imported)


class Item(NamedTuple):
    """One record of a student. `values` holds only what is kept: a missing field is not kept."""

    id: UUID
    student_id: UUID
    dataset: str
    parts: tuple[Part, ...]
    created_at: datetime
    values: dict[str, Json]
    hidden: frozenset[str]  # fields hidden from staff (a remark that names an illness)

    def part_of(self, code: str) -> Part | None:
        return next((part for part in self.parts if code in part.values), None)


class Filed(NamedTuple):
    """A student as asked for together with the `person` item."""

    id: UUID
    branch_id: UUID
    has_email: bool
    person: Item | None


Kept = dict[Id, dict[str, Json]]  # the values of records, by the record's id as the database gives it


def payload(values: dict[str, Json], hidden: frozenset[str], imported: dict[str, Json]) -> dict[str, Json]:
    """What is sealed of a part."""
    return {"values": values, "hidden": sorted(hidden), "imported": imported}


def place(row: UUID) -> Place:
    return Place(*SEALED, row)


def open_part(vault: Vault, student_id: UUID, row: UUID, retention: str, sealed: bytes) -> Part:
    return _part(row, retention, vault.open(Holder.student(student_id), retention, place(row), sealed))


def _part(row: UUID, retention: str, payload: dict[str, Json]) -> Part:
    return Part(row, retention, payload["values"], frozenset(payload.get("hidden", ())), payload.get("imported", {}))


def seal_part(vault: Vault, student_id: UUID, part: Part) -> bytes:
    return vault.seal(Holder.student(student_id), part.retention, place(part.row), part.payload())


def items_of(
    session: Session, vault: Vault, student_id: UUID, datasets: Iterable[str] | None = None
) -> tuple[Item, ...]:
    """The student's items in the order of their dataset; a part whose key is gone is not there any more."""
    asked: dict[str, Any] = {"student": student_id}
    if datasets is not None:
        asked["datasets"] = list(datasets)
    statement = OF_STUDENT if datasets is None else OF_DATASETS
    return _put_together(vault, student_id, session.connection().execute(statement, asked).all())


def untold_of(session: Session, vault: Vault, student_id: UUID) -> tuple[Item, ...]:
    """What an erasure has to open, as items of these parts alone."""
    return _put_together(vault, student_id, session.connection().execute(OF_UNTOLD, {"student": student_id}).all())


def kept_of(session: Session, vault: Vault, student_id: UUID) -> dict[str, Kept]:
    """`items_of` for a page that shows much and changes nothing: by data set, in their order, no more than values."""
    rows: Sequence[Any] = session.connection().execute(KEPT, {"student": student_id}).all()
    opened = vault.open_rows(Holder.student(student_id), *SEALED, [(row[0], row[3], row[4]) for row in rows])
    found: dict[str, Kept] = {}
    for (_row, key, dataset, _retention, _blob), payload in zip(rows, opened, strict=True):
        if payload is None:
            continue
        if dataset not in found:
            found[dataset] = {}
        held = found[dataset]
        held[key] = held[key] | payload["values"] if key in held else payload["values"]
    return found


def id_of(key: Id) -> UUID:
    return from_hex(key) if isinstance(key, str) else key


def item(session: Session, vault: Vault, student_id: UUID, item_id: UUID) -> Item | None:
    """One item of this student, or None: another student's item is not found."""
    rows = session.connection().execute(ONE, {"student": student_id, "item": item_id}).all()
    found = _put_together(vault, student_id, rows)
    return found[0] if found else None


def persons(session: Session, vault: Vault, student_ids: Iterable[UUID]) -> dict[UUID, Item]:
    """The `person` item of many students, with two statements: for lists that show names."""
    found = items_of_many(session, vault, student_ids, ["person"])
    return {student_id: together[0] for student_id, together in found.items()}


def items_of_many(
    session: Session, vault: Vault, student_ids: Iterable[UUID], datasets: Iterable[str]
) -> dict[UUID, tuple[Item, ...]]:
    """The items of these datasets of many students, with two statements; whoever has none is left out."""
    wanted = list(dict.fromkeys(student_ids))
    if not wanted:
        return {}
    vault.preload(Holder.student(student_id) for student_id in wanted)
    rows = session.connection().execute(OF_MANY, {"students": wanted, "datasets": list(datasets)})
    by_student: dict[UUID, list[Any]] = {}
    for student_id, *row in rows:
        by_student.setdefault(student_id, []).append(row)
    together = {student_id: _put_together(vault, student_id, parts) for student_id, parts in by_student.items()}
    return {student_id: found for student_id, found in together.items() if found}


def filed(session: Session, vault: Vault, student_id: UUID) -> Filed | None:
    """A student with the `person` item, in one statement."""
    rows = session.connection().execute(FILED, {"student": student_id}).all()
    if not rows:
        return None
    branch_id, has_email, *_ = rows[0]
    found = _put_together(vault, student_id, [parts for _, _, *parts in rows if parts[0] is not None])
    return Filed(student_id, branch_id, has_email, found[0] if found else None)


def _put_together(vault: Vault, student_id: UUID, rows: Sequence[Any]) -> tuple[Item, ...]:
    found: dict[UUID, Item] = {}
    sealed = ((row_id, retention, blob) for row_id, _item, _dataset, retention, blob, _at in rows)
    opened = vault.open_rows(Holder.student(student_id), *SEALED, sealed)
    for (row_id, item_id, dataset, retention, _blob, created_at), payload in zip(rows, opened, strict=True):
        if payload is None:
            continue
        part = _part(row_id, retention, payload)
        if (held := found.get(item_id)) is None:
            found[item_id] = Item(item_id, student_id, dataset, (part,), created_at, part.values, part.hidden)
        else:
            values, hidden = held.values | part.values, held.hidden | part.hidden
            found[item_id] = held._replace(parts=(*held.parts, part), values=values, hidden=hidden)
    return tuple(found.values())


def change_value(
    session: Session, vault: Vault, held: Item, code: str, value: Json, retention: str, at: datetime
) -> None:
    """Writes a corrected value and keeps what the import said, so that the next one does not undo it silently."""
    part = held.part_of(code) or next((part for part in held.parts if part.retention == retention), None)
    if part is None:
        raise LookupError(f"no part of the item keeps {code}")
    imported = {**part.imported, code: part.imported.get(code, part.values.get(code))}
    changed = Part(part.row, part.retention, {**part.values, code: value}, part.hidden - {code}, imported)
    _store(session, vault, held.student_id, changed, at)
    session.execute(update(Record).where(Record.id == part.row).values(import_digest=CORRECTED))


def take_value(
    session: Session, vault: Vault, held: Item, code: str, value: Json, retention: str, at: datetime
) -> None:
    """Writes what an import says after all, as if it had never been corrected here; None takes the value out."""
    part = held.part_of(code) or next((part for part in held.parts if part.retention == retention), None)
    if part is None:
        raise LookupError(f"no part of the item keeps {code}")
    values = {**part.values, code: value} if value is not None else _without(part.values, code)
    changed = Part(part.row, part.retention, values, part.hidden - {code}, _without(part.imported, code))
    _store(session, vault, held.student_id, changed, at)
    session.execute(update(Record).where(Record.id == part.row).values(import_digest=CORRECTED))


def _without(values: Mapping[str, Json], code: str) -> dict[str, Json]:
    return {name: value for name, value in values.items() if name != code}


def remove_fields(session: Session, vault: Vault, held: Item, codes: Iterable[str], at: datetime) -> None:
    """Takes fields out of an item; a part that is left empty goes as a row."""
    gone = set(codes)
    for part in held.parts:
        if not gone & set(part.values):
            continue
        values = {code: value for code, value in part.values.items() if code not in gone}
        if not values:
            session.execute(delete(Record).where(Record.id == part.row))
            continue
        imported = {code: value for code, value in part.imported.items() if code not in gone}
        _store(
            session, vault, held.student_id, Part(part.row, part.retention, values, part.hidden - gone, imported), at
        )


def remove_item(session: Session, held: Item) -> None:
    session.execute(delete(Record).where(Record.id.in_([part.row for part in held.parts])))


def reseal_class(session: Session, vault: Vault, student_id: UUID, retention: str) -> None:
    """Seals what remains of a class under a new key, so that older copies of removed items open no more.

    The old keys are destroyed by the caller, after commit: `vault.destroy_older`.
    """
    rows = session.execute(
        select(Record.id, Record.sealed).where(Record.student_id == student_id, Record.retention == retention)
    ).all()
    opened = [open_part(vault, student_id, row, retention, sealed) for row, sealed in rows]
    vault.begin_new_version(Holder.student(student_id), retention)
    for part in opened:
        session.execute(update(Record).where(Record.id == part.row).values(sealed=seal_part(vault, student_id, part)))


def _store(session: Session, vault: Vault, student_id: UUID, part: Part, at: datetime) -> None:
    session.execute(
        update(Record)
        .where(Record.id == part.row)
        .values(sealed=seal_part(vault, student_id, part), value_count=len(part.values), updated_at=at)
    )


def values_of(vault: Vault, student_id: UUID, parts: Iterable[tuple[UUID | str, str, bytes]]) -> dict[str, Json]:
    """What the parts of a record say together, each (row, retention class, sealed); nothing when its keys are gone."""
    values: dict[str, Json] = {}
    for payload in vault.open_rows(Holder.student(student_id), *SEALED, parts):
        if payload is not None:
            values = {**payload["values"], **values}
    return values


def names_of(parts: Collection[Sealed], opened: Collection[Json]) -> dict[Id, str]:
    """The names of students from the parts of their `person` records, sealed and opened; who has no key any more is
    left out."""
    values: dict[Id, dict[str, Json]] = {}
    for (student, *_), payload in zip(parts, opened, strict=True):
        if payload is not None:
            values[student] = payload["values"] | values[student] if student in values else payload["values"]
    return {student: full_name(each) for student, each in values.items()}


def full_name(values: Mapping[str, Json]) -> str:
    """A person's name as one writes it: given names, prefix, family name."""
    return " ".join(map(str, filter(None, map(values.get, NAME))))
