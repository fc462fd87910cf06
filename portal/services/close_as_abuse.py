"""Close a case as abuse: manifestly unfounded, excessive, or not from a person (GDPR 12(5)); by the privacy officer."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.services.end_case import end, reason_of, tell_change, words_of
from portal.services.held_case import held_case
from portal.services.unit import writing

USE = "abuse"


def close_as_abuse(actor: Actor, clock: Clock, reference: str, version: int, reason: str, words: str = "") -> None:
    """Nothing is done with the request; the asker is told why and where to complain (GDPR 12(4)).

    `reason` is a code of the policy's reasons for abuse. Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible,
    and Refused: reason_missing, words_too_long (most).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CLOSE_AS_ABUSE, version)
        code = reason_of(work, reason, USE)
        end(work, case, Action.ABUSE, EventKind.CLOSED_AS_ABUSE, reason=code, words=words_of(words))
        work.note("close_as_abuse", "case", case.id, reason=code)
        tell_change(work, case, EventKind.CLOSED_AS_ABUSE, code)
