"""The sessions of a member of staff: made, taken over under a new id, listed by their owner, ended."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, delete, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.records.tables.access import Login
from portal.services.recognise import ABSOLUTE, IDLE, digest_of
from portal.services.unit import Work, reading, writing

KIND = "staff"


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that was just made: the id for the cookie, and the stage it is in."""

    session_id: str
    stage: str
    staff_id: UUID


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One live session of the reader's own account; moments are aware."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    kind: str
    stage: str
    current: bool


def open_session(work: Work, staff_id: UUID, stage: str, created_at: datetime) -> NewSession:
    """A session of somebody who proved just now who they are; `created_at` is when the first of its line began."""
    session_id = secrets.token_urlsafe(32)
    work.session.add(
        Login(
            id=uuid7(),
            digest=digest_of(session_id),
            kind=KIND,
            staff_id=staff_id,
            stage=stage,
            created_at=created_at,
            fresh_at=work.now,
            seen_at=work.now,
        )
    )
    return NewSession(session_id, stage, staff_id)


def renew(work: Work, login: Login, stage: str, others_end: bool = False) -> NewSession:
    """The same session under a new id and in a new stage (ASVS 7.2.4); `others_end` when a factor changed (7.4.3).

    Refused("session_ended") when the session is gone: of two uses at once, one takes it over.
    """
    staff_id, created_at = login.staff_id, login.created_at
    if staff_id is None:
        raise Refused("session_ended")
    work.session.flush()
    work.session.expunge(login)
    if not _delete(work, Login.id == login.id):
        raise Refused("session_ended")
    if others_end:
        end_all(work, staff_id)
    return open_session(work, staff_id, stage, created_at)


def end_all(work: Work, staff_id: UUID) -> int:
    """Signs the account out everywhere, at once; returns how many sessions there were."""
    return _delete(work, Login.staff_id == staff_id)


def _delete(work: Work, *conditions: object) -> int:
    statement = delete(Login).where(*conditions)  # type: ignore[arg-type]  # conditions of this module
    gone = work.session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(gone, CursorResult)
    return int(gone.rowcount)


def own_sessions(actor: Actor, clock: Clock) -> tuple[OwnSession, ...]:
    """The live sessions of the own account, the one in use first, then the last used."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_OWN_ACCOUNT)
        rows = work.session.execute(
            select(Login)
            .where(
                Login.staff_id == actor.id,
                Login.seen_at > work.now - IDLE[KIND],
                Login.created_at > work.now - ABSOLUTE[KIND],
            )
            .order_by(Login.seen_at.desc(), Login.id.desc())
        ).scalars()
        found = [
            OwnSession(row.id, row.created_at, row.seen_at, row.kind, row.stage, row.id == actor.session_id)
            for row in rows
        ]
        return tuple(sorted(found, key=lambda each: not each.current))


def end_own_session(actor: Actor, clock: Clock, session: UUID) -> None:
    """Signs one other session of the own account out; nothing when it has ended already.

    Raises Refused("not_this_session") for the one in use (that is signing out), NotAllowed("fresh_sign_in_needed").
    """
    with writing(actor, clock) as work:
        _demand_own(work)
        if session == actor.session_id:
            raise Refused("not_this_session")
        if _delete(work, Login.staff_id == actor.id, Login.id == session):
            work.note("end_own_session", "staff", actor.id)


def end_other_sessions(actor: Actor, clock: Clock) -> int:
    """Signs every other session of the own account out; returns how many. NotAllowed("fresh_sign_in_needed")."""
    with writing(actor, clock) as work:
        _demand_own(work)
        ended = _delete(work, Login.staff_id == actor.id, Login.id != actor.session_id)
        if ended:
            work.note("end_own_sessions", "staff", actor.id, count=ended)
        return ended


def _demand_own(work: Work) -> None:
    """Ending sessions asks for a recent proof of who it is (ASVS 7.5.2), in a session that is whole."""
    work.require(Act.MANAGE_OWN_ACCOUNT)
    if work.actor.session_id is None:
        raise Refused("session_ended")
    login = work.session.get(Login, work.actor.session_id)
    if login is None or login.staff_id != work.actor.id:
        raise Refused("session_ended")
    if login.stage != "full":
        raise Refused("other_stage")
    demand_fresh(work)


def demand_fresh(work: Work) -> None:
    """Nothing, or NotAllowed: the sign-in is too long ago for a change of the own account (ASVS 7.5.1)."""
    if not work.actor.fresh_sign_in:
        raise NotAllowed("fresh_sign_in_needed", act=Act.MANAGE_OWN_ACCOUNT)
