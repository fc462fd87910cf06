"""How many cases each tab of the queue holds: one statement whose cost follows COUNT_CAP, not the table.

Each part reads one index by what is fixed in it (a branch, a state, a value, a range of days) and looks there at what
else is asked, at COUNT_CAP + 1 cases at most. Counting asks for no order, so all states of a tab are one part of it,
where `case_list` has an arm for each. What is undecided is counted by when it is due; the longer lists are added up.
A part of which that was not the end a minute ago is not counted again: what is said of it has a plus.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Engine, and_, case, func, select, union_all
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
    column_of,
    narrowed,
    of_tab,
    one_of,
    own,
    places_of,
    state_in,
    states_of,
    value_read_by,
    written,
)
from portal.records.tables.cases import Case

COUNT_CAP = 500  # a tab says "500+" rather than count on
LOOKED = 10_000  # what a part says of each case that it looked at; of one that fits it says 1 more
STANDS = 60.0  # seconds that the count of a part which has more than it was looked at is told again
MOST_KEPT = 1_000  # lists of which a process knows such parts
OF_RECEIPT, OF_DUE = frozenset({"received_from", "received_until"}), frozenset({"due_from", "due_until"})
BY_RECEIPT, BY_DUE = frozenset({"received_after", "received_before"}), frozenset({"due_after", "due_before"})
LATER = "later"  # undecided, and due after this week
ADDED_UP = {Tab.ALL: (Tab.OVERDUE, Tab.THIS_WEEK, LATER, Tab.TO_CARRY_OUT), Tab.EVERYTHING: (Tab.ALL, Tab.CLOSED)}
TABS = tuple(Tab)
NOTHING = dict.fromkeys((*TABS, LATER), (0, 0))


class Counts(NamedTuple):
    """How many cases each tab is known to hold, at most COUNT_CAP, and which tabs may hold more."""

    known: dict[Tab, int]
    more: frozenset[Tab]


def counts(session: Session, asked: Question) -> Counts:
    """Of the list as it is narrowed; in one statement, or in none where it is known of every part that it has more."""
    shape, exact = asked.shape, bool(asked.shape.given & FOUND)
    connection = session.connection()
    told = {} if exact else known(connection.engine, asked)
    parts = dict(told)
    statement = _counting_found(shape) if exact else _counting(shape, asked.impossible.union(told))
    if statement is not None:
        counted = connection.execute(statement, asked.values).one()._mapping
        parts |= {name: (0, said) if exact else divmod(said, LOOKED) for name, said in counted.items()}
    if not told and (more_than_said := {name: said for name, said in parts.items() if said[0] > COUNT_CAP}):
        keep(connection.engine, asked, more_than_said)
    parts = NOTHING | parts
    for tab, added in ADDED_UP.items():
        looked, found = zip(*(parts[part] for part in added), strict=True)
        parts[tab] = max(looked), sum(found)
    more = frozenset(tab for tab in TABS if max(parts[tab]) > COUNT_CAP)
    return Counts({tab: min(parts[tab][1], COUNT_CAP) for tab in TABS}, more)


Looked = tuple[int, int]  # at how many cases, and how many of them fit
# Of each database what this process was told lately of parts that have more: by all that is asked, and until when.
_known: WeakKeyDictionary[Engine, dict[Any, tuple[float, dict[str, Looked]]]] = WeakKeyDictionary()


def known(engine: Engine, asked: Question) -> dict[str, Looked]:
    until, parts = _known.get(engine, {}).get(_key(asked), (0.0, {}))
    return parts if time.monotonic() < until else {}


def keep(engine: Engine, asked: Question, parts: dict[str, Looked]) -> None:
    """`parts` are not changed any more: other threads read them."""
    lists = _known.setdefault(engine, {})
    if len(lists) > MOST_KEPT:
        lists.clear()
    lists[_key(asked)] = time.monotonic() + STANDS, parts


def _key(asked: Question) -> object:
    return asked.shape, frozenset(asked.values.items())


def _parts(shape: Shape) -> dict[str, Conditions]:
    """What is counted, by name: every tab that may hold something and is not added up from others."""
    parts: dict[str, tuple[frozenset[CaseState], Conditions]]
    parts = {tab.value: (STATES[tab], of_tab(tab)) for tab in Tab if tab not in ADDED_UP}
    parts[Tab.MINE][1].append(one_of(Case.handler_id, own(shape)))
    parts[LATER] = (UNDECIDED, [Case.due_on >= bound("next_week", Case.due_on)])
    states = {name: states_of(shape, all_states) for name, (all_states, _) in parts.items()}
    return {name: [state_in(states[name]), *asked] for name, (_, asked) in parts.items() if states[name]}


@lru_cache(maxsize=256)
def _counting(shape: Shape, left_out: frozenset[str]) -> Any:
    """None where nothing is left to count."""
    counted = [_capped(shape, asked).label(name) for name, asked in _parts(shape).items() if name not in left_out]
    return select(*counted) if counted else None


def _capped(shape: Shape, conditions: Conditions) -> ColumnElement[int]:
    """The count of a part, place after place: it stops when it looked at more than a tab tells."""
    places = _places(shape)
    if not places:
        return written(0)
    by, left = _read_by(shape, conditions)
    fits = case((and_(*left), written(1))).label("fits") if left else written(1).label("fits")
    read = [select(fits).select_from(Case).where(*place, *by) for place in places]
    looked = (union_all(*read) if len(read) > 1 else read[0]).limit(written(COUNT_CAP + 1)).subquery()
    found = func.count(looked.c.fits) if left else func.count()
    return select(func.count() * written(LOOKED) + found).select_from(looked).scalar_subquery()


def _read_by(shape: Shape, conditions: Conditions) -> tuple[Conditions, Conditions]:
    """What one index holds together, and what else is asked: of the cases of a value those that are due within a
    range; of all cases those that are due, or came in, within one."""
    value = value_read_by([*conditions, *narrowed(shape)])
    receipt = not value and shape.given & OF_RECEIPT and not shape.given & OF_DUE
    within = {"state", value, "received_on" if receipt else "due_on"}
    asked = [*conditions, *narrowed(shape, BY_RECEIPT if receipt else BY_DUE)]
    together: Conditions = []
    besides: Conditions = []
    for each in asked:
        (together if column_of(each) in within else besides).append(each)
    return together, besides


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
