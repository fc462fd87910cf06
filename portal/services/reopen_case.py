"""Reopen a case: something new is known, or the school was wrong. It is decided again and answered again."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.services.casework import event, move
from portal.services.end_case import reason_of, tell_change, words_of
from portal.services.erasures import call_off
from portal.services.held_case import held_case
from portal.services.limits_of_processing import place_meanwhile
from portal.services.unit import writing

USE = "reopen"


def reopen(actor: Actor, clock: Clock, reference: str, version: int, reason: str, words: str = "") -> None:
    """Takes the case up again; its promised dates stay what they were, so it may well be late at once.

    `reason` is a code of the policy's reasons for reopening; the student is told it. What was carried out stays; the
    earlier answer is kept behind the next one; a contested value is set aside again while it is checked.
    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: reason_missing, words_too_long (most),
    takes_effect_without_decision for a withdrawal, whose consent is given anew instead.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.REOPEN, version)
        move(case, Action.REOPEN)
        code = reason_of(work, reason, USE)
        if case.kind == RequestKind.WITHDRAWAL and case.decided_at is not None:
            raise Refused("takes_effect_without_decision")
        case.decided_at = case.decider_id = case.outcome = None
        case.approver_id = case.approved_at = case.executed_at = case.closed_at = None
        case.handler_id = case.handler_id or actor.id
        call_off(work, case)
        event(work, case, EventKind.REOPENED, reason=code, words=words_of(words))
        work.note("reopen", "case", case.id, reason=code)
        work.session.flush()
        place_meanwhile(work, case)
        tell_change(work, case, EventKind.REOPENED, code)
