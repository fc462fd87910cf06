"""The counts behind the figures: groups of like cases, made by the database, one statement each.

The branch filter of the queue stands under every one of them. What is open on a day is worked out from the dates that a
case has now: one that was taken up again since counts as open on that day too.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, extract, func, or_, select
from sqlalchemy.orm import Session

from portal.domain.figures import OTHERWISE, Answered, Part, Received, Tallies
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.periods import Period, begin_of
from portal.domain.permissions import BranchScope
from portal.domain.vocabulary import Outcome, RequestKind
from portal.records.db import days_between, local_date
from portal.records.queue import within
from portal.records.tables.cases import Case, CaseItem

COUNT = func.count()


def tallies(session: Session, scope: BranchScope, branch_id: UUID | None, period: Period, on: date) -> Tallies:
    """What happened in the period, and what was open at the end of the day `on`; in seven statements."""
    place = within(scope, Case.branch_id)
    if branch_id is not None:
        place = and_(place, Case.branch_id == branch_id)
    after = begin_of(date.fromordinal(on.toordinal() + 1))
    return Tallies(
        received=_received(session, place, period),
        answered=_answered(session, place, period),
        parts=_parts(session, place, period),
        done=_done(session, place, period),
        open_by_due=_open(session, place, on, after),
        waiting=_waiting(session, place, after),
        otherwise=_otherwise(session, place, period),
    )


def first_year(session: Session) -> int | None:
    """The year of the oldest request that is kept, None where there is none."""
    oldest = session.execute(select(func.min(Case.received_on))).scalar_one()
    return oldest.year if oldest else None


def _month(day: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return extract("year", day), extract("month", day)


def _within(moment: Any, period: Period) -> ColumnElement[bool]:
    return and_(moment >= period.begins, moment < period.ends)


def _grouped(place: ColumnElement[bool], *by: Any) -> Select[Any]:
    return select(*by, COUNT).where(place).group_by(*by)


def _pairs(session: Session, statement: Select[Any]) -> dict[Any, int]:
    return {row[0]: row[1] for row in session.execute(statement)}


def _received(session: Session, place: ColumnElement[bool], period: Period) -> tuple[Received, ...]:
    statement = _grouped(place, *_month(Case.received_on), Case.kind).where(
        Case.received_on.between(period.first, period.last)
    )
    return tuple(
        Received((int(year), int(month)), RequestKind(kind), count)
        for year, month, kind, count in session.execute(statement)
    )


def _answered(session: Session, place: ColumnElement[bool], period: Period) -> tuple[Answered, ...]:
    answered_on = local_date(Case.decided_at)
    statement = _grouped(
        place,
        *_month(answered_on),
        Case.kind,
        days_between(answered_on, Case.received_on),
        case((answered_on <= Case.due_on, 1), else_=0),
        case((Case.extended_days.is_not(None), 1), else_=0),
        Case.outcome,
    ).where(_within(Case.decided_at, period), Case.outcome.is_not(None))
    return tuple(
        Answered((int(y), int(m)), RequestKind(kind), days, bool(in_time), bool(extended), Outcome(outcome), count)
        for y, m, kind, days, in_time, extended, outcome, count in session.execute(statement)
    )


def _parts(session: Session, place: ColumnElement[bool], period: Period) -> tuple[Part, ...]:
    statement = (
        _grouped(place, CaseItem.outcome, CaseItem.ground)
        .join_from(Case, CaseItem, CaseItem.case_id == Case.id)
        .where(_within(Case.decided_at, period), CaseItem.outcome.is_not(None))
    )
    return tuple(Part(Outcome(outcome), ground, count) for outcome, ground, count in session.execute(statement))


def _done(session: Session, place: ColumnElement[bool], period: Period) -> dict[int, int]:
    days = days_between(local_date(Case.executed_at), local_date(Case.decided_at))
    statement = _grouped(place, days).where(_within(Case.executed_at, period), Case.decided_at.is_not(None))
    return _pairs(session, statement)


def _open(session: Session, place: ColumnElement[bool], on: date, after: datetime) -> dict[date, int]:
    """What had no answer at the end of that day, by the day promised."""
    unanswered = or_(
        Case.state.in_([state.value for state in UNDECIDED]),
        Case.decided_at >= after,
        and_(Case.decided_at.is_(None), Case.closed_at >= after),
    )
    statement = _grouped(place, Case.due_on).where(unanswered, Case.received_on <= on)
    return _pairs(session, statement)


def _waiting(session: Session, place: ColumnElement[bool], after: datetime) -> dict[date, int]:
    """What was answered and not carried out yet at the end of that day, by the day of the answer."""
    unfinished = or_(Case.state == CaseState.DECIDED.value, Case.closed_at >= after)
    statement = _grouped(place, local_date(Case.decided_at)).where(unfinished, Case.decided_at < after)
    return _pairs(session, statement)


def _otherwise(session: Session, place: ColumnElement[bool], period: Period) -> dict[CaseState, int]:
    ended = [state.value for state in OTHERWISE]
    statement = _grouped(place, Case.state).where(_within(Case.closed_at, period), Case.state.in_(ended))
    return {CaseState(state): count for state, count in session.execute(statement)}
