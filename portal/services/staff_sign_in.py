"""Staff sign in with user name and password (regulation, art. 7) and a second factor; what is missing is a stage.

A stage is an endpoint of its own: `enrol` or `factor` (see second_factor), then `password` (the first one must be
changed), `confidentiality` (the clause must be acknowledged before first use), `full`. The password alone opens no more
than the first of them. A wrong name, a wrong password and a disabled account look and take the same.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind
from portal.records.db import db
from portal.records.tables.access import Staff
from portal.services import limits, own_sessions, passwords, second_factor
from portal.services.own_sessions import NewSession
from portal.services.second_factor import AFTER_FACTOR, CONFIDENTIALITY, FULL, PASSWORD
from portal.services.unit import writing

LONGEST_NAME = 64


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
        stage = second_factor.stage_of(work.session, staff, given=False)
        made = own_sessions.open_session(work, staff.id, stage, work.now)
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


def acknowledge(actor: Actor, clock: Clock) -> NewSession:
    """Records that the clause on confidentiality was read and accepted; the session goes on in its next stage.

    Raises NotAllowed, Refused: session_ended, other_stage.
    """
    with writing(actor, clock) as work:
        work.require(Act.ACKNOWLEDGE_CONFIDENTIALITY)
        staff, login = second_factor.own_account(work, CONFIDENTIALITY, FULL)
        if staff.confidentiality_at is None:
            staff.confidentiality_at = work.now
            work.note("acknowledge_confidentiality", "staff", staff.id)
        return own_sessions.renew(work, login, second_factor.stage_of(work.session, staff, given=True))


def change_password(actor: Actor, clock: Clock, current: str, new: str) -> NewSession:
    """Sets another password; every other session of the account ends, and this one gets a new id (ASVS 7.4.3).

    Raises limits.TooMany, Refused: password_wrong, password_too_short, password_too_long, password_common,
    password_same, session_ended, other_stage (the second factor comes first).
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
        staff, login = second_factor.own_account(work, PASSWORD, FULL)
        staff.password_hash = hashed
        staff.must_change_password = False
        work.note("change_password", "staff", staff.id)
        stage = second_factor.stage_of(work.session, staff, given=True)
        return own_sessions.renew(work, login, stage, others_end=True)


def prove_again(actor: Actor, clock: Clock, password: str) -> NewSession:
    """A fresh sign-in for erasures and account changes: the same session under a new id (ASVS 7.5.3, 7.2.4).

    Raises limits.TooMany, Refused: password_wrong, session_ended, other_stage.
    """
    if actor.id is None:
        raise Refused("session_ended")
    limits.demand(clock, "staff_password", str(actor.id))
    if not passwords.verify(_stored(actor.id).password_hash, password):
        raise Refused("password_wrong")
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, FULL)
        work.note("staff_sign_in_again", "staff", staff.id)
        return own_sessions.renew(work, login, FULL)


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
        staff, _ = second_factor.own_account(work, *AFTER_FACTOR)
        staff.language = language


def username_of(actor: Actor) -> str:
    """The account's user name: whose mark a known browser holds."""
    if actor.id is None:
        raise Refused("session_ended")
    return _stored(actor.id).username
