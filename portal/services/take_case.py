"""Take a case in hand, or give it to somebody who may handle it."""

from __future__ import annotations

from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.access import Staff
from portal.services.case_page import may_handle
from portal.services.casework import event, move
from portal.services.held_case import held_case
from portal.services.unit import writing


def take(actor: Actor, clock: Clock, reference: str) -> None:
    """The actor becomes the handler; taking twice changes nothing.

    Raises Refused("taken_by_other") when a colleague has it: they hand it over, or it is assigned.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.TAKE_CASE)
        if case.handler_id == actor.id:
            return
        if case.handler_id is not None and _still_works(work.session.get(Staff, case.handler_id)):
            raise Refused("taken_by_other")
        move(case, Action.TAKE)
        case.handler_id = actor.id
        event(work, case, EventKind.TAKEN)
        work.note("take_case", "case", case.id)


def assign(actor: Actor, clock: Clock, reference: str, version: int, staff_id: UUID, note: str = "") -> None:
    """Another member of staff becomes the handler; `note` tells them where it stands.

    Raises Refused("not_a_handler") for somebody who may not handle this case, ChangedMeanwhile.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.ASSIGN_CASE, version)
        chosen = next((staff for staff in may_handle(work, case) if staff.id == staff_id), None)
        if chosen is None:
            raise Refused("not_a_handler")
        if case.handler_id == chosen.id:
            return
        move(case, Action.ASSIGN)
        case.handler_id = chosen.id
        event(work, case, EventKind.ASSIGNED, to=str(chosen.id), name=chosen.name, note=note.strip())
        work.note("assign_case", "case", case.id, to=str(chosen.id))


def _still_works(staff: Staff | None) -> bool:
    return staff is not None and staff.disabled_at is None
