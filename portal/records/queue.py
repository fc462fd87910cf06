"""What staff may find: cases and students within the branches of whoever asks. The branch filter stands here, once.
The queue itself is `portal.records.case_list`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    bindparam,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.domain.permissions import BranchScope
from portal.records.staff import handles
from portal.records.tables.access import Absence, Designation, Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import Branch, Student


def within(
    scope: BranchScope, branch: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """The condition that keeps every list to the actor's branches."""
    if scope.every:
        return true()
    allowed: ColumnElement[bool] = branch.in_(scope.branches) if scope.branches else false()
    return or_(allowed, branch.is_(None)) if scope.unplaced else allowed


def reach_of(scope: BranchScope) -> tuple[tuple[bool, bool, int], dict[str, UUID]]:
    """The shape of a scope, for statements that are put together once for it (`reached`), and what is bound in them."""
    places = {f"branch_{number}": place for number, place in enumerate(sorted(scope.branches, key=str))}
    return (scope.every, scope.unplaced, len(places)), places


def reached(branch: InstrumentedAttribute[Any], every: bool, unplaced: bool, branches: int) -> ColumnElement[bool]:
    """`within` for a scope of that shape."""
    if every:
        return true()
    here = [bindparam(f"branch_{number}", type_=branch.type) for number in range(branches)]
    allowed: ColumnElement[bool] = branch.in_(here) if here else false()
    return or_(allowed, branch.is_(None)) if unplaced else allowed


def case_id(session: Session, scope: BranchScope, reference: str) -> UUID | None:
    """The case of that reference, when it lies within the scope."""
    return session.execute(
        select(Case.id).where(Case.reference == reference, within(scope, Case.branch_id))
    ).scalar_one_or_none()


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


# Plans that hold for any value: to plan a list for those of each request takes several times as long as to read it.
GENERIC = func.set_config("plan_cache_mode", "force_generic_plan", true())


class Place(NamedTuple):
    """Where a case stands in a list."""

    id: UUID
    received_on: date
    due_on: date


@dataclass(slots=True)
class Around:
    """What stands around a list: branches to choose from (id, code, name), who handles cases there (id, name), those
    who are away, for whom this person stands in, and where the case stands from which one goes on."""

    branches: list[tuple[UUID, str, str]] = field(default_factory=list)
    handlers: list[tuple[UUID, str]] = field(default_factory=list)
    away: dict[UUID, str] = field(default_factory=dict)
    place: Place | None = None


def around(session: Session, scope: BranchScope, today: date, staff_id: UUID, reference: str = "") -> Around:
    """In one statement, since each page of the queue asks for all of it; `reference` is the case to go on from, which
    has no place where it is out of reach. On PostgreSQL it also asks, until the transaction ends, for such plans as
    lists and counts are written for (`GENERIC`)."""
    reach, branches = reach_of(scope)
    values = {**branches, "today": today, "me": staff_id, **({"here": reference} if reference else {})}
    connection, found = session.connection(), Around()
    rows = connection.execute(_around(reach, bool(reference), connection.dialect.name == "postgresql"), values).all()
    for what, row, code, name, *days in rows:
        if what == "branch":
            found.branches.append((row, code, name))
        elif what == "handler":
            found.handlers.append((row, name))
        elif what == "away":
            found.away[row] = name
        elif what == "place":
            found.place = Place(row, *days)
    return found


@lru_cache(maxsize=64)
def _around(reach: tuple[bool, bool, int], placed: bool, plans: bool) -> CompoundSelect[Any]:
    here = reached(Designation.branch_id, *reach)
    today: ColumnElement[date] = bindparam("today", type_=Absence.starts_on.type)
    none, nobody = null().cast(Branch.code.type), null().cast(Staff.id.type)
    no_days = [null().cast(Case.due_on.type).label(name) for name in ("received_on", "due_on")] if placed else []
    place = select(literal_column("'place'"), Case.id, none, none, Case.received_on, Case.due_on)
    known = Case.reference == bindparam("here", type_=Case.reference.type)
    return union_all(
        select(literal_column("'branch'"), Branch.id, Branch.code, Branch.name, *no_days).where(
            reached(Branch.id, *reach)
        ),
        select(literal_column("'handler'"), Staff.id, none, Staff.name, *no_days).where(handles(here)),
        select(literal_column("'away'"), Absence.staff_id, none, Staff.name, *no_days)
        .join(Staff, Staff.id == Absence.staff_id)
        .where(
            Absence.deputy_id == bindparam("me", type_=Staff.id.type),
            Absence.starts_on <= today,
            Absence.ends_on >= today,
        ),
        *([place.where(known, reached(Case.branch_id, *reach))] if placed else []),
        *([select(literal_column("'plans'"), nobody, none, GENERIC, *no_days)] if plans else []),
    )
