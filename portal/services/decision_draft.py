"""A decision that is being written: kept in the case, for whoever takes it up again, until it is sent or thrown away.

It lies sealed among the case's own contents, so it goes with a case that is handed over, and with the case's key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState, next_state
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records import casebook
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.services.casework import case_by_reference, event
from portal.services.held_case import held_case
from portal.services.unit import Work, reading, writing

Typed = dict[str, list[str]]  # name of a field -> what it held
KEY = "draft"  # in the case's sealed contents
MOST = 100_000  # characters


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    typed: Typed
    by: str
    at: datetime


def save_draft(actor: Actor, clock: Clock, reference: str, version: int, typed: Typed) -> None:
    """Keeps what was typed in the place of an earlier draft. A draft of somebody else is not written over unseen.

    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, Refused("words_too_long", most).
    """
    if sum(len(text) for texts in typed.values() for text in texts) > MOST:
        raise Refused("words_too_long", most=MOST)
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.DECIDE, version)
        next_state(CaseState(case.state), Action.DECIDE)
        contents = casebook.contents(work.vault, case)
        if KEY not in contents:
            event(work, case, EventKind.DRAFT_SAVED)
        contents[KEY] = {"typed": typed, "by": str(actor.id), "at": work.now.isoformat()}
        casebook.set_contents(work.vault, case, contents)
        work.note("save_draft", "case", case.id)


def draft_of(actor: Actor, clock: Clock, reference: str) -> DecisionDraft | None:
    """The draft that waits, or None. Raises NotFound."""
    with reading(actor, clock) as work:
        case = case_by_reference(work, reference, Act.VIEW_CASE)
        kept = casebook.contents(work.vault, case).get(KEY)
        if not kept:
            return None
        author = work.session.get(Staff, UUID(kept["by"]))
        return DecisionDraft(kept["typed"], author.name if author else "", datetime.fromisoformat(kept["at"]))


def forget_draft(work: Work, case: Case) -> None:
    """The decision was sent: no draft of it is left."""
    contents = casebook.contents(work.vault, case)
    if contents.pop(KEY, None) is not None:
        casebook.set_contents(work.vault, case, contents)
