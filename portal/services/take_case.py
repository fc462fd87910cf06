"""Take a case in hand, or give it to somebody who may handle it: one, or several of the queue at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.mail import messages
from portal.records.staff import away
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.services.case_page import may_handle
from portal.services.casework import ChangedMeanwhile, NotFound, event, move
from portal.services.held_case import held_case
from portal.services.unit import Work, writing

MOST = 100  # cases in one press
MOST_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of several: how many have a new handler, and which stayed as they were and why (a refusal's code)."""

    done: int
    left: tuple[tuple[str, str], ...]


def take(actor: Actor, clock: Clock, reference: str) -> None:
    """The actor becomes the handler; taking twice changes nothing.

    Raises Refused("taken_by_other") when a colleague has it who is not away with the actor standing in: they hand it
    over, or it is assigned.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.TAKE_CASE)
        if case.handler_id == actor.id:
            return
        if case.handler_id is not None and not _may_take_over(work, case.handler_id):
            raise Refused("taken_by_other")
        move(case, Action.TAKE)
        case.handler_id = actor.id
        event(work, case, EventKind.TAKEN)
        work.note("take_case", "case", case.id)


def assign(actor: Actor, clock: Clock, reference: str, version: int, staff_id: UUID, note: str = "") -> None:
    """Another member of staff becomes the handler and is told by mail; `note` says where it stands.

    Raises Refused: not_a_handler for somebody who may not handle this case, words_too_long; ChangedMeanwhile.
    """
    _give(actor, clock, reference, version, staff_id, note, "")


def assign_many(actor: Actor, clock: Clock, cases: Sequence[tuple[str, int]], staff_id: UUID, note: str = "") -> Handed:
    """Gives each of these cases (reference, version seen) to one person, each in its own transaction: what cannot be
    given stays as it is and is reported; one mail tells of the others. Raises Refused: nothing_chosen,
    too_many_chosen, words_too_long.
    """
    if not cases:
        raise Refused("nothing_chosen")
    if len(cases) > MOST:
        raise Refused("too_many_chosen", most=MOST)
    left, at_once = [], uuid7().hex if len(cases) > 1 else ""
    for reference, version in cases:
        try:
            _give(actor, clock, reference, version, staff_id, note, at_once)
        except ChangedMeanwhile:
            left.append((reference, "changed_meanwhile"))
        except NotFound:
            left.append((reference, "unknown_case"))
        except Refused as refusal:
            if refusal.code == "words_too_long":
                raise
            left.append((reference, refusal.code))
    return Handed(len(cases) - len(left), tuple(left))


def _give(actor: Actor, clock: Clock, reference: str, version: int, staff_id: UUID, note: str, at_once: str) -> None:
    """`at_once` marks the cases of one press."""
    if len(note) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    with writing(actor, clock) as work:
        _assign(work, held_case(work, reference, Act.ASSIGN_CASE, version), staff_id, note, at_once)


def _assign(work: Work, case: Case, staff_id: UUID, note: str, at_once: str) -> None:
    chosen = next((staff for staff in may_handle(work, case) if staff.id == staff_id), None)
    if chosen is None:
        raise Refused("not_a_handler")
    if case.handler_id == chosen.id:
        return
    move(case, Action.ASSIGN)
    case.handler_id = chosen.id
    event(work, case, EventKind.ASSIGNED, to=str(chosen.id), name=chosen.name, note=note.strip())
    work.note("assign_case", "case", case.id, to=str(chosen.id))
    if chosen.id != work.actor.id:
        occasion, shown = (at_once, "") if at_once else (f"{case.id}:{case.version}", case.reference)
        work.send(messages.staff_assigned(chosen.email, chosen.language, chosen.id, shown, occasion))


def _may_take_over(work: Work, handler_id: UUID) -> bool:
    """From somebody who does not work here any more, or who is away while the actor stands in."""
    handler = work.session.get(Staff, handler_id)
    if handler is None or handler.disabled_at is not None:
        return True
    absence = away(work.session, work.today, [handler_id]).get(handler_id)
    return absence is not None and absence.deputy_id == work.actor.id
