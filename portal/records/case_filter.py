"""What a list of cases is narrowed to: what somebody asks for and may see, as conditions with values to bind.

Conditions of one shape are put together once and sent with the values of now. What is few and known is written out:
PostgreSQL keeps the plan of a statement whose sizes it can tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, bindparam, false, literal_column, or_, true
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.elements import BinaryExpression

from portal.domain.clock import MOST_DAYS
from portal.domain.lifecycle import ENDED, OPEN, UNDECIDED, CaseState
from portal.domain.permissions import BranchScope
from portal.domain.vocabulary import RequestKind
from portal.records.tables.cases import Case

WEEK = timedelta(days=7)
LONGEST_TERM = timedelta(days=MOST_DAYS)
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
class Shape:
    """All of a list but its values: statements of one shape are put together once, and sent with the values of now."""

    state: str | None
    branches: int  # how many are in reach, one by one; 0 with `every`
    every: bool
    unplaced: bool
    handlers: int  # whose cases are the own ones
    given: frozenset[str]  # names of the values that narrow it


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks for: the shape of its statements, what is bound in them, and the tabs that hold nothing."""

    looker: Looker
    tab: Tab
    order: Order
    shape: Shape
    values: dict[str, Any]
    impossible: frozenset[Tab]


Conditions = list[ColumnElement[bool]]
_EQUAL = {
    "kind": Case.kind,
    "handler_id": Case.handler_id,
    "channel": Case.channel,
    "language": Case.language,
    "reference": Case.reference,
}
VALUES = ("handler_id", "language", "channel", "kind")  # the one that leaves least comes first
FOUND = frozenset({"reference", "students"})  # what narrows a list to cases that a look-up found
_FROM = {"received_from": Case.received_on, "due_from": Case.due_on}
_UNTIL = {"received_until": Case.received_on, "due_until": Case.due_on}
# A due date lies after its receipt and within the longest term: so each order's index bounds the other's range.
_BOUNDS_FROM = {"received_after": Case.received_on, "due_after": Case.due_on}
_BOUNDS_UNTIL = {"received_before": Case.received_on, "due_before": Case.due_on}
BOUNDS = frozenset({*_BOUNDS_FROM, *_BOUNDS_UNTIL})
NARROWING = frozenset({*_EQUAL, *_FROM, *_UNTIL, *BOUNDS, "students"})


def question(looker: Looker, wanted: Wanted) -> Question:
    values = values_of(looker, wanted)
    shape = shape_of(looker, wanted, values)
    return Question(looker, wanted.tab, wanted.order, shape, values, impossible(looker, wanted))


def values_of(looker: Looker, wanted: Wanted) -> dict[str, Any]:
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
    found |= {f"handler_{number}": handler for number, handler in enumerate(looker.handlers)}
    found |= {"today": looker.today, "next_week": looker.today + WEEK}
    return {name: value for name, value in found.items() if value is not None}


def shape_of(looker: Looker, wanted: Wanted, values: Mapping[str, Any]) -> Shape:
    scope = looker.scope
    one = wanted.branch_id is not None
    return Shape(
        state=wanted.state,
        branches=int(scope.holds(wanted.branch_id)) if one else 0 if scope.every else len(scope.branches),
        every=scope.every and not one,
        unplaced=scope.unplaced and not one,
        handlers=len(looker.handlers),
        given=NARROWING.intersection(values),
    )


def impossible(looker: Looker, wanted: Wanted) -> frozenset[Tab]:
    """Tabs that hold nothing whatever there is, because what is asked for is the opposite of what they are."""
    found = set()
    if wanted.kind not in (None, RequestKind.COMPLAINT.value):
        found.add(Tab.COMPLAINTS)
    if wanted.handler_id is not None:
        found.add(Tab.UNASSIGNED)
        if wanted.handler_id not in looker.handlers:
            found.add(Tab.MINE)
    return frozenset(found)


def states_of(shape: Shape, states: Iterable[CaseState]) -> list[CaseState]:
    return sorted(state for state in states if shape.state in (None, state.value))


def state_in(states: Iterable[CaseState]) -> ColumnElement[bool]:
    return one_of(Case.state, [literal_column(f"'{state.value}'") for state in states])


def one_of(column: InstrumentedAttribute[Any], values: list[Any]) -> ColumnElement[bool]:
    return column == values[0] if len(values) == 1 else column.in_(values)


def own(shape: Shape) -> list[Any]:
    """Whose cases count as the own ones."""
    return [bound(f"handler_{number}", Case.id) for number in range(shape.handlers)]


def anywhere(places: list[Conditions]) -> ColumnElement[bool]:
    return or_(false(), *(and_(true(), *place) for place in places))


def places_of(shape: Shape) -> list[Conditions]:
    """The branches in reach, one by one: the branch filter under every list. A single empty condition where every
    branch is; nothing where none is."""
    if shape.every:
        return [[]]
    places: list[Conditions] = [[Case.branch_id == each] for each in branches_of(shape)]
    return [*places, [Case.branch_id.is_(None)]] if shape.unplaced else places


def branches_of(shape: Shape) -> list[Any]:
    return [bound(f"branch_{number}", Case.id) for number in range(shape.branches)]


def bound(name: str, like: InstrumentedAttribute[Any]) -> Any:
    return bindparam(name, type_=like.type)


def of_tab(tab: Tab) -> Conditions:
    match tab:
        case Tab.UNASSIGNED:
            return [Case.handler_id.is_(None)]
        case Tab.THIS_WEEK:
            return [Case.due_on >= bound("today", Case.due_on), Case.due_on < bound("next_week", Case.due_on)]
        case Tab.OVERDUE:
            return [Case.due_on < bound("today", Case.due_on)]
        case Tab.COMPLAINTS:
            return [Case.kind == literal_column(f"'{RequestKind.COMPLAINT}'")]
        case _:
            return []


def narrowed(shape: Shape, bounds: frozenset[str] = BOUNDS) -> Conditions:
    """`bounds`: those that help to read what is asked, for they narrow nothing."""
    given = shape.given - BOUNDS | shape.given & bounds
    conditions: Conditions = [column == bound(name, column) for name, column in _EQUAL.items() if name in given]
    for name, column in {**_FROM, **_BOUNDS_FROM}.items():
        conditions += [column >= bound(name, column)] if name in given else []
    for name, column in {**_UNTIL, **_BOUNDS_UNTIL}.items():
        conditions += [column <= bound(name, column)] if name in given else []
    if "students" in given:
        conditions.append(Case.student_id.in_(bindparam("students", expanding=True, type_=Case.id.type)))
    return conditions


def value_read_by(conditions: Conditions) -> str:
    """Of several values that are asked for the one whose index is read; the others are looked at there."""
    named = set(map(column_of, conditions))
    return next((name for name in VALUES if name in named), "")


def column_of(condition: ColumnElement[bool]) -> str:
    """The key of the column that a condition compares; "" where it compares none."""
    return str(condition.left.key) if isinstance(condition, BinaryExpression) else ""


def written(number: int) -> ColumnElement[int]:
    return literal_column(str(int(number)), Integer)
