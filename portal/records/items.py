"""A student's records as items: the sealed parts of each record opened and put together, and changes sealed again.

An item is one record of a dataset (one programme, one screenshot). Its fields may be kept for different terms; each
retention class is a row of its own, and the rows of one item share `item_id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from portal.records.tables.people import Record
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded, Vault

COLUMNS = (
    Record.id,
    Record.item_id,
    Record.dataset,
    Record.retention,
    Record.sealed,
    Record.created_at,
    Record.updated_at,
)


CORRECTED = bytes(32)  # the digest of no row: the next import looks at the values one by one


@dataclass(frozen=True, slots=True)
class Part:
    """One row: the fields of an item that one retention class keeps."""

    row: UUID
    retention: str
    values: dict[str, Json]
    hidden: frozenset[str]
    imported: dict[str, Json]  # what the export said, for each field that was corrected here since

    def payload(self) -> dict[str, Json]:
        return {"values": self.values, "hidden": sorted(self.hidden), "imported": self.imported}


@dataclass(frozen=True, slots=True)
class Item:
    """One record of a student. `values` holds only what is kept: a missing field is not kept."""

    id: UUID
    student_id: UUID
    dataset: str
    parts: tuple[Part, ...]
    created_at: datetime
    updated_at: datetime
    values: dict[str, Json] = field(init=False)
    hidden: frozenset[str] = field(init=False)  # fields hidden from staff (a remark that names an illness)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", values_of(self.parts))
        object.__setattr__(self, "hidden", frozenset(code for part in self.parts for code in part.hidden))

    def part_of(self, code: str) -> Part | None:
        return next((part for part in self.parts if code in part.values), None)


def values_of(parts: Iterable[Part]) -> dict[str, Json]:
    """The fields of an item from all its parts."""
    return {code: value for part in parts for code, value in part.values.items()}


def place(row: UUID) -> Place:
    return Place("record", "sealed", row)


def open_part(vault: Vault, student_id: UUID, row: UUID, retention: str, sealed: bytes) -> Part:
    payload = vault.open(Holder.student(student_id), retention, place(row), sealed)
    return Part(row, retention, payload["values"], frozenset(payload.get("hidden", ())), payload.get("imported", {}))


def seal_part(vault: Vault, student_id: UUID, part: Part) -> bytes:
    return vault.seal(Holder.student(student_id), part.retention, place(part.row), part.payload())


def items_of(
    session: Session, vault: Vault, student_id: UUID, datasets: Iterable[str] | None = None
) -> tuple[Item, ...]:
    """The student's items in the order of their dataset; a part whose key is gone is not there any more."""
    statement = (
        select(*COLUMNS).where(Record.student_id == student_id).order_by(Record.dataset, Record.sorts, Record.id)
    )
    if datasets is not None:
        statement = statement.where(Record.dataset.in_(list(datasets)))
    return _put_together(vault, student_id, session.execute(statement).all())


def item(session: Session, vault: Vault, student_id: UUID, item_id: UUID) -> Item | None:
    """One item of this student, or None: another student's item is not found."""
    statement = select(*COLUMNS).where(Record.student_id == student_id, Record.item_id == item_id).order_by(Record.id)
    found = _put_together(vault, student_id, session.execute(statement).all())
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
    rows = session.execute(
        select(Record.student_id, *COLUMNS)
        .where(Record.student_id.in_(wanted), Record.dataset.in_(list(datasets)))
        .order_by(Record.student_id, Record.dataset, Record.sorts, Record.id)
    ).all()
    by_student: dict[UUID, list[Any]] = {}
    for row in rows:
        by_student.setdefault(row[0], []).append(tuple(row)[1:])
    together = {student_id: _put_together(vault, student_id, parts) for student_id, parts in by_student.items()}
    return {student_id: found for student_id, found in together.items() if found}


def _put_together(vault: Vault, student_id: UUID, rows: Iterable[Any]) -> tuple[Item, ...]:
    parts: dict[UUID, list[Part]] = {}
    facts: dict[UUID, tuple[str, datetime, datetime]] = {}
    for row_id, item_id, dataset, retention, sealed, created_at, updated_at in rows:
        try:
            part = open_part(vault, student_id, row_id, retention, sealed)
        except Shredded:
            continue
        parts.setdefault(item_id, []).append(part)
        facts.setdefault(item_id, (dataset, created_at, updated_at))
    return tuple(
        Item(item_id, student_id, facts[item_id][0], tuple(found), *facts[item_id][1:])
        for item_id, found in parts.items()
    )


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
        update(Record).where(Record.id == part.row).values(sealed=seal_part(vault, student_id, part), updated_at=at)
    )


def full_name(values: Mapping[str, Json]) -> str:
    """A person's name as one writes it: given names, prefix, family name."""
    return " ".join(str(values[code]) for code in ("given_names", "name_prefix", "family_name") if values.get(code))
