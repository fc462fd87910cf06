"""A legal hold: the privacy officer keeps data of a student from being erased until a day, with a reason
(GDPR 17(3)(e))."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.events import EventKind
from portal.domain.lifecycle import OPEN
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.records import limits
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.services.casework import event
from portal.services.change_email import student_in_reach
from portal.services.unit import Work, reading, writing

USE = "hold"
LONGEST_YEARS = 10


@dataclass(frozen=True, slots=True)
class HoldLine:
    """What stands for a student. `groups` empty: everything."""

    since: date
    until: date
    reason: str  # label
    groups: tuple[int, ...]


def place_hold(actor: Actor, clock: Clock, student_id: UUID, groups: Collection[int], until: date, reason: str) -> None:
    """Keeps these groups of data, or everything when none is named, until and including that day.

    A new hold takes the place of the one before. Raises NotFound, NotAllowed, and Refused: reason_missing, hold_over,
    hold_too_long (most).
    """
    with writing(actor, clock) as work:
        student = _student(work, student_id)
        found = work.policy.reasons.get(reason)
        if found is None or found.use != USE:
            raise Refused("reason_missing")
        if until <= work.today:
            raise Refused("hold_over")
        most = work.today.replace(year=work.today.year + LONGEST_YEARS, day=min(work.today.day, 28))
        if until > most:
            raise Refused("hold_too_long", most=most)
        limits.end(limits.active(work.session, student_id, [limits.HOLD]), work.now)
        for dataset, field in _places(work, groups):
            limits.place(
                work.session,
                student_id,
                limits.HOLD,
                None,
                work.now,
                dataset=dataset,
                field=field,
                until=until,
                reason=reason,
            )
        _tell_cases(work, student, EventKind.HELD)
        work.note("place_hold", "student", student_id, reason=reason, until=until.isoformat(), groups=sorted(groups))


def _places(work: Work, groups: Collection[int]) -> list[tuple[str | None, str | None]]:
    if not groups:
        return [(None, None)]
    return [
        (dataset.code, field.code)
        for dataset in work.policy.datasets.values()
        for field in dataset.fields.values()
        if field.group in groups
    ]


def end_hold(actor: Actor, clock: Clock, student_id: UUID) -> None:
    """Ends what stands; it stays on record. Raises NotFound, NotAllowed."""
    with writing(actor, clock) as work:
        student = _student(work, student_id)
        if limits.end(limits.active(work.session, student_id, [limits.HOLD]), work.now):
            _tell_cases(work, student, EventKind.HOLD_ENDED)
            work.note("end_hold", "student", student_id)


def hold_of(actor: Actor, clock: Clock, student_id: UUID) -> HoldLine | None:
    """The hold that stands, for whoever may place one. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        _student(work, student_id)
        standing = limits.active(work.session, student_id, [limits.HOLD])
        if not standing or standing[0].until is None:
            return None
        first = standing[0]
        reason = work.policy.reasons.get(first.reason or "")
        groups = {work.policy.field(each.dataset, each.field).group for each in standing if each.dataset and each.field}
        assert first.until is not None
        return HoldLine(receipt_date(first.since), first.until, reason.label if reason else "", tuple(sorted(groups)))


def _student(work: Work, student_id: UUID) -> Student:
    student = student_in_reach(work, student_id)
    work.require(Act.LEGAL_HOLD, Subject(branch_id=student.branch_id, student_id=student_id))
    return student


def _tell_cases(work: Work, student: Student, kind: EventKind) -> None:
    """Open requests to erase say so in their timeline, which the student reads."""
    statement = select(Case).where(
        Case.student_id == student.id,
        Case.kind == RequestKind.ERASURE.value,
        Case.state.in_([state.value for state in OPEN]),
    )
    for case in work.session.execute(statement).scalars():
        event(work, case, kind)
