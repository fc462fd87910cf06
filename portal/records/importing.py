"""Writing an import in batches: which students and records are there, what is new, what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import LargeBinary, Row, bindparam, inspect, select, text, tuple_, update
from sqlalchemy.orm import Session

from portal.records.db import Model, Moment, insert_into
from portal.records.tables.people import Branch, ImportFinding, Record, Student, Tombstone
from portal.vault.bulk import insert_many

LOCK = 0x70_72_69_6D  # the advisory lock of imports on PostgreSQL
CHUNK = 400  # values a statement, below SQLite's limit


RECORDS = select(
    Record.student_id,
    Record.retention,
    Record.natural_key,
    Record.id,
    Record.item_id,
    Record.import_digest,
    Record.value_count,
    Record.sealed,
).where(Record.student_id.in_(bindparam("students", expanding=True)), Record.dataset == bindparam("dataset"))
ANY_TOMBSTONE = select(Tombstone.kind).limit(1)
ID, DIGEST = 16, 32  # bytes
STUDENT, PAST, RECORD = "student", "past", "record"  # kinds of tombstones
# Cut apart by the database: thousands of rows with one statement that carries one value.
ENTOMB = text("""
    WITH RECURSIVE place(n) AS (SELECT 0 WHERE :many > 0 UNION ALL SELECT n + 1 FROM place WHERE n + 1 < :many)
    INSERT INTO tombstone (digest, kind, erased_at)
    SELECT substr(:digests, :size * n + 1, :size), :kind, :at FROM place WHERE true
    ON CONFLICT (digest) DO NOTHING
""").bindparams(bindparam("digests", type_=LargeBinary), bindparam("at", type_=Moment), size=DIGEST)


class Known(NamedTuple):
    """A row that is there already."""

    id: UUID
    item_id: UUID
    import_digest: bytes
    value_count: int | None
    sealed: bytes


T = TypeVar("T")
RecordKey = tuple[UUID, str, str, bytes]  # student, dataset, retention class, natural key


def chunks(values: Collection[T]) -> Iterable[list[T]]:
    listed = list(values)
    for start in range(0, len(listed), CHUNK):
        yield listed[start : start + CHUNK]


def branches(session: Session) -> dict[str, UUID]:
    return {row.code: row.id for row in session.execute(select(Branch.code, Branch.id))}


def only_one(session: Session) -> None:
    """Waits until no other import writes; held until the transaction ends. On SQLite there is one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def living(session: Session, student_ids: Collection[UUID], held: bool) -> set[UUID]:
    """Those of these ids that are students and not erased. `held`: an erasure that runs meanwhile waits for the import,
    or the import for it."""
    found: set[UUID] = set()
    for part in chunks(student_ids):
        statement = select(Student.id).where(Student.id.in_(part), Student.state == "active").order_by(Student.id)
        found.update(session.execute(statement.with_for_update() if held else statement).scalars())
    return found


def in_clear(session: Session, student_ids: Collection[UUID]) -> Iterable[Row[UUID, bool, str, UUID]]:
    """What stands in clear of these students."""
    columns = (Student.id, Student.has_email, Student.language, Student.branch_id)
    for part in chunks(student_ids):
        yield from session.execute(select(*columns).where(Student.id.in_(part))).all()


def listed_findings(session: Session, digests: Collection[bytes]) -> dict[bytes, UUID]:
    """The findings of these digests that are there already."""
    found: dict[bytes, UUID] = {}
    for part in chunks(digests):
        rows = session.execute(select(ImportFinding.digest, ImportFinding.id).where(ImportFinding.digest.in_(part)))
        found.update({row.digest: row.id for row in rows})
    return found


def settle_conflicts(session: Session, places: Collection[tuple[UUID, str]], state: str, at: datetime) -> None:
    """Ends the open conflicts about these values (item, field)."""
    for part in chunks(places):
        of_these = tuple_(ImportFinding.item_id, ImportFinding.field).in_(part)
        statement = update(ImportFinding).where(of_these, ImportFinding.state == "open")
        session.execute(statement.values(state=state, decided_at=at), execution_options={"synchronize_session": False})


def datasets_of(session: Session, item_ids: Collection[UUID]) -> dict[UUID, str]:
    """Of which dataset each of these items is."""
    found: dict[UUID, str] = {}
    for part in chunks(item_ids):
        rows = session.execute(select(Record.item_id, Record.dataset).where(Record.item_id.in_(part)))
        found.update({row.item_id: row.dataset for row in rows})
    return found


