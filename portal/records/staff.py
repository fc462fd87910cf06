"""Queries on staff and their designations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, true
from sqlalchemy.orm import Session

from portal.domain.vocabulary import Role
from portal.records.tables.access import Absence, Designation, Staff


class Reader(NamedTuple):
    """One of staff, as far as a mail to them goes."""

    id: UUID
    email: str
    language: str


def at_work(session: Session, today: date) -> list[Staff]:
    """Accounts that hold a role today and may work: not disabled, confidentiality signed."""
    return list(
        session.execute(
            select(Staff)
            .where(
                Staff.disabled_at.is_(None),
                Staff.confidentiality_at.is_not(None),
                exists().where(
                    Designation.staff_id == Staff.id,
                    Designation.starts_on <= today,
                    or_(Designation.ends_on.is_(None), Designation.ends_on >= today),
                ),
            )
            .order_by(Staff.username)
        ).scalars()
    )


def active_staff(session: Session, today: date, role: str, branch_id: UUID | None) -> list[Staff]:
    """Accounts that hold a role today, in a branch (or in every one); disabled ones left out."""
    values = {"role": role, "today": today, **({"branch": branch_id} if branch_id is not None else {})}
    return list(session.execute(_in_branch if branch_id is not None else _anywhere, values).scalars().unique())


def to_tell(session: Session, today: date, role: str, branch_id: UUID | None) -> list[Reader]:
    """The same, to mail them."""
    values = {"role": role, "today": today, **({"branch": branch_id} if branch_id is not None else {})}
    rows = session.connection().execute(_told_in_branch if branch_id is not None else _told_anywhere, values)
    return [Reader(*row) for row in dict.fromkeys(rows)]


def handling(session: Session, today: date, branches: Collection[UUID] | None) -> list[tuple[UUID, str]]:
    """Id and name of those who may handle cases of these branches (None: of every one), whatever their role."""
    here = Designation.branch_id.in_(list(branches)) if branches is not None else true()
    rows = session.execute(select(Staff.id, Staff.name).where(handles(here)), {"today": today})
    return [(row.id, row.name) for row in rows]


def handles(here: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether an account may handle cases of the branches of which `here` is the condition; `today` is to be bound."""
    return and_(
        Staff.disabled_at.is_(None),
        exists().where(
            Designation.staff_id == Staff.id,
            Designation.starts_on <= bindparam("today"),
            or_(Designation.ends_on.is_(None), Designation.ends_on >= bindparam("today")),
            or_(
                Designation.role == Role.PRIVACY_OFFICER.value,
                Designation.role == Role.DIRECTOR.value,
                and_(Designation.role == Role.CASE_HANDLER.value, or_(here, Designation.branch_id.is_(None))),
            ),
        ),
    )


def branches_of(session: Session, today: date, staff_id: UUID | None) -> tuple[UUID, ...]:
    """The branches in which somebody handles cases by name today; none for whoever does so everywhere."""
    found = session.execute(
        select(Designation.branch_id).where(
            Designation.staff_id == staff_id,
            Designation.role == Role.CASE_HANDLER.value,
            Designation.starts_on <= today,
            or_(Designation.ends_on.is_(None), Designation.ends_on >= today),
        )
    ).scalars()
    return tuple(branch for branch in found if branch is not None)


_anywhere = (
    select(Staff)
    .join(Designation, Designation.staff_id == Staff.id)
    .where(
        Designation.role == bindparam("role"),
        Staff.disabled_at.is_(None),
        Designation.starts_on <= bindparam("today"),
        or_(Designation.ends_on.is_(None), Designation.ends_on >= bindparam("today")),
    )
    .order_by(Staff.username)
)
_in_branch = _anywhere.where(
    or_(Designation.branch_id == bindparam("branch", type_=Staff.id.type), Designation.branch_id.is_(None))
)
_told_anywhere, _told_in_branch = (
    each.with_only_columns(Staff.id, Staff.email, Staff.language) for each in (_anywhere, _in_branch)
)


def away(session: Session, today: date, staff_ids: Collection[UUID]) -> dict[UUID, Absence]:
    """Who of these is away today, with who stands in; the newest line counts."""
    if not staff_ids:
        return {}
    rows = session.execute(
        select(Absence)
        .where(Absence.staff_id.in_(list(staff_ids)), Absence.starts_on <= today, Absence.ends_on >= today)
        .order_by(Absence.created_at, Absence.id)
    ).scalars()
    return {row.staff_id: row for row in rows}
