"""The queue of staff as queries whose cost follows the page, not the table.

A list over several states and branches is put together from arms, each with one state and one branch, so that every arm
is read from an index in the order of the list and stops after a page. Counts stop at COUNT_CAP + 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
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


@dataclass(frozen=True, slots=True)
class _Shape:
    """All of a list but its values: statements of one shape are put together once, and sent with the values of now."""

    states: tuple[str, ...]
    tab: Tab
    branches: int  # how many are in reach, one by one; 0 with `every`
    every: bool
    unplaced: bool
    handlers: int  # of whom the list is, where it is somebody's
    given: frozenset[str]  # names of the values that narrow it


Conditions = list[ColumnElement[bool]]
_EQUAL = {
    "kind": Case.kind,
    "handler_id": Case.handler_id,
    "channel": Case.channel,
    "language": Case.language,
    "reference": Case.reference,
}
FOUND = frozenset({"reference", "students"})  # what narrows a list to cases that a look-up found
_FROM = {"received_from": Case.received_on, "due_from": Case.due_on, "received_after": Case.received_on}
_UNTIL = {"received_until": Case.received_on, "due_until": Case.due_on, "due_before": Case.due_on}
# A due date lies after its receipt and within the longest term: so each order's index bounds the other's range.
_FROM |= {"due_after": Case.due_on}
_UNTIL |= {"received_before": Case.received_on}


def _values(looker: Looker, wanted: Wanted) -> dict[str, Any]:
    """What is bound in the statements of this list; what narrows nothing is left out."""
    scope = looker.scope
    if wanted.branch_id is not None:
        branches = [wanted.branch_id]
    else:
        branches = [] if scope.every else sorted(scope.branches, key=str)
    students = None if wanted.students is None else sorted(wanted.students)[:MOST_IN_LIST]
    found: dict[str, Any] = {
        **{f"branch_{number}": branch for number, branch in enumerate(branches)},
        "kind": wanted.kind,
        "handler_id": wanted.handler_id,
        "channel": wanted.channel,
        "language": wanted.language,
        "reference": wanted.reference,
        "students": students,
        "received_from": wanted.received_from,
        "received_until": wanted.received_until,
        "due_from": wanted.due_from,
        "due_until": wanted.due_until,
        "due_after": wanted.received_from,
        "due_before": wanted.received_until and wanted.received_until + LONGEST_TERM,
        "received_after": wanted.due_from and wanted.due_from - LONGEST_TERM,
        "received_before": wanted.due_until,
    }
    if wanted.tab is Tab.MINE:
        found |= {f"handler_{number}": handler for number, handler in enumerate(looker.handlers)}
    if wanted.tab in {Tab.THIS_WEEK, Tab.OVERDUE}:
        found |= {"today": looker.today, "next_week": looker.today + WEEK}
    return {name: value for name, value in found.items() if value is not None}


def _shape(looker: Looker, wanted: Wanted) -> _Shape:
    scope = looker.scope
    one = wanted.branch_id is not None
    within_reach = not one or scope.holds(wanted.branch_id)
    states = sorted(state.value for state in STATES[wanted.tab] if wanted.state in (None, state.value))
    return _Shape(
        states=tuple(states) if within_reach else (),
        tab=wanted.tab,
        branches=1 if one else 0 if scope.every else len(scope.branches),
        every=scope.every and not one,
        unplaced=scope.unplaced and not one,
        handlers=len(looker.handlers) if wanted.tab is Tab.MINE else 0,
        given=frozenset(_values(looker, wanted)) & {*_EQUAL, *_FROM, *_UNTIL, "students"},
    )


def _arms(shape: _Shape) -> Iterator[Conditions]:
    """The list as parts without overlap, each with one state, one branch and, where it is somebody's, one handler."""
    fixed = [*_of_tab(shape.tab), *_narrowed(shape.given)]
    places = _places(shape)
    if not places or not shape.states:
        return
    if shape.given & FOUND:
        yield [_anywhere(places), *_of_states(shape), *fixed]
        return
    if shape.tab is Tab.MINE:
        for state, place, number in product(shape.states, places, range(shape.handlers)):
            yield [Case.state == state, *place, Case.handler_id == _bound(f"handler_{number}", Case.id), *fixed]
        return
    for state, place in product(shape.states, places):
        yield [Case.state == state, *place, *fixed]


def _of_states(shape: _Shape) -> Conditions:
    """The states of the list and, where it is somebody's, whose; for a few cases that are looked up anyhow."""
    mine = [Case.handler_id == _bound(f"handler_{number}", Case.id) for number in range(shape.handlers)]
    return [Case.state.in_(shape.states), *([or_(*mine)] if mine else [])]


def _anywhere(places: list[Conditions]) -> ColumnElement[bool]:
    return or_(*(and_(true(), *place) for place in places))


