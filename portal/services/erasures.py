"""An erasure between its approval and its first step: the time to think it over, and stopping it (malicious erasure).

The student is told by mail, with a link that stops it; so do a button in the portal, the case code, and staff for
whoever calls. By post the student has longer: a letter takes its time. The time counts from the moment at which that
mail left the house, or the letter: whoever does not know cannot think it over.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import ANONYMOUS, Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter
from portal.mail import messages
from portal.mail.delivery import SENT
from portal.mail.delivery import WAITING as UNSENT
from portal.mail.outbox import state_of
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.records.tables.proof import OutMail
from portal.services import limits
from portal.services.casework import NotFound, case_by_reference, case_to_read, event, move, reply_address, subject_of
from portal.services.erasing import REQUEST, STOPPED, WAITING, new_erasure
from portal.services.held_case import held_case
from portal.services.own_cases import end_provisional
from portal.services.steps import open_steps
from portal.services.unit import Work, reading, writing

COOLING = timedelta(hours=72)
COOLING_BY_POST = timedelta(days=7)


class StopState(StrEnum):
    """What a link or a button can still do."""

    WAITING = "waiting"
    STOPPED = "stopped"
    TOO_LATE = "too_late"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Planned:
    """An erasure as its asker sees it. `not_before`: from then on it is carried out."""

    reference: str
    state: StopState
    not_before: datetime


def digest_of(token: str) -> bytes:
    return hashlib.sha256(f"stop-erasure|{token}".encode()).digest()


def of_case(work: Work, case_id: UUID) -> Erasure | None:
    """The latest erasure of a case; one that was called off when the case was reopened does not count."""
    statement = select(Erasure).where(Erasure.case_id == case_id, Erasure.state != STOPPED)
    return work.session.execute(statement.order_by(Erasure.created_at.desc()).limit(1)).scalar_one_or_none()


def plan_to_erase(work: Work, case: Case) -> None:
    """Sets the day on which an approved erasure may begin, and tells the student."""
    assert case.student_id is not None
    token = secrets.token_urlsafe(32)
    not_before = work.now + (COOLING_BY_POST if case.by_post else COOLING)
    erasure = new_erasure(
        work, case.student_id, REQUEST, not_before, case_id=case.id, stop_digest=digest_of(token), by_id=work.actor.id
    )
    event(work, case, EventKind.ERASURE_PLANNED)
    if to := reply_address(work, case):
        work.send(messages.erasure_planned(to, case.language, case.id, case.reference, erasure.id, token))


def mail_sent(work: Work, mail_id: UUID) -> None:
    """The mail with the link that stops it has left: from now on the time counts."""
    key = work.session.execute(select(OutMail.dedupe).where(OutMail.id == mail_id)).scalar_one()
    erasure = work.session.get(Erasure, UUID(key.removeprefix(messages.ERASURE_PLANNED)), with_for_update=True)
    if erasure is not None and erasure.state == WAITING:
        erasure.not_before = max(erasure.not_before, work.now + COOLING)


def letter_posted(work: Work, case: Case, on: date) -> None:
    """The letter went into the post on that day. Raises Refused("nothing_to_post")."""
    erasure = of_case(work, case.id)
    if erasure is None or erasure.state != WAITING:
        raise Refused("nothing_to_post", letter=Letter.PLANNED)
    erasure.not_before = max(erasure.not_before, work.now - (work.today - on) + COOLING_BY_POST)


def is_told(work: Work, erasure: Erasure) -> bool:
    """Whether the mail left the house or, where there is none or it failed for good, the letter."""
    mailed = state_of(work.session, f"{messages.ERASURE_PLANNED}{erasure.id}")
    return mailed == SENT or (mailed != UNSENT and _is_posted(work, erasure))


def _is_posted(work: Work, erasure: Erasure) -> bool:
    assert erasure.case_id is not None
    return any(
        each.kind == EventKind.LETTER_POSTED
        and each.at >= erasure.created_at
        and casebook.event_details(work.vault, each).get("letter") == Letter.PLANNED
        for each in casebook.events_of(work.session, erasure.case_id)
    )


def demand_thought_over(work: Work, case: Case) -> Erasure:
    """The erasure, or Refused: approval_missing, not_told, cooling_off (until)."""
    erasure = of_case(work, case.id)
    if erasure is None:
        raise Refused("approval_missing")
    if erasure.state == WAITING and not is_told(work, erasure):
        raise Refused("not_told")
    if erasure.state == WAITING and work.now < erasure.not_before:
        raise Refused("cooling_off", until=receipt_date(erasure.not_before))
    return erasure


def call_off(work: Work, case: Case) -> None:
    """A reopened case is decided and approved anew: what waited does not begin."""
    erasure = of_case(work, case.id)
    if erasure is not None and erasure.state == WAITING:
        erasure.state, erasure.ended_at = STOPPED, work.now


# --- stopping


def look(clock: Clock, token: str) -> StopState:
    """What the link would do; changes nothing (mail scanners open links)."""
    with reading(ANONYMOUS, clock) as work:
        return _state(work.session.execute(_by(token)).scalar_one_or_none())


def stop_by_link(clock: Clock, token: str, place: str) -> StopState:
    """Stops it; pressed again it stays stopped. TooMany when a limit is reached."""
    limits.demand(clock, "email_stop_place", place)
    with writing(ANONYMOUS, clock) as work:
        erasure = work.session.execute(_by(token).with_for_update()).scalar_one_or_none()
        if erasure is not None and _state(erasure) is StopState.WAITING:
            _stop(work, erasure, "link")
        return _state(erasure)


def planned(actor: Actor, clock: Clock, reference: str | None) -> Planned | None:
    """The erasure of an own case; `reference` None for whoever holds the case code."""
    with reading(actor, clock) as work:
        case = _own(work, reference, to_read=True)
        erasure = _latest(work, case.id)
        return Planned(case.reference, _state(erasure), erasure.not_before) if erasure else None


def stop_own(actor: Actor, clock: Clock, reference: str | None) -> StopState:
    """The student, or whoever holds the case code, stops it."""
    with writing(actor, clock) as work:
        case = _own(work, reference)
        work.require(Act.STOP_ERASURE, subject_of(work, case))
        erasure = _latest(work, case.id)
        if erasure is not None and _state(erasure) is StopState.WAITING:
            _stop(work, erasure, "own_session")
        return _state(erasure)


def stop_for(actor: Actor, clock: Clock, reference: str, version: int) -> None:
    """Staff stop it for a student who called or came by. Raises NotFound, NotAllowed, ChangedMeanwhile, and
    Refused("nothing_to_stop")."""
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.RECORD_TAKE_BACK, version)
        erasure = _latest(work, case.id)
        if erasure is None or _state(erasure) is not StopState.WAITING:
            raise Refused("nothing_to_stop")
        _stop(work, erasure, "staff")


def _own(work: Work, reference: str | None, to_read: bool = False) -> Case:
    if reference is not None:
        find = case_to_read if to_read else case_by_reference
        return find(work, reference, Act.VIEW_OWN_STATUS)
    case = work.session.get(Case, work.actor.case_id) if work.actor.case_id else None
    if case is None:
        raise NotFound("case")
    work.require(Act.VIEW_OWN_STATUS, subject_of(work, case))
    return case


def _by(token: str) -> Select[Erasure]:
    return select(Erasure).where(Erasure.stop_digest == digest_of(token))


def _latest(work: Work, case_id: UUID) -> Erasure | None:
    statement = select(Erasure).where(Erasure.case_id == case_id).order_by(Erasure.created_at.desc()).limit(1)
    return work.session.execute(statement).scalar_one_or_none()


def _state(erasure: Erasure | None) -> StopState:
    if erasure is None:
        return StopState.UNKNOWN
    return {WAITING: StopState.WAITING, STOPPED: StopState.STOPPED}.get(erasure.state, StopState.TOO_LATE)


def _stop(work: Work, erasure: Erasure, how: str) -> None:
    """Nothing is erased, and the request is over: whoever still wants it asks again."""
    case = work.session.execute(select(Case).where(Case.id == erasure.case_id).with_for_update()).scalar_one()
    erasure.state, erasure.ended_at = STOPPED, work.now
    move(case, Action.STOP_ERASURE)
    case.closed_at = work.now
    end_provisional(work, case.id)
    for step in open_steps(casebook.steps_of(work.session, case.id)):
        work.session.delete(step)
    event(work, case, EventKind.ERASURE_STOPPED)
    event(work, case, EventKind.TAKEN_BACK)
    work.note("stop_erasure", "case", case.id, how=how)
    if to := reply_address(work, case):
        work.send(messages.taken_back(to, case.language, case.id, case.reference))
    work.session.flush()


@dataclass(frozen=True, slots=True)
class Wait:
    """What an approved erasure waits for: that the student is told, then until `until`."""

    told: bool
    until: date


def waits_for(work: Work, case: Case) -> Wait | None:
    """None where nothing keeps it from beginning, or it began."""
    erasure = of_case(work, case.id)
    if erasure is None or erasure.state != WAITING:
        return None
    told = is_told(work, erasure)
    return None if told and work.now >= erasure.not_before else Wait(told, receipt_date(erasure.not_before))