def add_rows(session: Session, table: type[Model], rows: list[dict[str, Any]]) -> None:
    """Writes many new rows in one go; each names the same columns, and every one that may not be empty."""
    insert_many(session.connection(), inspect(table).local_table, rows)  # type: ignore[arg-type]  # it is a Table


def update_rows(session: Session, table: type[Model], rows: list[dict[str, Any]]) -> None:
    """Writes many rows by their ids, in one go to the database for each set of columns."""
    if rows:
        changed = [name for name in rows[0] if name != "id"]
        statement = update(table.__table__).where(table.__table__.c.id == bindparam("row_id"))  # type: ignore[arg-type]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changed}
        bound = [{"row_id": row["id"], **{f"new_{name}": row[name] for name in changed}} for row in rows]
        session.connection().execute(statement.values(values), bound)


def known_records(
    session: Session, dataset: str, student_ids: Collection[UUID], natural_keys: Collection[bytes]
) -> dict[RecordKey, Known]:
    """The rows of a dataset that carry one of these natural keys."""
    found: dict[RecordKey, Known] = {}
    wanted = set(natural_keys)
    for part in chunks(student_ids):
        rows = session.connection().execute(RECORDS, {"students": part, "dataset": dataset})
        for student_id, retention, natural_key, id, item_id, digest, value_count, sealed in rows:
            if natural_key in wanted:
                found[student_id, dataset, retention, natural_key] = Known(id, item_id, digest, value_count, sealed)
    return found


def anything_entombed(session: Session) -> bool:
    return session.connection().execute(ANY_TOMBSTONE).first() is not None


def entombed(session: Session, digests: Collection[bytes]) -> set[bytes]:
    """Those digests that were erased."""
    found: set[bytes] = set()
    for part in chunks(list(dict.fromkeys(digests))):
        found.update(session.execute(select(Tombstone.digest).where(Tombstone.digest.in_(part))).scalars())
    return found


def entomb(session: Session, kind: str, digests: bytes, at: datetime) -> None:
    """Remembers these digests, one after the other in `digests`, where they are not remembered yet."""
    values = {"digests": digests, "many": len(digests) // DIGEST, "kind": kind, "at": at}
    session.connection().execute(ENTOMB, values)


def entomb_student(session: Session, digest: bytes, student_id: UUID, records: bytes, at: datetime) -> None:
    """Remembers a student of whom everything went, with the natural keys of the records, one after the other. Twice
    changes nothing; somebody who was admitted anew and erased again stays remembered with what went before."""
    values = {"digest": digest, "kind": STUDENT, "erased_at": at, "ids": student_id.bytes, "records": records}
    new = insert_into(session, Tombstone).values(**values).on_conflict_do_nothing(index_elements=["digest"])
    if session.connection().execute(new.returning(Tombstone.kind)).first():
        return
    there = session.execute(select(Tombstone).where(Tombstone.digest == digest).with_for_update()).scalar_one()
    ids, keys = there.ids or b"", there.records or b""
    if student_id.bytes not in {ids[start : start + ID] for start in range(0, len(ids), ID)}:
        there.kind, there.erased_at, there.ids, there.records = STUDENT, at, ids + student_id.bytes, keys + records


def students_entombed(session: Session, digests: Collection[bytes]) -> dict[bytes, Tombstone]:
    """The tombstones of these students, where there is one."""
    found: dict[bytes, Tombstone] = {}
    for part in chunks(digests):
        rows = session.execute(select(Tombstone).where(Tombstone.digest.in_(part))).scalars()
        found.update({row.digest: row for row in rows})
    return found


def all_entombed(session: Session, kind: str) -> frozenset[bytes]:
    return frozenset(session.execute(select(Tombstone.digest).where(Tombstone.kind == kind)).scalars())


def set_ends(session: Session, ends: dict[UUID, date | None]) -> None:
    """Stores the end of each student's last programme, where it changed."""
    for part in chunks(list(ends)):
        rows = session.execute(select(Student.id, Student.last_programme_ended).where(Student.id.in_(part)))
        for student_id, stored in rows.all():
            if stored != ends[student_id]:
                session.execute(
                    update(Student).where(Student.id == student_id).values(last_programme_ended=ends[student_id])
                )
