"""Record that a student no longer asks it: said at the desk, by phone, by letter or by e-mail."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel
from portal.services.end_case import end, tell_change, words_of
from portal.services.held_case import held_case
from portal.services.unit import writing


def record_take_back(actor: Actor, clock: Clock, reference: str, version: int, how: Channel, words: str) -> None:
    """The case ends as taken back; the student gets a confirmation, so that nobody else can end it unseen.

    `words` say what the student said; they are required. Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible,
    and Refused: reason_missing, not_another_door for the portal itself, words_too_long (most).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.RECORD_TAKE_BACK, version)
        if how is Channel.PORTAL:
            raise Refused("not_another_door")
        said = words_of(words)
        if not said:
            raise Refused("reason_missing")
        end(work, case, Action.RECORD_TAKE_BACK, EventKind.TAKEN_BACK, how=how.value, words=said)
        work.note("record_take_back", "case", case.id, how=how.value)
        tell_change(work, case, EventKind.TAKEN_BACK)
