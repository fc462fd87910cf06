"""The queue of staff as a query whose cost follows the page, not the table.

A list over several states and branches is put together from arms, each with one state and one branch, so that every arm
is read from an index in the order of the list and stops after a page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, UnaryExpression
from sqlalchemy.types import NULLTYPE

from portal.records.case_filter import (
    FOUND,
    STATES,
    VALUES,
    Conditions,
    Order,
    Question,
    Shape,
    Tab,
    anywhere,
    bound,
    column_of,
    narrowed,
    of_tab,
    own,
    places_of,
    state_in,
    states_of,
    value_read_by,
    written,
)
from portal.records.queue import Place
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.people import Branch, Record
from portal.vault.many import Sealed


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list: what is shown of each case, what holds the names of their students (parts of `person`
    records), and whether there are more on either side."""

    rows: Sequence[Any]
    persons: Collection[Sealed]
    before: bool
    after: bool


NOTHING = Slice((), (), before=False, after=False)


def _arms(shape: Shape, tab: Tab) -> Iterator[Conditions]:
    """The list as parts without overlap, each with one state, one branch and, where it is somebody's, one handler."""
    states, places = states_of(shape, STATES[tab]), places_of(shape)
    fixed = [*of_tab(tab), *narrowed(shape)]
    whose = [Case.handler_id == each for each in own(shape)] if tab is Tab.MINE else [true()]
    if not places or not states:
        return
    if shape.given & FOUND:  # a few cases, looked up anyhow
        yield [anywhere(places), state_in(states), or_(*whose), *fixed]
        return
    for state, place, handler in product(states, places, whose):
        yield [state_in([state]), *place, handler, *fixed]


def cases(
    session: Session, asked: Question, size: int, after: Place | None = None, before: Place | None = None
) -> Slice:
    """A page of cases, from the start or from the place of one of them."""
    if asked.tab in asked.impossible:
        return NOTHING
    place = after or before
    backwards = before is place is not None
    downwards = asked.order.downwards != backwards
    connection = session.connection()
    cut = connection.dialect.name != "sqlite"
    statement = _listing(asked.shape, asked.tab, asked.order, downwards, place is not None, size + 1, cut)
    if statement is None:
        return NOTHING
    here = {"place_at": getattr(place, asked.order.column.key), "place_id": place.id} if place else {}
    parts = connection.execute(statement, {**asked.values, **here}).all()
    rows = list({row.reference: row for row in parts}.values())
    more = len(rows) > size
    if more:
        last = rows.pop().reference
        parts = [row for row in parts if row.reference != last]
    persons = {row.record_id: (row.student_id, *row[-3:]) for row in parts if row.record_id is not None}
    if backwards:
        return Slice(rows[::-1], persons.values(), before=more, after=True)
    return Slice(rows, persons.values(), before=place is not None, after=more)


@lru_cache(maxsize=256)
def _listing(shape: Shape, tab: Tab, order: Order, downwards: bool, placed: bool, limit: int, cut: bool) -> Any:
    """The statement of a page, None for a list that can hold nothing. SQLite merges arms that are sorted row by row;
    PostgreSQL sorts them, so that each is `cut` before."""
    arms = [_part(arm, order, downwards, placed, limit if cut else None) for arm in _arms(shape, tab)]
    return _whole(arms, order, downwards, limit) if arms else None


def _part(arm: Conditions, order: Order, downwards: bool, placed: bool, cut: int | None) -> Select[Any]:
    """One arm from the page's place on, which an index has in the order of the list: as it is, to be merged with the
    others no further than the page goes, or cut to the first rows. What is nobody's or nowhere stands in the order too:
    PostgreSQL takes no IS NULL for one value, and would sort what the index has sorted."""
    column = order.column
    nothing = [each.left for each in arm if isinstance(each, BinaryExpression) and each.operator is operators.is_]
    if cut is None:
        arm = _read_by_one_value(arm)
    statement = select(Case.id.label("id"), column.label("at")).where(*arm)
    if placed:
        key, place = tuple_(column, Case.id), tuple_(bound("place_at", column), bound("place_id", Case.id))
        statement = statement.where(key < place if downwards else key > place)
    if cut is None:
        return statement
    keys = (*nothing, column, Case.id)
    first = statement.order_by(*(each.desc() for each in keys) if downwards else keys).limit(written(cut))
    return select(first.subquery())


def _read_by_one_value(arm: Conditions) -> Conditions:
    """SQLite takes any index that fits; read by kind, an arm of a handler with no case in that branch would be looked
    through to its end. What has a plus before it is looked at, and no index is read by it. What is nobody's is no value
    here: most that came in is."""
    values: Conditions = [each for each in arm if isinstance(each, BinaryExpression) and each.operator is operators.eq]
    by = value_read_by(values)
    others = {*VALUES} - {by} if by else set()
    return [_looked_at(each) if column_of(each) in others else each for each in arm]


def _looked_at(asked: Any) -> ColumnElement[bool]:
    plain = UnaryExpression(asked.left, operator=operators.custom_op("+"), type_=asked.left.type)
    return BinaryExpression(plain, asked.right, asked.operator)


def _whole(arms: list[Select[Any]], order: Order, downwards: bool, limit: int) -> Any:
    """What the arms found, merged to one page, with what the page shows of each case: of what it is about their number
    and the first; of the student what holds the name, a row for each part of it; and where nobody knows the student
    what the case itself holds."""
    found = union_all(*arms) if len(arms) > 1 else arms[0]
    at, id = found.selected_columns.at, found.selected_columns.id
    page = found.order_by(*((at.desc(), id.desc()) if downwards else (at, id))).limit(written(limit)).subquery()
    ordered = (order.column.desc(), Case.id.desc()) if downwards else (order.column, Case.id)
    handler, item = aliased(Staff), aliased(CaseItem)
    parts = select(func.count()).select_from(CaseItem).where(CaseItem.case_id == Case.id).scalar_subquery()
    return (
        select(
            # Ids as they are stored: they only say whose key opens a name and where what is sealed lies.
            type_coerce(case((Case.student_id.is_(None), Case.id)), NULLTYPE).label("id"),
            Case.reference,
            Case.version,
            Case.kind,
            Case.state,
            type_coerce(Case.student_id, NULLTYPE).label("student_id"),
            Case.channel,
            Case.language,
            Case.received_on,
            Case.due_on,
            Case.extended_days,
            case((Case.student_id.is_(None), Case.sealed)).label("sealed"),
            handler.name.label("handler"),
            Branch.name.label("branch"),
            parts.label("parts"),
            item.target,
            item.dataset,
            item.field,
            item.group.label("group"),
            item.activity,
            type_coerce(Record.id, NULLTYPE).label("record_id"),
            Record.retention.label("record_retention"),
            Record.sealed.label("record_sealed"),
        )
        .join_from(page, Case, Case.id == page.c.id)
        .outerjoin(handler, handler.id == Case.handler_id)
        .outerjoin(Branch, Branch.id == Case.branch_id)
        .outerjoin(item, and_(item.case_id == Case.id, item.position == written(0)))
        .outerjoin(Record, and_(Record.student_id == Case.student_id, Record.dataset == literal_column("'person'")))
        .order_by(*ordered, Record.sorts, Record.id)
    )
