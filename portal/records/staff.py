"""Queries on staff and their designations."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from portal.records.tables.access import Absence, Designation, Staff


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
    statement = (
        select(Staff)
        .join(Designation, Designation.staff_id == Staff.id)
        .where(
            Designation.role == role,
            Staff.disabled_at.is_(None),
            Designation.starts_on <= today,
            or_(Designation.ends_on.is_(None), Designation.ends_on >= today),
        )
        .order_by(Staff.username)
    )
    if branch_id is not None:
        statement = statement.where(or_(Designation.branch_id == branch_id, Designation.branch_id.is_(None)))
    return list(session.execute(statement).scalars().unique())


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


def stood_in_for(session: Session, today: date, deputy_id: UUID) -> list[UUID]:
    """Those who are away today and for whom this person stands in."""
    found = session.execute(
        select(Absence.staff_id).where(
            Absence.deputy_id == deputy_id, Absence.starts_on <= today, Absence.ends_on >= today
        )
    ).scalars()
    return sorted(set(found), key=str)
