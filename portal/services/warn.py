"""Warn staff of what is due, and tell a student once that the school is late (regulation, "The clock").

The warnings of a case follow from its dates, so a run that was missed loses none and a run that is repeated sends none
twice: what was sent before is read from the outbox by its keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.domain.acts import Act
from portal.domain.clock import Clock, DueWarning, WarningKind, receipt_date, warnings
from portal.domain.events import EventKind
from portal.domain.lifecycle import UNDECIDED
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role
from portal.mail import messages
from portal.policy.model import Term
from portal.records.staff import Reader, to_tell
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.casework import event, reply_address, staff_for
from portal.services.unit import Work, reading, writing
from portal.services.working_days import is_working_day

CHUNK = 400  # cases a statement: below SQLite's limit of bound values
STATES = sorted(state.value for state in UNDECIDED)

WorkingDay = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many cases had something due, how many mails to staff and to students were put in the outbox."""

    cases: int = 0
    staff_mails: int = 0
    student_mails: int = 0

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Dates:
    """What the warnings of a case follow from."""

    case_id: UUID
    received_on: date
    original_due_on: date
    due_on: date
    entered_at: datetime


def sweep(clock: Clock) -> Swept:
    """Sends every warning that has fallen due and was not sent yet; a case at a time, each in its own transaction."""
    with reading(SYSTEM, clock) as work:
        work.require(Act.SEND_WARNINGS)
        waiting = [dates.case_id for dates, _ in _pending(work)]
    cases = staff_mails = student_mails = 0
    for case_id in waiting:
        with writing(SYSTEM, clock) as work:
            to_staff, to_student = _warn(work, case_id)
        cases += bool(to_staff or to_student)
        staff_mails += to_staff
        student_mails += to_student
    return Swept(cases, staff_mails, student_mails)


def youngest(term: Term) -> timedelta:
    """How old a case is at least when its first warning falls due: half of the shortest term, the draft of an extension
    or the first warning before the day. An extension moves none of them forward, so a sweep reads what is old enough
    and not what is open."""
    shortest = min(term.answer_days, term.complaint_days)
    return timedelta(
        days=min(shortest // 2, term.extension_draft_day, shortest - max(term.warn_days_before, default=0))
    )


def fallen_due(dates: Dates, today: date, term: Term, working_day: WorkingDay) -> list[DueWarning]:
    """The warnings of an undecided case up to today.

    Of those from before the case was entered (a letter that lay somewhere) only the last one counts, and that the
    school is late: nobody could have acted on the others.
    """
    found = warnings(
        dates.received_on,
        dates.due_on,
        today,
        working_day,
        term.warn_days_before,
        original_due=dates.original_due_on if dates.original_due_on != dates.due_on else None,
        draft_day=term.extension_draft_day,
    )
    entered = receipt_date(dates.entered_at)
    before = [warning for warning in found if warning.on < entered]
    late = [warning for warning in before if warning.kind is WarningKind.LATE_NOTICE]
    last = [warning for warning in before if warning.kind is not WarningKind.LATE_NOTICE][-1:]
    return sorted({*late, *last, *(warning for warning in found if warning.on >= entered)})


def _pending(work: Work, case_id: UUID | None = None) -> list[tuple[Dates, list[DueWarning]]]:
    """The undecided cases with warnings that were not sent, by due date."""
    term = work.policy.term
    statement = (
        select(Case.id, Case.received_on, Case.original_due_on, Case.due_on, Case.entered_at)
        .where(Case.state.in_(STATES), Case.received_on <= work.today - youngest(term))
        .order_by(Case.due_on, Case.id)
    )
    if case_id is not None:
        statement = statement.where(Case.id == case_id)
    cases = [Dates(*row) for row in work.session.execute(statement)]
    found = []
    for start in range(0, len(cases), CHUNK):
        part = cases[start : start + CHUNK]
        sent = sent_keys(work.session, [dates.case_id for dates in part])
        for dates in part:
            due = fallen_due(dates, work.today, term, lambda day: is_working_day(day, term.closing_days))
            left = [warning for warning in due if _key(dates.case_id, warning) not in sent]
            if left:
                found.append((dates, left))
    return found


def _key(case_id: UUID, warning: DueWarning) -> str:
    """What the outbox knows a warning by, whoever received it: a new handler is not sent the old ones again."""
    return f"late:{case_id}" if warning.for_student else f"warning:{case_id}:{warning.key}"


def sent_keys(session: Session, case_ids: Sequence[UUID]) -> set[str]:
    """The keys of the warnings of these cases that stand in the outbox already."""
    dedupes = session.execute(
        select(OutMail.dedupe).where(OutMail.case_id.in_(case_ids), OutMail.kind.in_(("staff_warning", "late")))
    ).scalars()
    return {dedupe if dedupe.startswith("late:") else dedupe.rpartition(":")[0] for dedupe in dedupes}


def _warn(work: Work, case_id: UUID) -> tuple[int, int]:
    """Sends one case's warnings; the case's row is locked, so that two sweeps at once send none twice."""
    case = work.session.execute(select(Case).where(Case.id == case_id).with_for_update()).scalar_one()
    to_staff = to_student = 0
    for _, left in _pending(work, case_id):
        for warning in left:
            if warning.for_student:
                to_student += _tell_student(work, case)
            else:
                to_staff += _tell_staff(work, case, warning)
    return to_staff, to_student


def _tell_staff(work: Work, case: Case, warning: DueWarning) -> int:
    people = list(staff_for(work, case))
    if warning.escalates:
        people += to_tell(work.session, work.today, Role.DIRECTOR, None)
    readers = _once_each(people)
    for staff in readers:
        work.send(
            messages.staff_warning(
                staff.email,
                staff.language,
                staff.id,
                case.id,
                case.reference,
                case.due_on,
                (case.due_on - work.today).days,
                warning.key,
                draft=warning.kind is WarningKind.DRAFT_EXTENSION,
            )
        )
    if readers:
        kind = EventKind.ESCALATED if warning.escalates else EventKind.WARNED
        event(work, case, kind, warning=warning.kind.value, on=warning.on.isoformat())
    return len(readers)


def _once_each(people: Iterable[Reader]) -> list[Reader]:
    return list({staff.id: staff for staff in people}.values())


def _tell_student(work: Work, case: Case) -> int:
    """Once; who reads no mail sees it on the page of the case, and staff are warned that a letter is due."""
    to = None if case.by_post else reply_address(work, case)
    if to is None:
        return 0
    work.send(messages.late(to, case.language, case.id, case.reference))
    event(work, case, EventKind.TOLD_LATE)
    return 1
