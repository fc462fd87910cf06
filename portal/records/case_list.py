"""The queue of staff as queries whose cost follows the page, not the table.

A list over several states and branches is put together from arms, each with one state and one branch, so that every arm
is read from an index in the order of the list and stops after a page. Counts stop at COUNT_CAP + 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from portal.domain.lifecycle import ENDED, OPEN, UNDECIDED, CaseState
from portal.domain.permissions import BranchScope
from portal.domain.vocabulary import RequestKind
from portal.records.queue import within
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import Branch

COUNT_CAP = 1000  # a tab says "1000+" rather than count on
WEEK = timedelta(days=7)
LONGEST_TERM = timedelta(days=130)  # from receipt to the last day that any law lets one promise, with room
MOST_IN_LIST = 5000  # ids of students that a name finds


class Tab(StrEnum):
    """The parts of the queue; the values stand in addresses."""

    ALL = "all"  # everything that is open
    MINE = "mine"  # and of whom the actor stands in for
    UNASSIGNED = "unassigned"
    THIS_WEEK = "this_week"
    OVERDUE = "overdue"
    TO_CARRY_OUT = "to_carry_out"
    COMPLAINTS = "complaints"
    CLOSED = "closed"
    EVERYTHING = "everything"  # what a search looks through


STATES: dict[Tab, frozenset[CaseState]] = {
    Tab.ALL: OPEN,
    Tab.MINE: OPEN,
    Tab.UNASSIGNED: UNDECIDED,
    Tab.THIS_WEEK: UNDECIDED,
    Tab.OVERDUE: UNDECIDED,
    Tab.TO_CARRY_OUT: frozenset({CaseState.DECIDED}),
    Tab.COMPLAINTS: OPEN,
    Tab.CLOSED: ENDED,
    Tab.EVERYTHING: frozenset(CaseState),
}


class Order(StrEnum):
    """What a list is sorted by; a minus begins at the end."""

    DUE = "due"
    DUE_LAST = "-due"
    RECEIVED = "received"
    RECEIVED_LAST = "-received"

    @property
    def column(self) -> Any:
        return Case.due_on if self.value.endswith("due") else Case.received_on

    @property
    def downwards(self) -> bool:
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; None means everything. `students` comes from a look-up by name or number."""

    tab: Tab = Tab.ALL
    order: Order = Order.DUE
    kind: str | None = None
    state: str | None = None
    branch_id: UUID | None = None
    handler_id: UUID | None = None
    channel: str | None = None
    language: str | None = None
    received_from: date | None = None
    received_until: date | None = None
    due_from: date | None = None
    due_until: date | None = None
    reference: str | None = None
    students: Collection[UUID] | None = None


