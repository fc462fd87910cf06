"""Limits on the use of a student's data: restricted values, suspended or stopped activities, holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.records.tables.people import Limit

RESTRICTION, OBJECTION, WITHDRAWAL, HOLD = "restriction", "objection", "withdrawal", "hold"
RENEWAL = "renewal"  # an earlier consent that must be given anew: until then its activity rests


def active(session: Session, student_id: UUID, kinds: Iterable[str] | None = None) -> list[Limit]:
    """The limits that stand, oldest first."""
    statement = (
        select(Limit).where(Limit.student_id == student_id, Limit.ended_at.is_(None)).order_by(Limit.since, Limit.id)
    )
    if kinds is not None:
        statement = statement.where(Limit.kind.in_(list(kinds)))
    return list(session.execute(statement).scalars())


def active_of_many(session: Session, student_ids: Collection[UUID]) -> dict[UUID, list[Limit]]:
    """The limits that stand of each of these students, in one statement."""
    found: dict[UUID, list[Limit]] = {student_id: [] for student_id in student_ids}
    if found:
        statement = select(Limit).where(Limit.student_id.in_(list(found)), Limit.ended_at.is_(None))
        for limit in session.execute(statement.order_by(Limit.since, Limit.id)).scalars():
            found[limit.student_id].append(limit)
    return found


def all_of(session: Session, student_id: UUID) -> list[Limit]:
    """Also those that ended."""
    statement = select(Limit).where(Limit.student_id == student_id).order_by(Limit.since, Limit.id)
    return list(session.execute(statement).scalars())


def of_case(session: Session, case_id: UUID, provisional: bool | None = None) -> list[Limit]:
    """The standing limits that a case placed."""
    statement = select(Limit).where(Limit.case_id == case_id, Limit.ended_at.is_(None)).order_by(Limit.id)
    if provisional is not None:
        statement = statement.where(Limit.provisional.is_(provisional))
    return list(session.execute(statement).scalars())


def place(
    session: Session,
    student_id: UUID,
    kind: str,
    case_id: UUID | None,
    since: datetime,
    *,
    dataset: str | None = None,
    item_id: UUID | None = None,
    field: str | None = None,
    activity: str | None = None,
    provisional: bool = False,
    until: date | None = None,
    reason: str | None = None,
) -> Limit:
    """Places a limit, or returns the same one that this case placed before (then with `provisional` as given now)."""
    session.flush()
    place_of = (dataset, item_id, field, activity)
    for found in of_case(session, case_id) if case_id else ():
        if found.kind == kind and (found.dataset, found.item_id, found.field, found.activity) == place_of:
            found.provisional = provisional
            return found
    limit = Limit(
        id=uuid7(),
        student_id=student_id,
        kind=kind,
        dataset=dataset,
        item_id=item_id,
        field=field,
        activity=activity,
        case_id=case_id,
        provisional=provisional,
        since=since,
        until=until,
        reason=reason,
    )
    session.add(limit)
    return limit


def covers(limit: Limit, dataset: str, item_id: UUID, field: str) -> bool:
    """Whether a limit is about this value; a None in its place stands for all of them."""
    return limit.dataset in (None, dataset) and limit.item_id in (None, item_id) and limit.field in (None, field)


def end(limits: Iterable[Limit], at: datetime) -> int:
    """Ends them; they stay on record. How many."""
    count = 0
    for limit in limits:
        limit.ended_at = at
        count += 1
    return count


def end_of_activity(session: Session, student_id: UUID, activity: str, kinds: Iterable[str], at: datetime) -> int:
    """Ends what of these kinds stands in the way of an activity for a student. How many."""
    return end([limit for limit in active(session, student_id, kinds) if limit.activity == activity], at)
