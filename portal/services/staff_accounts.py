"""Accounts of staff: the administrator makes and disables them; nothing of a student is seen here (regulation, art. 6).

Designations say who may do what, where, from when until when, and who said so.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import OPEN
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.tables.access import Designation, Login, Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import Branch
from portal.services import passwords
from portal.services.casework import NotFound
from portal.services.designate_staff import keep_an_administrator, lock_administrators
from portal.services.unit import Work, reading, writing

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9.\-_]{1,62}[a-z0-9])?")
_WORDS = """
appel boter brug duif eiland emmer fiets gras haven heuvel hout kaars kade kast ketel klei klok knoop koffer
kraan laken lamp ladder lepel linde maan mandje merel molen mouw nest olijf oever otter paard papier parel
peper pluim polder rots ruit schelp schip sjaal sleutel sloot sneeuw spiegel stoel strand tafel tegel toren
trein tulp veer venster viool vlag vlieger vork wagen water wolk zadel zand zeil zilver zomer zout
"""
WORDS = tuple(_WORDS.split())  # to be read out and typed once


@dataclass(frozen=True, slots=True)
class Placed:
    """One designation that counts today."""

    role: Role
    branch: str  # its name, "" for every branch
    since: date


@dataclass(frozen=True, slots=True)
class Account:
    id: UUID
    username: str
    name: str
    email: str
    language: str
    roles: tuple[Placed, ...]
    confidentiality_at: datetime | None
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BranchOfSchool:
    id: UUID
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Created:
    """`password` is shown once and must be changed at the first sign-in."""

    id: UUID
    username: str
    password: str


def accounts(actor: Actor, clock: Clock) -> tuple[Account, ...]:
    """All accounts with what they may do today, the active ones first."""
    with reading(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        placed = _placed(work)
        rows = work.session.execute(select(Staff).order_by(Staff.disabled_at.is_not(None), Staff.name)).scalars()
        return tuple(
            Account(
                row.id,
                row.username,
                row.name,
                row.email,
                row.language,
                tuple(placed.get(row.id, ())),
                row.confidentiality_at,
                row.disabled_at,
                row.created_at,
            )
            for row in rows
        )


def _placed(work: Work) -> dict[UUID, list[Placed]]:
    rows = work.session.execute(
        select(Designation.staff_id, Designation.role, Designation.starts_on, Branch.name)
        .outerjoin(Branch, Branch.id == Designation.branch_id)
        .where(
            Designation.starts_on <= work.today,
            or_(Designation.ends_on.is_(None), Designation.ends_on >= work.today),
        )
        .order_by(Designation.role, Branch.name)
    )
    found: dict[UUID, list[Placed]] = {}
    for row in rows:
        found.setdefault(row.staff_id, []).append(Placed(Role(row.role), row.name or "", row.starts_on))
    return found


def branches_of_school(actor: Actor, clock: Clock) -> tuple[BranchOfSchool, ...]:
    with reading(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        rows = work.session.execute(select(Branch.id, Branch.code, Branch.name).order_by(Branch.name))
        return tuple(BranchOfSchool(row.id, row.code, row.name) for row in rows)


def create_account(
    actor: Actor,
    clock: Clock,
    username: str,
    name: str,
    email: str,
    roles: Collection[Role],
    branches: Collection[UUID] = (),
    language: str = "nl",
    password: str | None = None,
) -> Created:
    """A new account with its designations from today, and a first password that must be changed.

    Raises Refused: username_invalid, username_taken, name_missing, email_invalid, role_missing, branch_missing,
    password_*; NotAllowed("fresh_sign_in_needed") when the sign-in is too long ago.
    """
    first = password or first_password()
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        wanted = username.strip().casefold()
        _check(work, wanted, name, email, roles, branches)
        if password is not None:
            passwords.check_new(password, wanted, name)
        staff = Staff(
            id=uuid7(),
            username=wanted,
            name=name.strip(),
            email=email.strip(),
            language=language,
            password_hash=passwords.hash_password(first),
            must_change_password=True,
            created_at=work.now,
        )
        work.session.add(staff)
        work.session.flush()
        for role in sorted(set(roles)):
            for branch_id in sorted(set(branches), key=str) if role is Role.CASE_HANDLER else (None,):
                _designate(work, staff.id, role, branch_id)
        work.note("create_staff", "staff", staff.id, roles=sorted(role.value for role in set(roles)))
        return Created(staff.id, wanted, first)


def first_password() -> str:
    """Six loose words: to be read out and typed once."""
    return "-".join(secrets.choice(WORDS) for _ in range(6))


def _designate(work: Work, staff_id: UUID, role: Role, branch_id: UUID | None) -> None:
    work.session.add(
        Designation(
            id=uuid7(),
            staff_id=staff_id,
            role=role.value,
            branch_id=branch_id,
            starts_on=work.today,
            designated_by=work.actor.id,
            created_at=work.now,
        )
    )


def _check(
    work: Work, username: str, name: str, email: str, roles: Collection[Role], branches: Collection[UUID]
) -> None:
    if not USERNAME.fullmatch(username) or len(username) < 3:
        raise Refused("username_invalid")
    if work.session.execute(select(Staff.id).where(Staff.username == username)).first():
        raise Refused("username_taken")
    if not name.strip():
        raise Refused("name_missing")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email.strip()) or len(email) > 254:
        raise Refused("email_invalid")
    if not roles:
        raise Refused("role_missing")
    known = set(work.session.execute(select(Branch.id).where(Branch.id.in_(list(branches)))).scalars())
    if (Role.CASE_HANDLER in roles and not known) or known != set(branches):
        raise Refused("branch_missing")


def _over(designation: Designation, today: date) -> bool:
    return designation.ends_on is not None and designation.ends_on < today


def open_cases_of(actor: Actor, clock: Clock, staff_id: UUID) -> int:
    """How many open cases are on this person's name; a number, nothing of a student."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        held = select(func.count()).where(Case.handler_id == staff_id, Case.state.in_([each.value for each in OPEN]))
        return work.session.execute(held).scalar_one()


def disable_account(actor: Actor, clock: Clock, staff_id: UUID) -> None:
    """Shuts an account: its sessions end at once, its designations today. Doing it twice changes nothing.

    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, last_administrator.
    """
    with writing(actor, clock) as work:
        held = lock_administrators(work)
        work.require(Act.MANAGE_STAFF)
        staff = work.session.get(Staff, staff_id, with_for_update=True)
        if staff is None:
            raise NotFound(str(staff_id))
        if staff.id == actor.id:
            raise Refused("not_yourself")
        if staff.disabled_at is not None:
            return
        if any(each.staff_id == staff.id and not _over(each, work.today) for each in held):
            keep_an_administrator(work, staff.id, work.today)
        staff.disabled_at = work.now
        work.session.execute(delete(Login).where(Login.staff_id == staff.id))
        open_ended = select(Designation).where(Designation.staff_id == staff.id, Designation.ends_on.is_(None))
        for designation in work.session.execute(open_ended).scalars():
            designation.ends_on = max(work.today, designation.starts_on)
        work.note("disable_staff", "staff", staff.id)