@dataclass(frozen=True, slots=True)
class Looker:
    """Whose list it is: the branches in reach, whose cases count as the own ones, and what day it is."""

    scope: BranchScope
    handlers: tuple[UUID, ...]
    today: date


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: its rows and whether there are more on either side."""

    rows: list[Any]
    before: bool
    after: bool


Conditions = list[ColumnElement[bool]]


def _arms(looker: Looker, wanted: Wanted) -> Iterator[Conditions]:
    """The list as parts without overlap, each with one state, and one branch or one handler."""
    states = sorted(state.value for state in STATES[wanted.tab] if wanted.state in (None, state.value))
    fixed = [*_of_tab(looker, wanted.tab), *_narrowed(wanted)]
    if wanted.reference is not None or wanted.students is not None:
        yield [within(looker.scope, Case.branch_id), Case.state.in_(states), *fixed]
        return
    if wanted.tab is Tab.MINE:
        for state, handler in product(states, looker.handlers):
            yield [Case.state == state, Case.handler_id == handler, within(looker.scope, Case.branch_id), *fixed]
        return
    for state, place in product(states, _places(looker.scope, wanted)):
        yield [Case.state == state, *place, *fixed]


def _places(scope: BranchScope, wanted: Wanted) -> list[Conditions]:
    """The branches in reach, one by one; a single empty condition where every branch is."""
    if wanted.branch_id is not None:
        return [[Case.branch_id == wanted.branch_id]] if scope.holds(wanted.branch_id) else []
    if scope.every:
        return [[]]
    places: list[Conditions] = [[Case.branch_id == branch] for branch in sorted(scope.branches, key=str)]
    return [*places, [Case.branch_id.is_(None)]] if scope.unplaced else places


def _of_tab(looker: Looker, tab: Tab) -> Conditions:
    today = looker.today
    match tab:
        case Tab.UNASSIGNED:
            return [Case.handler_id.is_(None)]
        case Tab.THIS_WEEK:
            return [Case.due_on >= today, Case.due_on < today + WEEK]
        case Tab.OVERDUE:
            return [Case.due_on < today]
        case Tab.COMPLAINTS:
            return [Case.kind == RequestKind.COMPLAINT.value]
        case _:
            return []


def _narrowed(wanted: Wanted) -> Conditions:
    equal = (
        (Case.kind, wanted.kind),
        (Case.handler_id, wanted.handler_id),
        (Case.channel, wanted.channel),
        (Case.language, wanted.language),
        (Case.reference, wanted.reference),
    )
    conditions: Conditions = [column == value for column, value in equal if value is not None]
    conditions += _between(Case.received_on, wanted.received_from, wanted.received_until)
    conditions += _between(Case.due_on, wanted.due_from, wanted.due_until)
    # a due date lies after its receipt and within the longest term: so each order's index bounds the other's range
    conditions += _between(
        Case.due_on, wanted.received_from, wanted.received_until and wanted.received_until + LONGEST_TERM
    )
    conditions += _between(Case.received_on, wanted.due_from and wanted.due_from - LONGEST_TERM, wanted.due_until)
    if wanted.students is not None:
        conditions.append(Case.student_id.in_(sorted(wanted.students)[:MOST_IN_LIST]))
    return conditions


def _between(column: InstrumentedAttribute[date], first: date | None, last: date | None) -> Conditions:
    found: Conditions = []
    if first is not None:
        found.append(column >= first)
    if last is not None:
        found.append(column <= last)
    return found


def counts(session: Session, looker: Looker) -> dict[Tab, int]:
    """How many cases each tab holds, at most COUNT_CAP + 1, in one statement."""
    columns = []
    for tab in Tab:
        arms = [
            select(select(literal(1).label("one")).where(*arm).limit(COUNT_CAP + 1).subquery())
            for arm in _arms(looker, Wanted(tab))
        ]
        if arms:
            some = union_all(*arms).limit(COUNT_CAP + 1).subquery()
            columns.append(select(func.count()).select_from(some).scalar_subquery().label(tab.value))
    row = session.execute(select(*columns)).one() if columns else None
    return {tab: getattr(row, tab.value, 0) for tab in Tab}


def cases(session: Session, looker: Looker, wanted: Wanted, size: int, after: str = "", before: str = "") -> Slice:
    """A page of cases. `after` and `before` are references of the list's own rows; one that is out of reach begins at
    the start."""
    place = _place(session, looker, wanted.order, after or before) if after or before else None
    backwards = bool(before) and place is not None
    downwards = wanted.order.downwards != backwards
    arms = [_part(arm, wanted.order, place, downwards, size + 1) for arm in _arms(looker, wanted)]
    if not arms:
        return Slice([], before=False, after=False)
    rows = list(session.execute(_whole(arms, downwards, size + 1)).all())
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        return Slice(rows[::-1], before=more, after=True)
    return Slice(rows, before=place is not None, after=more)


def _part(arm: Conditions, order: Order, place: Any, downwards: bool, limit: int) -> Select[Any]:
    """The first rows of one arm, in the order of the list, from the page's place on."""
    column = order.column
    statement = select(Case.id.label("id"), column.label("at")).where(*arm).limit(limit)
    if place is not None:
        key = tuple_(column, Case.id)
        statement = statement.where(key < place if downwards else key > place)
    ordered = (column.desc(), Case.id.desc()) if downwards else (column, Case.id)
    return select(statement.order_by(*ordered).subquery())


def _whole(arms: list[Select[Any]], downwards: bool, limit: int) -> Any:
    """What the arms found, merged to one page, with what the page shows of each case."""
    found = union_all(*arms).subquery()
    way = (found.c.at.desc(), found.c.id.desc()) if downwards else (found.c.at, found.c.id)
    page = select(found.c.id, found.c.at).order_by(*way).limit(limit).subquery()
    ordered = (page.c.at.desc(), page.c.id.desc()) if downwards else (page.c.at, page.c.id)
    handler = aliased(Staff)
    return (
        select(
            Case.id,
            Case.reference,
            Case.version,
            Case.kind,
            Case.state,
            Case.student_id,
            Case.channel,
            Case.language,
            Case.received_on,
            Case.due_on,
            Case.extended_days,
            Case.sealed,
            Case.handler_id,
            handler.name.label("handler"),
            Branch.name.label("branch"),
        )
        .join_from(page, Case, Case.id == page.c.id)
        .outerjoin(handler, handler.id == Case.handler_id)
        .outerjoin(Branch, Branch.id == Case.branch_id)
        .order_by(*ordered)
    )


def _place(session: Session, looker: Looker, order: Order, reference: str) -> Any:
    row = session.execute(
        select(order.column.label("at"), Case.id).where(
            Case.reference == reference, within(looker.scope, Case.branch_id)
        )
    ).first()
    return tuple_(literal(row.at), literal(row.id)) if row else None
