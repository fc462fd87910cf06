"""Backups and erasures for tests: what an operator and the portal do, in a few words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.erasure_plan import ErasurePlan, Item, PlanLine, Verdict, Why
from portal.domain.permissions import SYSTEM
from portal.records import items
from portal.records.db import db
from portal.records.tables.people import Record, SealedFile
from portal.services import erasing
from portal.services.backup import BackedUp, back_up
from portal.services.restore import Restored, restore
from portal.services.unit import reading, writing
from portal.vault.envelope import Holder
from portal.vault.sealed_box import new_recovery_key
from portal.vault.vault import Shredded
from tests import factories

PRIVATE, PUBLIC = new_recovery_key()


def clock() -> Clock:
    found: Clock = current_app.extensions["clock"]
    return found


def backup(folder: Path) -> BackedUp:
    current_app.extensions["clock"].advance(timedelta(minutes=1))  # a stamp of its own
    return back_up(clock(), folder, PUBLIC)


def put_back(folder: Path, stamp: str | None = None, only: str | None = None) -> Restored:
    return restore(folder, PRIVATE, stamp, only, replace=True)


def erase(student_id: UUID, wanted: Iterable[tuple[UUID, str]] | None = None) -> UUID:
    """Erases these (item, field) pairs of a student, or everything, as the steps of an erasure do."""
    with writing(SYSTEM, clock()) as work:
        held = items.items_of(work.session, work.vault, student_id)
        pairs = set(wanted) if wanted is not None else {(item.id, code) for item in held for code in item.values}
        lines = [
            PlanLine(Item(item.dataset, item.id, code, part.retention, None, ()), Verdict.ERASE, Why.NOT_NEEDED)
            for item in held
            for part in item.parts
            for code in part.values
            if (item.id, code) in pairs
        ]
        erasure = erasing.new_erasure(work, student_id, erasing.RETENTION, work.now)
        erasing.begin(work, erasure, ErasurePlan(tuple(lines)))
        erasure_id = erasure.id
    db.session.remove()
    assert erasing.run(clock(), erasure_id)
    db.session.remove()
    return erasure_id


def readable(student_id: UUID) -> dict[tuple[UUID, str], object]:
    """Every value of the student that opens with the keys at hand."""
    with reading(SYSTEM, clock()) as work:
        held = items.items_of(work.session, work.vault, student_id)
        return {(item.id, code): value for item in held for code, value in item.values.items()}


def open_rows(rows: Iterable[tuple[UUID, str, bytes]], student_id: UUID) -> int:
    """How many of these (row, class, sealed) open with the keys at hand: a thief's old copy."""
    found = 0
    for row, retention, sealed in rows:
        try:
            items.open_part(factories.vault(), student_id, row, retention, sealed)
        except Shredded:
            continue
        found += 1
    return found


def rows_of(student_id: UUID) -> list[tuple[UUID, str, bytes]]:
    db.session.rollback()
    statement = select(Record.id, Record.retention, Record.sealed).where(Record.student_id == student_id)
    return [tuple(row) for row in db.session.execute(statement)]


def files_of(student_id: UUID) -> int:
    db.session.rollback()
    holder = Holder.student(student_id)
    statement = select(SealedFile.id).where(SealedFile.holder_kind == holder.kind, SealedFile.holder_id == holder.id)
    return len(db.session.execute(statement).all())
