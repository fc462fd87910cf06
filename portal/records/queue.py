"""What staff may find: cases and students within the branches of whoever asks. The branch filter stands here, once.
The queue itself is `portal.records.case_list`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.domain.permissions import BranchScope
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.people import Branch, Student


def within(
    scope: BranchScope, branch: InstrumentedAttribute[UUID | None] | InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    """The condition that keeps every list to the actor's branches."""
    if scope.every:
        return true()
    allowed: ColumnElement[bool] = branch.in_(scope.branches) if scope.branches else false()
    return or_(allowed, branch.is_(None)) if scope.unplaced else allowed


def case_id(session: Session, scope: BranchScope, reference: str) -> UUID | None:
    """The case of that reference, when it lies within the scope."""
    return session.execute(
        select(Case.id).where(Case.reference == reference, within(scope, Case.branch_id))
    ).scalar_one_or_none()


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


def names_of_staff(session: Session, ids: Collection[UUID]) -> tuple[str, ...]:
    rows = session.execute(select(Staff.name).where(Staff.id.in_(list(ids))).order_by(Staff.name)).scalars()
    return tuple(rows)