def _places(shape: _Shape) -> list[Conditions]:
    """The branches in reach, one by one: the branch filter under every list. A single empty condition where every
    branch is; nothing where none is."""
    if shape.every:
        return [[]]
    places: list[Conditions] = [
        [Case.branch_id == _bound(f"branch_{number}", Case.id)] for number in range(shape.branches)
    ]
    return [*places, [Case.branch_id.is_(None)]] if shape.unplaced else places


def _bound(name: str, like: InstrumentedAttribute[Any]) -> Any:
    return bindparam(name, type_=like.type)


def _of_tab(tab: Tab) -> Conditions:
    match tab:
        case Tab.UNASSIGNED:
            return [Case.handler_id.is_(None)]
        case Tab.THIS_WEEK:
            return [Case.due_on >= _bound("today", Case.due_on), Case.due_on < _bound("next_week", Case.due_on)]
        case Tab.OVERDUE:
            return [Case.due_on < _bound("today", Case.due_on)]
        case Tab.COMPLAINTS:
            return [Case.kind == RequestKind.COMPLAINT.value]
        case _:
            return []


def _narrowed(given: frozenset[str]) -> Conditions:
    conditions: Conditions = [column == _bound(name, column) for name, column in _EQUAL.items() if name in given]
    conditions += [column >= _bound(name, column) for name, column in _FROM.items() if name in given]
    conditions += [column <= _bound(name, column) for name, column in _UNTIL.items() if name in given]
    if "students" in given:
        conditions.append(Case.student_id.in_(bindparam("students", expanding=True, type_=Case.id.type)))
    return conditions


def counts(session: Session, looker: Looker, wanted: Wanted) -> dict[Tab, int]:
    """How many cases each tab holds, narrowed as the list is, at most COUNT_CAP + 1, in one statement."""
    lists = [replace(wanted, tab=tab) for tab in Tab]
    shapes = tuple(_shape(looker, each) for each in lists)
    values = {name: value for each in lists for name, value in _values(looker, each).items()}
    statement = _counting_found(shapes) if shapes[0].given & FOUND else _counting(shapes)
    row = session.execute(statement, values).one()
    return {tab: min(getattr(row, tab.value), COUNT_CAP + 1) for tab in Tab}


@lru_cache(maxsize=64)
def _counting_found(shapes: tuple[_Shape, ...]) -> Any:
    """Of cases that a look-up found: each is read once, however many tabs hold it."""
    places = _places(shapes[0])
    columns = [
        func.count(Case.id).filter(*_of_states(shape), *_of_tab(shape.tab)).label(shape.tab.value) for shape in shapes
    ]
    return select(*columns).where(_anywhere(places) if places else false(), *_narrowed(shapes[0].given))


@lru_cache(maxsize=64)
def _counting(shapes: tuple[_Shape, ...]) -> Any:
    columns = []
    for shape in shapes:
        arms = [
            select(select(literal(1).label("one")).where(*arm).limit(COUNT_CAP + 1).subquery()) for arm in _arms(shape)
        ]
        if arms:
            some = union_all(*arms).limit(COUNT_CAP + 1).subquery()
            columns.append(select(func.count()).select_from(some).scalar_subquery().label(shape.tab.value))
        else:
            columns.append(literal(0).label(shape.tab.value))
    return select(*columns)


def cases(session: Session, looker: Looker, wanted: Wanted, size: int, after: str = "", before: str = "") -> Slice:
    """A page of cases. `after` and `before` are references of the list's own rows; one that is out of reach begins at
    the start."""
    shape, values = _shape(looker, wanted), _values(looker, wanted)
    place = _place(session, looker, wanted.order, after or before) if after or before else None
    backwards = bool(before) and place is not None
    downwards = wanted.order.downwards != backwards
    statement = _listing(shape, wanted.order, downwards, place is not None, size + 1)
    if statement is None:
        return Slice([], before=False, after=False)
    rows = list(session.execute(statement, {**values, **(place or {})}).all())
    more = len(rows) > size
    rows = rows[:size]
    if backwards:
        return Slice(rows[::-1], before=more, after=True)
    return Slice(rows, before=place is not None, after=more)


@lru_cache(maxsize=256)
def _listing(shape: _Shape, order: Order, downwards: bool, placed: bool, limit: int) -> Any:
    """The statement of a page, None for a list that can hold nothing."""
    arms = [_part(arm, order, downwards, placed, limit) for arm in _arms(shape)]
    return _whole(arms, downwards, limit) if arms else None


def _part(arm: Conditions, order: Order, downwards: bool, placed: bool, limit: int) -> Select[Any]:
    """The first rows of one arm, in the order of the list, from the page's place on."""
    column = order.column
    statement = select(Case.id.label("id"), column.label("at")).where(*arm).limit(limit)
    if placed:
        key, place = tuple_(column, Case.id), tuple_(_bound("place_at", column), _bound("place_id", Case.id))
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


def _place(session: Session, looker: Looker, order: Order, reference: str) -> dict[str, Any] | None:
    row = session.execute(
        select(order.column.label("at"), Case.id).where(
            Case.reference == reference, within(looker.scope, Case.branch_id)
        )
    ).first()
    return {"place_at": row.at, "place_id": row.id} if row else None
