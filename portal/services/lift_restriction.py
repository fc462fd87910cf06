"""Lift a restriction, or a suspension that a refused request placed: the student is told before (GDPR 18(3)).

Two acts: announce, then lift. The written refusal of a request is such an announcement by itself. Lifting waits until
the mail server took the announcement, or a letter was posted.
"""

from __future__ import annotations

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import StepState
from portal.mail import messages
from portal.records import casebook, limits
from portal.records.tables.cases import Case, CaseMessage
from portal.records.tables.people import Limit
from portal.records.tables.proof import OutMail
from portal.services.casework import event, move, reply_address
from portal.services.close_case import close_if_done
from portal.services.held_case import held_case
from portal.services.steps import LIFT, limits_to_lift, open_steps
from portal.services.unit import Work, writing

SENT = "sent"


def announce_lifting(actor: Actor, clock: Clock, reference: str, version: int, reason: str) -> None:
    """Tells the student, in words of staff, that what this case restricted will be used again.

    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: reason_missing, nothing_restricted.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.LIFT_RESTRICTION, version)
        move(case, Action.LIFT_RESTRICTION)
        if not reason.strip():
            raise Refused("reason_missing")
        if not limits.of_case(work.session, case.id):
            raise Refused("nothing_restricted")
        row = uuid7()
        sealed = casebook.seal(work.vault, "case_message", case.id, row, {"text": reason.strip()})
        work.session.add(
            CaseMessage(id=row, case_id=case.id, at=work.now, from_staff=True, author_id=actor.id, sealed=sealed)
        )
        to = reply_address(work, case)
        message = messages.news(to, case.language, case.id, case.reference, str(row)) if to else None
        if message:
            work.send(message)
        event(work, case, EventKind.RESTRICTION_ANNOUNCED, mail=message.dedupe if message else "")
        work.note("announce_lifting", "case", case.id)


def lift_restriction(actor: Actor, clock: Clock, reference: str, version: int) -> int:
    """Ends the limits that the case placed and that were announced; returns how many.

    For a refused request these are the ones placed meanwhile, else all that the case placed. Raises NotFound,
    NotAllowed, ChangedMeanwhile, NotPossible, and Refused: not_announced, not_told_yet, nothing_restricted.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.LIFT_RESTRICTION, version)
        move(case, Action.LIFT_RESTRICTION)
        ending = _ending(work, case)
        if not ending:
            raise Refused("nothing_restricted")
        demand_told(work, case)
        ended = limits.end(ending, work.now)
        for step in open_steps(casebook.steps_of(work.session, case.id), LIFT):
            step.state, step.by_id, step.at = StepState.DONE.value, actor.id, work.now
        event(work, case, EventKind.RESTRICTION_LIFTED)
        work.note("lift_restriction", "case", case.id, limits=ended)
        close_if_done(work, case)
        return ended


def _ending(work: Work, case: Case) -> list[Limit]:
    refused = limits_to_lift(work, case, casebook.items_of(work.session, case.id))
    return refused or limits.of_case(work.session, case.id)


def demand_told(work: Work, case: Case) -> None:
    """Nothing, or why the student does not know yet: not_announced, not_told_yet."""
    announced = casebook.events_of(work.session, case.id, [EventKind.RESTRICTION_ANNOUNCED.value])
    if not announced:
        raise Refused("not_announced")
    last = announced[-1]
    key = casebook.event_details(work.vault, last).get("mail")
    sent = key and work.session.execute(select(OutMail.id).where(OutMail.dedupe == key, OutMail.state == SENT)).first()
    posted = casebook.events_of(work.session, case.id, [EventKind.LETTER_POSTED.value])
    if not sent and not any(letter.at >= last.at for letter in posted):
        raise Refused("not_told_yet")
