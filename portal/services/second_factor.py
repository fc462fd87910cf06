"""The second factor of staff: which stage a sign-in is in, what every kind of factor shares, and its reset.

Every account needs a factor: an authenticator app or a passkey. A session that gave the password only is in stage
`enrol` while the account has none, else in `factor`; what `staff_sign_in` asks besides comes after. Codes for recovery
let a session pass, but an account that has nothing else counts as one without a factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.mail import messages
from portal.records.tables.access import Login, Staff
from portal.records.tables.factors import Passkey, PasskeyChallenge, RecoveryCode, TotpSetup
from portal.services import limits, own_sessions
from portal.services.casework import NotFound
from portal.services.own_sessions import NewSession
from portal.services.unit import Work, reading, writing

ENROL, FACTOR, PASSWORD, CONFIDENTIALITY, FULL = "enrol", "factor", "password", "confidentiality", "full"
AFTER_FACTOR = frozenset({PASSWORD, CONFIDENTIALITY, FULL})  # stages in which the factor was given
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class PasskeyShown:
    id: UUID
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What the own account has: an app or not, its passkeys, how many recovery codes are left."""

    totp: bool
    passkeys: tuple[PasskeyShown, ...]
    codes_left: int


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A factor was set up: the session goes on under a new id. `codes` are shown once; empty when codes were there."""

    session: NewSession
    codes: tuple[str, ...]


def stage_of(session: Session, staff: Staff, given: bool) -> str:
    """What a sign-in still asks of this account; `given` tells whether the second factor was given in it."""
    if not given:
        return FACTOR if has_factor(session, staff) else ENROL
    if staff.must_change_password:
        return PASSWORD
    return FULL if staff.confidentiality_at else CONFIDENTIALITY


def has_factor(session: Session, staff: Staff) -> bool:
    return staff.totp_sealed is not None or passkey_count(session, staff.id) > 0


def passkey_count(session: Session, staff_id: UUID) -> int:
    return session.execute(select(func.count()).where(Passkey.staff_id == staff_id)).scalar_one()


def own_account(work: Work, *stages: str, lock: bool = True) -> tuple[Staff, Login]:
    """The actor's account and session, where the session is in one of these stages; with the account's row locked.

    Raises NotAllowed, Refused: session_ended, other_stage.
    """
    work.require(Act.MANAGE_OWN_ACCOUNT)
    if work.actor.id is None or work.actor.session_id is None:
        raise Refused("session_ended")
    staff = work.session.get(Staff, work.actor.id, with_for_update=lock)
    login = work.session.get(Login, work.actor.session_id)
    if staff is None or staff.disabled_at is not None or login is None or login.staff_id != staff.id:
        raise Refused("session_ended")
    if login.stage not in stages:
        raise Refused("other_stage")
    return staff, login


def account_to_change(work: Work) -> tuple[Staff, Login]:
    """The same for who sets up a factor: at the first sign-in, or later with a fresh one (ASVS 7.5.1)."""
    staff, login = own_account(work, ENROL, FULL)
    if login.stage == FULL:
        own_sessions.demand_fresh(work)
    return staff, login


def throttle(clock: Clock, actor: Actor, known_browser: str) -> None:
    """Counts one try of a factor; limits.TooMany when there were too many. `known_browser` as in `sign_in`."""
    if actor.id is None:
        raise Refused("session_ended")
    if known_browser:
        limits.demand(clock, "staff_factor_known", f"{actor.id}|{known_browser}")
    else:
        limits.demand(clock, "staff_factor", str(actor.id))


def throttle_set_up(clock: Clock, actor: Actor) -> None:
    if actor.id is None:
        raise Refused("session_ended")
    limits.demand(clock, "staff_factor_set_up", str(actor.id))


def passed(work: Work, staff: Staff, login: Login, how: str, tell: bool) -> NewSession:
    """The factor was given: the session's next stage under a new id. `tell` mails the owner that somebody signed in."""
    made = own_sessions.renew(work, login, stage_of(work.session, staff, given=True))
    work.note("give_factor", "staff", staff.id, how=how)
    if tell:
        _tell_of_sign_in(work, staff, login)
    return made


def failed(work: Work, staff: Staff, how: str) -> None:
    """Puts a wrong try on record (ASVS 16.3.1); it commits with the unit."""
    work.note("factor_refused", "staff", staff.id, how=how)


def enrolled(work: Work, staff: Staff, login: Login, how: str) -> NewSession:
    """A factor was set up: every other session ends, this one goes on under a new id (ASVS 7.4.3)."""
    first = login.stage == ENROL
    work.session.flush()
    made = own_sessions.renew(work, login, stage_of(work.session, staff, given=True), others_end=True)
    work.note("set_up_factor", "staff", staff.id, how=how)
    if first:
        _tell_of_sign_in(work, staff, login)
    return made


def removed(work: Work, staff: Staff, login: Login, how: str) -> NewSession:
    """A factor was taken away, as `enrolled`. Refused("last_factor") when none would be left."""
    work.session.flush()
    if not has_factor(work.session, staff):
        raise Refused("last_factor")
    made = own_sessions.renew(work, login, login.stage, others_end=True)
    work.note("remove_factor", "staff", staff.id, how=how)
    return made


def _tell_of_sign_in(work: Work, staff: Staff, login: Login) -> None:
    work.send(messages.staff_sign_in_new(staff.email, staff.language, str(login.id)))


def own_factors(actor: Actor, clock: Clock) -> Factors:
    """What the own account can sign in with."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_OWN_ACCOUNT)
        staff = work.session.get(Staff, actor.id) if actor.id else None
        if staff is None:
            raise Refused("session_ended")
        rows = work.session.execute(
            select(Passkey).where(Passkey.staff_id == staff.id).order_by(Passkey.created_at, Passkey.id)
        ).scalars()
        return Factors(
            totp=staff.totp_sealed is not None,
            passkeys=tuple(PasskeyShown(row.id, row.name, row.created_at, row.used_at) for row in rows),
            codes_left=codes_left(work.session, staff.id),
        )


def codes_left(session: Session, staff_id: UUID) -> int:
    statement = select(func.count()).where(RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
    return session.execute(statement).scalar_one()


def reset_factor(actor: Actor, clock: Clock, staff_id: UUID, reason: str) -> None:
    """An administrator takes away every factor of somebody who lost them; the next sign-in sets one up.

    The reason goes on record, the sessions end at once, and the person is told by mail (ASVS 6.4.4).
    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, account_disabled, reason_missing,
    reason_too_long.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        why = " ".join(reason.split())
        if not why:
            raise Refused("reason_missing")
        if len(why) > LONGEST_REASON:
            raise Refused("reason_too_long", most=LONGEST_REASON)
        if staff_id == actor.id:
            raise Refused("not_yourself")
        staff = work.session.get(Staff, staff_id, with_for_update=True)
        if staff is None:
            raise NotFound(str(staff_id))
        if staff.disabled_at is not None:
            raise Refused("account_disabled")
        staff.totp_sealed = None
        staff.totp_last_step = None
        for table in (TotpSetup, Passkey, PasskeyChallenge, RecoveryCode):
            work.session.execute(
                delete(table).where(table.staff_id == staff.id), execution_options={"synchronize_session": False}
            )
        own_sessions.end_all(work, staff.id)
        work.note("reset_factor", "staff", staff.id, reason=why)
        key = f"staff_factor_reset:{staff.id}:{work.now.isoformat()}"
        work.send(messages.staff_factor_reset(staff.email, staff.language, key))
