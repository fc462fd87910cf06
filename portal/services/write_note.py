"""Write an internal note on a case. Colleagues read it; it is part of the student's data and stands in the copy that an
access request gives (GDPR 15), so the page says so before anybody writes."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.services.casework import event, move
from portal.services.held_case import held_case
from portal.services.unit import Work, writing

LONGEST = 4000  # characters


def write_note(actor: Actor, clock: Clock, reference: str, text: str, once: bytes = b"") -> None:
    """Adds the note to the timeline, in every state of the case. The same form sent twice is one note.

    Raises NotFound, NotAllowed, and Refused: note_empty, words_too_long (most).
    """
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise Refused("note_empty")
    if len(words) > LONGEST:
        raise Refused("words_too_long", most=LONGEST)
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.WRITE_NOTE)
        move(case, Action.NOTE)
        if once and once.hex() in _keys(work, case):
            return
        event(work, case, EventKind.NOTE_WRITTEN, note=words, once=once.hex())
        work.note("write_note", "case", case.id)


def _keys(work: Work, case: Case) -> set[str]:
    notes = casebook.events_of(work.session, case.id, [EventKind.NOTE_WRITTEN.value])
    return {str(casebook.event_details(work.vault, each).get("once", "")) for each in notes}
