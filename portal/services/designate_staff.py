"""Designate staff: who may do what, where, from when until when, and who said so (regulation, art. 6).

A designation counts through its last day. Ended or moved now, its last day is yesterday: what somebody no longer holds
is refused at their next request, since roles and branches are read anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.tables.access import Designation, Staff
from portal.records.tables.people import Branch
from portal.services.casework import NotFound
from portal.services.unit import Work, reading, writing

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DesignationShown:
    """One line of somebody's history; `branch` is "" for every branch, `until` the last day or None.

    A designation that was ended on its first day has an `until` before `since`: it never counted a whole day.
    """

    id: UUID
    role: Role
    branch_id: UUID | None
    branch: str
    since: date
    until: date | None
    by: str  # who designated, "" for the command line
    counts_today: bool


def designations_of(actor: Actor, clock: Clock, staff_id: UUID) -> tuple[DesignationShown, ...]:
    """Everything an account holds, will hold and held, the newest first. Raises NotFound."""
    with reading(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        if work.session.get(Staff, staff_id) is None:
            raise NotFound(str(staff_id))
        by = aliased(Staff)
        rows = work.session.execute(
            select(Designation, Branch.name.label("branch"), by.name.label("by"))
            .outerjoin(Branch, Branch.id == Designation.branch_id)
            .outerjoin(by, by.id == Designation.designated_by)
            .where(Designation.staff_id == staff_id)
            .order_by(Designation.starts_on.desc(), Designation.id.desc())
        )
        return tuple(_shown(row.Designation, row.branch, row.by, work.today) for row in rows)


def _shown(row: Designation, branch: str | None, by: str | None, today: date) -> DesignationShown:
    counts = row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)
    return DesignationShown(
        row.id, Role(row.role), row.branch_id, branch or "", row.starts_on, row.ends_on, by or "", counts
    )


def designate(
    actor: Actor,
    clock: Clock,
    staff_id: UUID,
    role: Role,
    branch_id: UUID | None = None,
    starts_on: date | None = None,
    until: date | None = None,
) -> UUID:
    """Gives somebody a role, of a case handler in one branch, from today or a later day, through `until` or open.

    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, account_disabled, branch_missing,
    branch_not_for_role, starts_in_past, period_wrong, already_designated.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        staff = _account(work, staff_id)
        return _add(work, staff, role, branch_id, starts_on or work.today, until)


def end_designation(actor: Actor, clock: Clock, designation_id: UUID, last_day: date | None = None) -> None:
    """Ends a designation now, or after a last day that is still to come (today counts).

    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, last_administrator, period_wrong,
    already_ended.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        row = _designation(work, designation_id)
        _account(work, row.staff_id, disabled_too=True)
        end_row(work, row, last_day)


def end_row(work: Work, row: Designation, last_day: date | None = None) -> None:
    """Ends it within a unit of work; the last administrator stays one."""
    if row.ends_on is not None and row.ends_on < work.today:
        raise Refused("already_ended")
    last = last_day or work.today - DAY
    if last_day is not None and (last_day < max(work.today, row.starts_on)):
        raise Refused("period_wrong")
    if row.role == Role.ADMINISTRATOR.value:
        keep_an_administrator(work, row.staff_id, last)
    row.ends_on = last
    work.note("end_designation", "staff", row.staff_id, role=row.role, last_day=last.isoformat())


def move(actor: Actor, clock: Clock, designation_id: UUID, branch_id: UUID) -> UUID:
    """Moves a case handler to another branch from this moment; returns the new designation, with the same last day.

    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, account_disabled, branch_missing,
    branch_not_for_role, already_designated, already_ended.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        row = _designation(work, designation_id)
        staff = _account(work, row.staff_id)
        until, starts_on = row.ends_on, max(work.today, row.starts_on)
        end_row(work, row)
        work.session.flush()
        return _add(work, staff, Role(row.role), branch_id, starts_on, until)


def _account(work: Work, staff_id: UUID, disabled_too: bool = False) -> Staff:
    """The account, locked; nobody changes what they hold themselves: another administrator does."""
    if staff_id == work.actor.id:
        raise Refused("not_yourself")
    staff = work.session.get(Staff, staff_id, with_for_update=True)
    if staff is None:
        raise NotFound(str(staff_id))
    if staff.disabled_at is not None and not disabled_too:
        raise Refused("account_disabled")
    return staff


def _designation(work: Work, designation_id: UUID) -> Designation:
    lock_administrators(work)
    row = work.session.get(Designation, designation_id, with_for_update=True)
    if row is None:
        raise NotFound(str(designation_id))
    return row


def lock_administrators(work: Work) -> list[Designation]:
    """Every designation of an administrator, locked in one order before any other row: two who end each other wait."""
    rows = work.session.execute(
        select(Designation)
        .where(Designation.role == Role.ADMINISTRATOR.value)
        .order_by(Designation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    return list(rows)


def _add(work: Work, staff: Staff, role: Role, branch_id: UUID | None, starts_on: date, until: date | None) -> UUID:
    _check(work, staff.id, role, branch_id, starts_on, until)
    made = Designation(
        id=uuid7(),
        staff_id=staff.id,
        role=role.value,
        branch_id=branch_id,
        starts_on=starts_on,
        ends_on=until,
        designated_by=work.actor.id,
        created_at=work.now,
    )
    work.session.add(made)
    work.note(
        "designate",
        "staff",
        staff.id,
        role=role.value,
        branch=branch_id.hex if branch_id else None,
        since=starts_on.isoformat(),
        last_day=until.isoformat() if until else None,
    )
    return made.id


def _check(work: Work, staff_id: UUID, role: Role, branch_id: UUID | None, starts_on: date, until: date | None) -> None:
    if role is Role.CASE_HANDLER:
        if branch_id is None or work.session.get(Branch, branch_id) is None:
            raise Refused("branch_missing")
    elif branch_id is not None:
        raise Refused("branch_not_for_role")
    if starts_on < work.today:
        raise Refused("starts_in_past")
    if until is not None and until < starts_on:
        raise Refused("period_wrong")
    same_branch = Designation.branch_id.is_(None) if branch_id is None else Designation.branch_id == branch_id
    overlaps = [or_(Designation.ends_on.is_(None), Designation.ends_on >= starts_on)]
    if until is not None:
        overlaps.append(Designation.starts_on <= until)
    found = select(Designation.id).where(
        Designation.staff_id == staff_id, Designation.role == role.value, same_branch, *overlaps
    )
    if work.session.execute(found).first():
        raise Refused("already_designated")


def keep_an_administrator(work: Work, going: UUID, last_day: date) -> None:
    """Refused when nobody else is administrator today and after `last_day`."""
    others = {
        row.staff_id
        for row in lock_administrators(work)
        if row.staff_id != going
        and row.starts_on <= work.today
        and (row.ends_on is None or row.ends_on > max(last_day, work.today))
    }
    enabled = select(Staff.id).where(Staff.id.in_(others), Staff.disabled_at.is_(None))
    if not work.session.execute(enabled).first():
        raise Refused("last_administrator")
