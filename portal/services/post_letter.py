"""Record that a letter was posted: for a student without usable e-mail its date counts as told (regulation, clock)."""

from __future__ import annotations

from datetime import date

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, StepState
from portal.records import casebook
from portal.services.casework import event
from portal.services.close_case import close_if_done
from portal.services.erasures import letter_posted
from portal.services.extend_case import mark_told
from portal.services.held_case import held_case
from portal.services.steps import POST, open_steps
from portal.services.unit import writing


def record_posted(actor: Actor, clock: Clock, reference: str, version: int, letter: Letter, on: date) -> None:
    """The letter was put in the post on that day: not in the future, not before the case was received.

    Raises NotFound, NotAllowed, ChangedMeanwhile, and Refused: bad_date (earliest, latest), nothing_to_post (letter).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.PRINT_LETTER, version)
        if not case.received_on <= on <= work.today:
            raise Refused("bad_date", earliest=case.received_on, latest=work.today)
        if (
            (letter is Letter.EXTENSION and case.extended_days is None)
            or (letter is Letter.ANSWER and case.decided_at is None)
            or (letter is Letter.DONE and case.closed_at is None)
        ):
            raise Refused("nothing_to_post", letter=letter)
        if letter is Letter.PLANNED:
            letter_posted(work, case, on)
        event(work, case, EventKind.LETTER_POSTED, letter=letter.value, on=on.isoformat())
        work.note("letter_posted", "case", case.id, letter=letter.value, on=on.isoformat())
        if letter is Letter.EXTENSION:
            mark_told(work, case.id, on)
        if letter is Letter.LATE:
            event(work, case, EventKind.TOLD_LATE)
        if letter is Letter.ANSWER:
            for step in open_steps(casebook.steps_of(work.session, case.id), POST):
                step.state, step.by_id, step.at = StepState.DONE.value, actor.id, work.now
            close_if_done(work, case)
