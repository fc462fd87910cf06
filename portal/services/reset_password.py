"""A forgotten password: an administrator has a one-time link mailed, its reader chooses the new password.

The administrator sees no link and chooses nothing (ASVS 6.4.6); the second factor stays and is asked at the next
sign-in (ASVS 6.4.3). The old password works until the link is used, so a lost mail locks nobody out.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind
from portal.mail import messages
from portal.records.tables.access import OneTime, Staff
from portal.records.tables.factors import StaffReset
from portal.services import limits, own_sessions, passwords
from portal.services.casework import NotFound
from portal.services.sign_in import LinkState, sha256
from portal.services.unit import Work, reading, writing

PURPOSE = "staff_reset"
VALID = timedelta(minutes=60)


def send_link(actor: Actor, clock: Clock, staff_id: UUID) -> None:
    """Mails the person a link with which to choose a new password within an hour; an older link is dead.

    Raises NotFound, limits.TooMany, NotAllowed (also "fresh_sign_in_needed"), Refused("account_disabled").
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        staff = work.session.get(Staff, staff_id, with_for_update=True)
        if staff is None:
            raise NotFound(str(staff_id))
        if staff.disabled_at is not None:
            raise Refused("account_disabled")
        if not limits.count(work, "staff_reset", str(staff.id)):
            raise limits.TooMany("too_many", limit="staff_reset")
        _void_older(work, staff.id)
        row, token = uuid7(), secrets.token_urlsafe(32)
        expires_at = work.now + VALID
        work.session.add(
            OneTime(
                id=row,
                purpose=PURPOSE,
                token_digest=sha256(token),
                created_at=work.now,
                expires_at=expires_at,
            )
        )
        work.session.flush()
        work.session.add(StaffReset(one_time_id=row, staff_id=staff.id, issued_by=actor.id))
        first = staff.must_change_password
        key = f"{PURPOSE}:{row}"
        work.send(messages.staff_password_reset(staff.email, staff.language, token, key, expires_at, first))
        work.note("send_password_link", "staff", staff.id)


def look(clock: Clock, token: str) -> LinkState:
    """What a link would do: ready, used, replaced, old or unknown. Changes nothing."""
    with reading(ANONYMOUS, clock) as work:
        return _find(work, token)[0]


def whose(clock: Clock, token: str) -> str:
    """The user name for which this link chooses a password; "" where it does not work (any more)."""
    with reading(ANONYMOUS, clock) as work:
        state, _row, staff = _find(work, token)
        return staff.username if staff is not None and state is LinkState.READY else ""


def choose(clock: Clock, token: str, new: str, place: str) -> LinkState:
    """Sets the password that the link's reader chose and signs the account out everywhere; READY when it is done.

    Any other state says why the link does not work. It signs nobody in. `place` is the visitor's network address.
    Raises limits.TooMany, Refused: password_too_short, password_too_long, password_common; the link stays good then.
    """
    limits.demand(clock, "staff_reset_place", place)
    limits.demand(clock, "staff_reset_all", limits.EVERYBODY)
    with reading(ANONYMOUS, clock) as work:
        state, row, staff = _find(work, token)
        if state is not LinkState.READY or row is None or staff is None:
            return state
        row_id, staff_id, name = row.id, staff.id, staff.name
        about = (staff.username, name, staff.email.partition("@")[0])
    passwords.check_new(new, *about)
    hashed = passwords.hash_password(new)
    with writing(Actor(ActorKind.STAFF, id=staff_id, name=name), clock) as work:
        if not _use(work, row_id):
            return _find(work, token)[0]
        account = work.session.get(Staff, staff_id, with_for_update=True)
        if account is None or account.disabled_at is not None:
            return LinkState.UNKNOWN
        account.password_hash = hashed
        account.must_change_password = False
        own_sessions.end_all(work, account.id)
        _void_older(work, account.id)
        work.note("reset_password", "staff", account.id)
    return LinkState.READY


def _find(work: Work, token: str) -> tuple[LinkState, OneTime | None, Staff | None]:
    found = work.session.execute(
        select(OneTime, Staff)
        .join(StaffReset, StaffReset.one_time_id == OneTime.id)
        .join(Staff, Staff.id == StaffReset.staff_id)
        .where(OneTime.purpose == PURPOSE, OneTime.token_digest == sha256(token), Staff.disabled_at.is_(None))
    ).first()
    if found is None:
        return LinkState.UNKNOWN, None, None
    row, staff = found.OneTime, found.Staff
    return _state(work, row), row, staff


def _state(work: Work, row: OneTime) -> LinkState:
    if row.used_at is not None:
        return LinkState.USED
    if row.void_at is not None:
        return LinkState.REPLACED
    return LinkState.OLD if work.now >= row.expires_at else LinkState.READY


def _use(work: Work, row: UUID) -> bool:
    used = work.session.execute(
        update(OneTime)
        .where(OneTime.id == row, OneTime.used_at.is_(None), OneTime.void_at.is_(None), OneTime.expires_at > work.now)
        .values(used_at=work.now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(used, CursorResult)
    return used.rowcount == 1


def _void_older(work: Work, staff_id: UUID) -> None:
    of_staff = select(StaffReset.one_time_id).where(StaffReset.staff_id == staff_id)
    work.session.execute(
        update(OneTime)
        .where(OneTime.id.in_(of_staff), OneTime.used_at.is_(None), OneTime.void_at.is_(None))
        .values(void_at=work.now)
        .execution_options(synchronize_session=False)
    )
