"""Stop a change of the mail address: with the link that the old address got, or signed in. Nothing changes then, and
every session of the student ends: somebody may have been in who should not."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Select, delete, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor, Subject
from portal.records.tables.access import Login
from portal.records.tables.representation import EmailChange
from portal.services import limits
from portal.services.address_change import STOPPED, WAITING, waiting_change
from portal.services.begin_email_change import digest_of
from portal.services.unit import Work, reading, writing


class StopState(StrEnum):
    """What the link can still do."""

    WAITING = "waiting"  # it stops the change
    STOPPED = "stopped"
    TOO_LATE = "too_late"  # the change took effect: only the school can help now
    UNKNOWN = "unknown"


def _by(token: str) -> Select[EmailChange]:
    return select(EmailChange).where(EmailChange.stop_digest == digest_of(token))


def _state(change: EmailChange | None) -> StopState:
    if change is None:
        return StopState.UNKNOWN
    return {WAITING: StopState.WAITING, STOPPED: StopState.STOPPED}.get(change.state, StopState.TOO_LATE)


def look(clock: Clock, token: str) -> StopState:
    """What the link would do; changes nothing (mail scanners open links)."""
    with reading(ANONYMOUS, clock) as work:
        return _state(work.session.execute(_by(token)).scalar_one_or_none())


def stop_by_link(clock: Clock, token: str, place: str) -> StopState:
    """Stops the change; pressed again it stays stopped. TooMany when a limit is reached."""
    limits.demand(clock, "email_stop_place", place)
    with writing(ANONYMOUS, clock) as work:
        change = work.session.execute(_by(token).with_for_update()).scalar_one_or_none()
        if change is not None and change.state == WAITING:
            _stop(work, change, "link")
        return _state(change)


def stop_own(actor: Actor, clock: Clock) -> bool:
    """The signed-in student stops it; at level 1 already, since it harms nobody. Whether there was one."""
    with writing(actor, clock) as work:
        work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        change = waiting_change(work, actor.student_id)
        if change is None:
            return False
        _stop(work, change, "own_session", but=actor)
        return True


def _stop(work: Work, change: EmailChange, how: str, but: Actor | None = None) -> None:
    change.state, change.ended_at = STOPPED, work.now
    sessions = delete(Login).where(Login.student_id == change.student_id)
    if but is not None and but.session_id is not None:
        sessions = sessions.where(Login.id != but.session_id)
    work.session.execute(sessions)
    work.note("stop_email_change", "student", change.student_id, how=how)
    work.session.flush()
