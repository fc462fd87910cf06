"""The lists of staff: cases and students within the branches of whoever asks. The branch filter stands here, once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.domain.lifecycle import ENDED, UNDECIDED, CaseState
from portal.domain.permissions import BranchScope
from portal.domain.vocabulary import RequestKind
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.people import Branch, Student

COUNT_CAP = 1000  # a tab says "1000+" rather than count on
WEEK = timedelta(days=7)


class Tab(StrEnum):
    """The parts of the queue; the values stand in addresses."""

    ALL = "all"  # everything that is open
    MINE = "mine"
    UNASSIGNED = "unassigned"
    THIS_WEEK = "this_week"
    OVERDUE = "overdue"
    TO_CARRY_OUT = "to_carry_out"
    COMPLAINTS = "complaints"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; None and empty mean everything. `among` and `students` come from look-ups."""

    tab: Tab = Tab.ALL
    kind: str | None = None
    state: str | None = None
    branch_id: UUID | None = None
    channel: str | None = None
    reference: str | None = None
    students: Collection[UUID] | None = None


def within(
    scope: BranchScope, branch: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """The condition that keeps every list to the actor's branches."""
    if scope.every:
        return true()
    allowed: ColumnElement[bool] = branch.in_(scope.branches) if scope.branches else false()
    return or_(allowed, branch.is_(None)) if scope.unplaced else allowed


def in_tab(tab: Tab, actor_id: UUID | None, today: date) -> ColumnElement[bool]:
    undecided = Case.state.in_(_values(UNDECIDED))
    ended = Case.state.in_(_values(ENDED))
    conditions: dict[Tab, ColumnElement[bool]] = {
        Tab.ALL: ~ended,
        Tab.MINE: and_(~ended, Case.handler_id == actor_id),
        Tab.UNASSIGNED: and_(undecided, Case.handler_id.is_(None)),
        Tab.THIS_WEEK: and_(undecided, Case.due_on >= today, Case.due_on < today + WEEK),
        Tab.OVERDUE: and_(undecided, Case.due_on < today),
        Tab.TO_CARRY_OUT: Case.state == CaseState.DECIDED.value,
        Tab.COMPLAINTS: and_(~ended, Case.kind == RequestKind.COMPLAINT.value),
        Tab.CLOSED: ended,
    }
    return conditions[tab]


def _values(states: Collection[CaseState]) -> list[str]:
    return sorted(state.value for state in states)


def counts(session: Session, scope: BranchScope, actor_id: UUID | None, today: date) -> dict[Tab, int]:
    """How many cases each tab holds, at most COUNT_CAP + 1, in one statement."""
    columns = []
    for tab in Tab:
        some = (
            select(literal(1).label("one"))
            .select_from(Case)
            .where(within(scope, Case.branch_id), in_tab(tab, actor_id, today))
            .limit(COUNT_CAP + 1)
            .subquery()
        )
        columns.append(select(func.count()).select_from(some).scalar_subquery().label(tab.value))
    row = session.execute(select(*columns)).one()
    return {tab: getattr(row, tab.value) for tab in Tab}


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: its rows and whether there are more on either side."""

    rows: list[Any]
    before: bool
    after: bool


def cases(
    session: Session,
    scope: BranchScope,
    wanted: Wanted,
    actor_id: UUID | None,
    today: date,
    size: int,
    after: str = "",
    before: str = "",
) -> Slice:
    """A page of cases by due date: what must be ready first stands first; of closed ones the latest.

    `after` and `before` are references of the list's own rows; one that is not within reach begins at the start.
    """
    conditions = [within(scope, Case.branch_id), in_tab(wanted.tab, actor_id, today), *_narrowed(wanted)]
    descending = wanted.tab is Tab.CLOSED
    place = _place(session, scope, after or before) if after or before else None
    backwards = bool(before) and place is not None
    if place is not None:
        key = tuple_(Case.due_on, Case.id)
        forward = key < place if descending else key > place
        behind = key > place if descending else key < place
        conditions.append(behind if backwards else forward)
    statement = (
        select(
            Case.id,
            Case.reference,
            Case.kind,
            Case.state,
            Case.student_id,
            Case.branch_id,
            Case.channel,
            Case.language,
            Case.received_on,
            Case.due_on,
            Case.extended_days,
            Case.sealed,
            Case.handler_id,
            Staff.name.label("handler"),
            Branch.name.label("branch"),
        )
        .outerjoin(Staff, Staff.id == Case.handler_id)
        .outerjoin(Branch, Branch.id == Case.branch_id)
        .where(*conditions)
        .limit(size + 1)
    )
    downwards = descending != backwards
    rows = list(session.execute(_ordered(statement, downwards)).all())
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        return Slice(rows[::-1], before=more, after=True)
    return Slice(rows, before=place is not None, after=more)


def _ordered(statement: Any, downwards: bool) -> Any:
    if downwards:
        return statement.order_by(Case.due_on.desc(), Case.id.desc())
    return statement.order_by(Case.due_on, Case.id)


def _place(session: Session, scope: BranchScope, reference: str) -> Any:
    row = session.execute(
        select(Case.due_on, Case.id).where(Case.reference == reference, within(scope, Case.branch_id))
    ).first()
    return tuple_(literal(row.due_on), literal(row.id)) if row else None


def case_id(session: Session, scope: BranchScope, reference: str) -> UUID | None:
    """The case of that reference, when it lies within the scope."""
    return session.execute(
        select(Case.id).where(Case.reference == reference, within(scope, Case.branch_id))
    ).scalar_one_or_none()


def _narrowed(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (Case.kind, wanted.kind),
        (Case.state, wanted.state),
        (Case.branch_id, wanted.branch_id),
        (Case.channel, wanted.channel),
        (Case.reference, wanted.reference),
    ):
        if value:
            conditions.append(column == value)
    if wanted.students is not None:
        conditions.append(Case.student_id.in_(list(wanted.students)) if wanted.students else false())
    return conditions


def targets(session: Session, case_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """What each of these cases is about, without opening anything."""
    found: dict[UUID, list[Any]] = {case_id: [] for case_id in case_ids}
    if not found:
        return found
    columns = (CaseItem.case_id, CaseItem.target, CaseItem.dataset, CaseItem.field, CaseItem.group, CaseItem.activity)
    for row in session.execute(
        select(*columns).where(CaseItem.case_id.in_(list(found))).order_by(CaseItem.case_id, CaseItem.position)
    ):
        found[row.case_id].append(row)
    return found


def students(session: Session, scope: BranchScope, ids: Collection[UUID], limit: int) -> list[Any]:
    """Those of these students that lie within the scope and are still kept: id, branch, its name, language."""
    if not ids:
        return []
    statement = (
        select(Student.id, Student.branch_id, Branch.name.label("branch"), Student.language)
        .join(Branch, Branch.id == Student.branch_id)
        .where(Student.id.in_(list(ids)), Student.state == "active", within(scope, Student.branch_id))
        .order_by(Student.id)
        .limit(limit)
    )
    return list(session.execute(statement).all())


def branches(session: Session, scope: BranchScope) -> list[Any]:
    """The branches that the actor may choose from: id, code, name."""
    return list(
        session.execute(
            select(Branch.id, Branch.code, Branch.name).where(within(scope, Branch.id)).order_by(Branch.name)
        ).all()
    )
