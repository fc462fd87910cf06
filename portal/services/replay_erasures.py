"""Do again what was erased since a backup that was put back was made; then the portal may serve (security.md).

Each erasure of the ledger that records or keys do not know runs through its steps once more, on what the backup brought
back. Run again after a crash, it goes on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select

from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import FieldType
from portal.records import files, items
from portal.records.tables.access import Login, OneTime, Staff
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import Record, Student
from portal.services import erase_items, erasing, erasure_ledger, standing
from portal.services.doomed import Doomed
from portal.services.unit import Work, writing
from portal.vault.envelope import Holder
from portal.vault.ledger import BadLedger, Line
from portal.vault.master import WrongMaster

__all__ = ["BadLedger", "Replayed", "WrongMaster", "replay"]


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many erasures and keys the ledger tells of, and of those the backup did not know: done again, of somebody who
    is not in the backup, and still hanging because somebody reads the database."""

    lines: int = 0
    erasures: int = 0
    keys: int = 0
    absent: int = 0
    hanging: int = 0
    sessions: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def replay(clock: Clock) -> Replayed:
    """Raises BadLedger or WrongMaster, before anything is done, when the ledger is not whole."""
    lines = erasure_ledger.ledger().lines()
    unknown = erasure_ledger.unknown()
    stamp = standing.restored_stamp()
    if stamp is None and not unknown:
        return Replayed(lines=len(lines))
    done = {"erasures": 0, "keys": 0, "absent": 0, "hanging": 0}
    for line in lines:
        if line.id in unknown:
            done[_again(clock, line)] += 1
    with writing(SYSTEM, clock) as work:
        sessions = _end_sessions(work)
        work.note("replay_erasures", "installation", None, stamp=stamp, sessions=sessions, **done)
    if not done["hanging"]:
        standing.end_restored(current_app)
    return Replayed(lines=len(lines), sessions=sessions, **done)


def _again(clock: Clock, line: Line) -> str:
    """Does one line again; which count it belongs to."""
    if line.kind == erasure_ledger.KEY:
        with writing(SYSTEM, clock) as work:
            _destroy_key(work, line.body)
        erasure_ledger.mark(line.id)
        return "keys"
    with writing(SYSTEM, clock) as work:
        doomed = Doomed.from_text(line.body["plan"])
        erase_items.bury(work, UUID(line.body["student"]), erasure_ledger.graves(line, doomed))
        there = _begin_again(work, line, doomed)
    if there and not erasing.run(clock, line.id):
        return "hanging"
    erasure_ledger.mark(line.id)
    return "erasures" if there else "absent"


def _destroy_key(work: Work, body: dict[str, Any]) -> None:
    kind, holder_id = body["holder"]
    holder = Holder(kind, UUID(holder_id))
    work.vault.destroy(holder, body["retention"])
    files.remove(work.session, holder, [file.id for file in files.of_holder(work.session, holder, body["retention"])])


def _begin_again(work: Work, line: Line, doomed: Doomed) -> bool:
    """Puts the erasure back to its first step after the ledger's; False when nobody of the backup is meant."""
    body = line.body
    student_id = UUID(body["student"])
    if work.session.get(Student, student_id) is None:
        erase_items.bury(work, student_id, {erasure_ledger.REPLAYED: erasure_ledger.replayed_mark(line.id)})
        return False
    case_id, by_id = (UUID(body[name]) if body[name] else None for name in ("case", "by"))
    erasure = work.session.get(Erasure, line.id)
    if erasure is None:
        erasure = Erasure(id=line.id, student_id=student_id, cause=body["cause"], created_at=work.now)
        erasure.not_before = work.now
        erasure.case_id = case_id if case_id and work.session.get(Case, case_id) else None
        erasure.by_id = by_id if by_id and work.session.get(Staff, by_id) else None
        work.session.add(erasure)
    erasure.state, erasure.step = erasing.RUNNING, erasing.LEDGER
    erasure.begun_at = datetime.fromisoformat(body["begun"])
    erasure.plan = _all_of_it(work, student_id, doomed).as_text()
    work.note("replay_erasure", "installation", None, erasure=str(line.id))
    work.session.flush()
    return True


def _all_of_it(work: Work, student_id: UUID, doomed: Doomed) -> Doomed:
    """The plan on what the backup holds: it may have rows, fields and pictures that had gone before the erasure."""
    whole = select(Record.id, Record.item_id).where(Record.student_id == student_id, Record.retention.in_(doomed.whole))
    there = work.session.execute(whole).all()
    going = [item for item in items.items_of(work.session, work.vault, student_id) if item.id in doomed.records]
    pictures = {
        UUID(str(value))
        for item in going
        for code, value in item.values.items()
        if value and work.policy.field(item.dataset, code).type is FieldType.IMAGE
    }
    return replace(
        doomed,
        records=doomed.records.and_more(row.item_id for row in there) if doomed.everything else doomed.records,
        rows=doomed.rows.and_more(row.id for row in there),
        fields=doomed.fields
        | {item.id: frozenset(item.values) | doomed.fields.get(item.id, frozenset()) for item in going},
        files=doomed.files | pictures,
    )


def _end_sessions(work: Work) -> int:
    """Who had signed out since, or used a link up, is not signed in again by an old copy."""
    ended = work.session.execute(delete(Login).returning(Login.id), execution_options={"synchronize_session": False})
    count = len(ended.all())
    work.session.execute(delete(OneTime), execution_options={"synchronize_session": False})
    return count
