"""Remind of steps that hang: a case that was decided and is not carried out (regulation, art. 9.6).

The reminders follow from dates, a week after the last thing that was done and each week again, so a run that was missed
or repeated loses none and sends none twice. From the fourth week on the director hears of it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role, StepState
from portal.mail import messages
from portal.records.staff import Reader, to_tell
from portal.records.tables.cases import Case, CaseStep
from portal.records.tables.proof import OutMail
from portal.services.casework import event, staff_for
from portal.services.unit import Work, reading, writing

WEEK = timedelta(days=7)
ESCALATES = 4  # weeks
KIND = "staff_steps"
_OPEN = CaseStep.state == StepState.OPEN.value


def remind(clock: Clock) -> dict[str, int]:
    """Sends what is due; each case in its own transaction. Returns how many cases and mails."""
    with reading(SYSTEM, clock) as work:
        work.require(Act.SEND_WARNINGS)
        waiting = list(
            work.session.execute(
                select(Case.id)
                .where(Case.state == CaseState.DECIDED.value, Case.decided_at <= work.now - WEEK)
                .where(select(CaseStep.id).where(CaseStep.case_id == Case.id, _OPEN).exists())
                .order_by(Case.due_on, Case.id)
            ).scalars()
        )
    cases = mails = 0
    for case_id in waiting:
        with writing(SYSTEM, clock) as work:
            sent = _remind(work, case_id)
        cases += bool(sent)
        mails += sent
    return {"cases": cases, "staff_mails": mails}


def _remind(work: Work, case_id: UUID) -> int:
    case = work.session.execute(select(Case).where(Case.id == case_id).with_for_update()).scalar_one()
    still_open = work.session.execute(
        select(func.count()).select_from(CaseStep).where(CaseStep.case_id == case_id, _OPEN)
    ).scalar_one()
    if case.state != CaseState.DECIDED or case.decided_at is None or not still_open:
        return 0
    moved = _moved_on(work, case)
    weeks = (work.today - moved) // WEEK
    key = f"{moved.isoformat()}:{weeks}"
    if weeks < 1 or _sent(work, case_id, key):
        return 0
    readers = list(staff_for(work, case))
    if weeks >= ESCALATES:
        readers += to_tell(work.session, work.today, Role.DIRECTOR, None)
    told = _once_each(readers)
    for staff in told:
        work.send(
            messages.staff_steps(
                staff.email, staff.language, staff.id, case_id, case.reference, still_open, weeks * 7, key
            )
        )
    if told:
        event(work, case, EventKind.ESCALATED if weeks >= ESCALATES else EventKind.WARNED, warning="steps")
    return len(told)


def _moved_on(work: Work, case: Case) -> date:
    """The day on which the last thing was done for it."""
    latest = work.session.execute(select(func.max(CaseStep.at)).where(CaseStep.case_id == case.id)).scalar()
    assert case.decided_at is not None
    return max(receipt_date(at) for at in (case.decided_at, latest) if at is not None)


def _sent(work: Work, case_id: UUID, key: str) -> bool:
    """Whether somebody was reminded of this week already; a new handler is not sent the old ones again."""
    found = select(OutMail.id).where(
        OutMail.case_id == case_id, OutMail.kind == KIND, OutMail.dedupe.like(f"steps:{case_id}:{key}:%")
    )
    return work.session.execute(found.limit(1)).first() is not None


def _once_each(people: Iterable[Reader]) -> list[Reader]:
    return list({staff.id: staff for staff in people}.values())
