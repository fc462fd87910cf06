"""How many cases each tab of the queue holds: one statement whose cost follows COUNT_CAP, not the table.

Counting asks for no order, so all branches and states of a tab are one part of it, where `case_list` has an arm for
each. What is undecided is counted by when it is due; the longer lists are added up.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Label, false, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.records.case_filter import (
    FOUND,
    STATES,
    Conditions,
    Question,
    Shape,
    Tab,
    anywhere,
    bound,
    branches_of,
    narrowed,
    of_tab,
    one_of,
    own,
    places_of,
    state_in,
    states_of,
    written,
)
from portal.records.tables.cases import Case

COUNT_CAP = 1000  # a tab says "1000+" rather than count on
VALUES = frozenset({"kind", "handler_id", "channel", "language"})
BY_DUE = frozenset({"due_after", "due_before"})
LATER = "later"  # undecided, and due after this week
ADDED_UP = {Tab.ALL: (Tab.OVERDUE, Tab.THIS_WEEK, LATER, Tab.TO_CARRY_OUT), Tab.EVERYTHING: (Tab.ALL, Tab.CLOSED)}


def counts(session: Session, asked: Question) -> dict[Tab, int]:
    """How many cases each tab holds, narrowed as the list is, at most COUNT_CAP + 1, in one statement."""
    shape = asked.shape
    statement = _counting_found(shape) if shape.given & FOUND else _counting(shape, asked.impossible)
    found = dict(session.connection().execute(statement, asked.values).one()._mapping)
    for tab, parts in ADDED_UP.items():
        found[tab] = sum(found[part] for part in parts)
    return {tab: min(found[tab], COUNT_CAP + 1) for tab in Tab}


def _parts(shape: Shape) -> dict[str, Conditions]:
    """What is counted, by name: every tab that is not added up from others."""
    found = {tab.value: [*_states(shape, STATES[tab]), *of_tab(tab)] for tab in Tab if tab not in ADDED_UP}
    found[Tab.MINE].append(one_of(Case.handler_id, own(shape)))
    found[LATER] = [*_states(shape, UNDECIDED), Case.due_on >= bound("next_week", Case.due_on)]
    return found


def _states(shape: Shape, of_tab: frozenset[CaseState]) -> Conditions:
    states = states_of(shape, of_tab)
    return [state_in(states) if states else false()]


@lru_cache(maxsize=64)
def _counting(shape: Shape, impossible: frozenset[Tab]) -> Any:
    return select(
        *(
            (_capped(shape, conditions) if name not in impossible else literal_column("0")).label(name)
            for name, conditions in _parts(shape).items()
        )
    )


def _capped(shape: Shape, conditions: Conditions) -> ColumnElement[int]:
    """The count of a part, place after place: it stops when it is more than a tab tells."""
    one: Label[int] = literal_column("1", Integer).label("one")
    more = [*conditions, *narrowed(shape, _bounds(shape))]
    found = [select(one).select_from(Case).where(*place, *more) for place in _places(shape)]
    if not found:
        return literal_column("0", Integer)
    some = union_all(*found) if len(found) > 1 else found[0]
    return select(func.count()).select_from(some.limit(written(COUNT_CAP + 1)).subquery()).scalar_subquery()


def _bounds(shape: Shape) -> frozenset[str]:
    """Where a value is asked for its index is in the order of due dates, and days of receipt need a bound there. Else
    there is an index for either range, from which one more would only lead away."""
    return BY_DUE if shape.given & VALUES else frozenset()


def _places(shape: Shape) -> list[Conditions]:
    """`places_of`, with all branches at once; but branch by branch where the list is narrowed, for which SQLite would
    take an index that knows no branches."""
    if shape.branches < 2 or shape.given:
        return places_of(shape)
    together: list[Conditions] = [[Case.branch_id.in_(branches_of(shape))]]
    return [*together, [Case.branch_id.is_(None)]] if shape.unplaced else together


@lru_cache(maxsize=64)
def _counting_found(shape: Shape) -> Any:
    """Of cases that a look-up found: each is read once, however many tabs hold it."""
    columns = [func.count(Case.id).filter(*conditions).label(name) for name, conditions in _parts(shape).items()]
    return select(*columns).where(anywhere(places_of(shape)), *narrowed(shape))
