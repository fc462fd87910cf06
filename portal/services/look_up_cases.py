"""Cases as an operator may see them on the command line: numbers, dates and states, nothing of a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.domain.clock import Clock, days_left
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import SYSTEM
from portal.records.casebook import events_of, steps_of
from portal.records.tables.cases import Case
from portal.records.tables.people import Branch
from portal.records.tables.proof import OutMail
from portal.services.casework import NotFound
from portal.services.unit import reading

MOST = 1000


@dataclass(frozen=True, slots=True)
class CaseLine:
    """`days_left` is None once the case is decided."""

    reference: str
    kind: str
    state: str
    branch: str
    channel: str
    received_on: date
    due_on: date
    days_left: int | None
    matched: bool
    by_post: bool


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """A case with what happened to it; `mails` are (kind, state, fault) of its mails."""

    line: CaseLine
    events: tuple[tuple[datetime, str, str], ...]  # when, kind, who: student, staff, system, …
    steps: tuple[tuple[str, str, str], ...]  # task, target, state
    mails: tuple[tuple[str, str, str], ...]


def list_cases(
    clock: Clock, state: CaseState | None = None, overdue: bool = False, limit: int = 100
) -> tuple[CaseLine, ...]:
    """Cases by due date, the undecided ones when no state is named; at most `MOST`."""
    wanted = [state.value] if state else sorted(each.value for each in UNDECIDED)
    statement = (
        select(Case, Branch.code)
        .outerjoin(Branch, Branch.id == Case.branch_id)
        .where(Case.state.in_(wanted))
        .order_by(Case.due_on, Case.id)
        .limit(min(limit, MOST))
    )
    with reading(SYSTEM, clock) as work:
        if overdue:
            statement = statement.where(Case.due_on < work.today)
        return tuple(_line(row.Case, row.code, work.today) for row in work.session.execute(statement))


def show_case(clock: Clock, reference: str) -> CaseFacts:
    """One case. Raises NotFound."""
    with reading(SYSTEM, clock) as work:
        row = work.session.execute(
            select(Case, Branch.code)
            .outerjoin(Branch, Branch.id == Case.branch_id)
            .where(Case.reference == reference.strip().upper())
        ).first()
        if row is None:
            raise NotFound(reference)
        case = row.Case
        mails = work.session.execute(
            select(OutMail.kind, OutMail.state, OutMail.fault).where(OutMail.case_id == case.id).order_by(OutMail.id)
        )
        return CaseFacts(
            line=_line(case, row.code, work.today),
            events=tuple((event.at, event.kind, event.actor_kind) for event in events_of(work.session, case.id)),
            steps=tuple((step.task, step.target, step.state) for step in steps_of(work.session, case.id)),
            mails=tuple((mail.kind, mail.state, mail.fault or "") for mail in mails),
        )


def _line(case: Case, branch: str | None, today: date) -> CaseLine:
    return CaseLine(
        reference=case.reference,
        kind=case.kind,
        state=case.state,
        branch=branch or "",
        channel=case.channel,
        received_on=case.received_on,
        due_on=case.due_on,
        days_left=days_left(case.due_on, today) if CaseState(case.state) in UNDECIDED else None,
        matched=case.student_id is not None,
        by_post=case.by_post,
    )
