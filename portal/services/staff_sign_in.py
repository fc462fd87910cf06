"""Staff sign in with user name and password (regulation, art. 7); what is missing before they may work is a stage.

A stage is an endpoint of its own: `password` (the first one must be changed), `confidentiality` (the clause must be
acknowledged before first use), `full`. A wrong name, a wrong password and a disabled account look and take the same.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind
from portal.records.db import db
from portal.records.tables.access import Login, Staff
from portal.services import limits, passwords
from portal.services.recognise import digest_of
from portal.services.unit import Work, writing

FULL, PASSWORD, CONFIDENTIALITY = "full", "password", "confidentiality"
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just made: the id for the cookie, and the stage it is in."""

    session_id: str
    stage: str
    staff_id: UUID


def sign_in(clock: Clock, username: str, password: str, address: str, known_browser: str = "") -> NewSession | None:
    """A new session, or None when name and password do not belong together.

    `address` is the visitor's network address. `known_browser` names a browser in which this account signed in before:
    it has a counter of its own, so that a stranger who keeps guessing locks nobody out. Raises limits.TooMany
    when too much was tried; nothing is checked then.
    """
    name = normal_name(username)
    _throttle(clock, name, address, known_browser)
    found = _account(name)
    right = passwords.verify(found.password_hash if found else None, password)
    if found is None or not right:
        return None
    rehashed = passwords.hash_password(password) if passwords.outdated(found.password_hash) else None
    actor = Actor(kind=ActorKind.STAFF, id=found.id, name=found.name)
    with writing(actor, clock) as work:
        staff = work.session.get(Staff, found.id)
        if staff is None or staff.disabled_at is not None or staff.password_hash != found.password_hash:
            return None  # changed between the check and now
        if rehashed:
            staff.password_hash = rehashed
        made = _new_session(work, staff, work.now)
        work.note("staff_sign_in", "staff", staff.id)
    return made


def normal_name(username: str) -> str:
    return username.strip().casefold()[:LONGEST_NAME]


def _account(name: str) -> Staff | None:
    found = db.session.execute(
        select(Staff).where(Staff.username == name, Staff.disabled_at.is_(None))
    ).scalar_one_or_none()
    if found is not None:
        db.session.expunge(found)
    db.session.rollback()
    return found


def _throttle(clock: Clock, name: str, address: str, known_browser: str) -> None:
    if known_browser:
        limits.demand(clock, "staff_sign_in_known", f"{name}|{known_browser}")
        return
    limits.demand(clock, "staff_sign_in_place", address)
    limits.demand(clock, "staff_sign_in_account", name)
    limits.demand(clock, "staff_sign_in_all", limits.EVERYBODY)


def stage_of(staff: Staff) -> str:
    """What is still asked before this account may work."""
    if staff.must_change_password:
        return PASSWORD
    return FULL if staff.confidentiality_at else CONFIDENTIALITY


def _new_session(work: Work, staff: Staff, created_at: datetime) -> NewSession:
    session_id = secrets.token_urlsafe(32)
    stage = stage_of(staff)
    work.session.add(
        Login(
            id=uuid7(),
            digest=digest_of(session_id),
            kind="staff",
            staff_id=staff.id,
            stage=stage,
            created_at=created_at,
            fresh_at=work.now,
            seen_at=work.now,
        )
    )
    return NewSession(session_id, stage, staff.id)


def _own_account(work: Work, act: Act) -> tuple[Staff, Login]:
    work.require(act)
    staff = work.session.get(Staff, work.actor.id)
    login = work.session.get(Login, work.actor.session_id)
    if staff is None or login is None:
        raise Refused("session_ended")
    return staff, login


def acknowledge(actor: Actor, clock: Clock) -> str:
    """Records that the clause on confidentiality was read and accepted; returns the session's next stage."""
    with writing(actor, clock) as work:
        staff, login = _own_account(work, Act.ACKNOWLEDGE_CONFIDENTIALITY)
        if staff.confidentiality_at is None:
            staff.confidentiality_at = work.now
            work.note("acknowledge_confidentiality", "staff", staff.id)
        login.stage = stage_of(staff)
        return login.stage


def change_password(actor: Actor, clock: Clock, current: str, new: str) -> NewSession:
    """Sets another password; every other session of the account ends, and this one gets a new id (ASVS 7.4.3).

    Raises Refused: password_wrong, password_too_short, password_too_long, password_common, password_same, too_many.
    """
    if actor.id is None:
        raise Refused("session_ended")
    limits.demand(clock, "staff_password", str(actor.id))
    stored = _stored(actor.id)
    if not passwords.verify(stored.password_hash, current):
        raise Refused("password_wrong")
    passwords.check_new(new, stored.username, stored.name, stored.email.partition("@")[0])
    if passwords.normal(new) == passwords.normal(current):
        raise Refused("password_same")
    hashed = passwords.hash_password(new)
    with writing(actor, clock) as work:
        staff, login = _own_account(work, Act.MANAGE_OWN_ACCOUNT)
        staff.password_hash = hashed
        staff.must_change_password = False
        work.session.flush()
        created_at = login.created_at
        work.session.expunge(login)
        work.session.execute(delete(Login).where(Login.staff_id == staff.id))
        made = _new_session(work, staff, created_at)
        work.note("change_password", "staff", staff.id)
        return made


def prove_again(actor: Actor, clock: Clock, password: str) -> NewSession:
    """A fresh sign-in for erasures and account changes: the same session under a new id (ASVS 7.5.3, 7.2.4).

    Raises Refused: password_wrong, too_many.
    """
    if actor.id is None:
        raise Refused("session_ended")
    limits.demand(clock, "staff_password", str(actor.id))
    if not passwords.verify(_stored(actor.id).password_hash, password):
        raise Refused("password_wrong")
    with writing(actor, clock) as work:
        staff, login = _own_account(work, Act.MANAGE_OWN_ACCOUNT)
        made = _new_session(work, staff, login.created_at)
        work.note("staff_sign_in_again", "staff", staff.id)
        return made


def _stored(staff_id: UUID) -> Staff:
    staff = db.session.get(Staff, staff_id)
    if staff is None:
        raise Refused("session_ended")
    db.session.expunge(staff)
    db.session.rollback()
    return staff


def own_language(actor: Actor, clock: Clock, language: str) -> None:
    """Which language the portal speaks to this member of staff."""
    with writing(actor, clock) as work:
        staff, _ = _own_account(work, Act.MANAGE_OWN_ACCOUNT)
        staff.language = language
