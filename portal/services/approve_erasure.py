"""Approve an erasure as the second person: whoever decided does not approve (security.md).

From then on the student has time to think it over, told by mail with a link that stops it.
"""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Outcome, RequestKind
from portal.services.casework import event, move
from portal.services.erasures import plan_to_erase
from portal.services.held_case import held_case
from portal.services.unit import writing


def approve(actor: Actor, clock: Clock, reference: str, version: int) -> None:
    """Approves the decided erasure; it can be carried out after the time to think it over.

    Raises NotFound, NotAllowed (second_person_needed, fresh_sign_in_needed among its codes), ChangedMeanwhile,
    NotPossible, and Refused: not_an_erasure, nothing_to_approve, already_approved.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.APPROVE_ERASURE, version)
        if case.kind != RequestKind.ERASURE:
            raise Refused("not_an_erasure")
        move(case, Action.APPROVE)
        if case.outcome in (None, Outcome.REFUSED.value):
            raise Refused("nothing_to_approve")
        if case.approver_id is not None:
            raise Refused("already_approved")
        case.approver_id, case.approved_at = actor.id, work.now
        event(work, case, EventKind.APPROVED)
        plan_to_erase(work, case)
        work.note("approve_erasure", "case", case.id)
