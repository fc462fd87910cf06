"""What staff decide on an upload after its dry run: whom to admit, whether it goes in, or that it does not."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.services import intakes
from portal.services.intakes import Move, Told
from portal.services.unit import writing

MOST_WORDS = 1000  # characters of a reason
MOST_NEW = 50  # numbers of students who enrolled anew, typed by hand
NUMBER = 40  # characters


def admit(actor: Actor, clock: Clock, intake_id: UUID, version: int, numbers: Collection[str], reason: str) -> None:
    """Takes these students in although their term is over, or although they were erased and enrolled anew; everybody
    else of the list stays out. The dry run is made again, so that nobody confirms what nobody saw.

    Raises NotFound, NotAllowed, MovedOn, Refused: reason_missing, words_too_long (most), too_many_chosen (most).
    """
    chosen = [number for each in numbers if (number := each.strip()[:NUMBER])]
    if chosen and not reason.strip():
        raise Refused("reason_missing")
    if len(reason) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    with writing(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        intake = intakes.one(work, intake_id)
        before = intakes.told(work, intake)
        listed = {each["student_number"] for each in before.report.get("past_term", {}).get("students", ())}
        if len(set(chosen) - listed) > MOST_NEW:
            raise Refused("too_many_chosen", most=MOST_NEW)
        admitted = {number: before.admit.get(number) or reason.strip() for number in chosen}
        sealed = intakes.seal_told(work, intake_id, Told(before.report, admitted))
        intakes.move(work, intake_id, Move.LOOK_AGAIN, version, sealed=sealed, by_id=actor.id)
        work.note("admit_students", "installation", None, students=len(admitted))


def confirm(actor: Actor, clock: Clock, intake_id: UUID, version: int) -> None:
    """It goes in as the dry run said; the worker begins within seconds. Raises NotFound, NotAllowed, MovedOn."""
    with writing(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        intakes.one(work, intake_id)
        intakes.move(work, intake_id, Move.CONFIRM, version, by_id=actor.id)
        work.note("confirm_import", "installation", None)


def cancel(actor: Actor, clock: Clock, intake_id: UUID) -> None:
    """Before anything is written. Its bytes are wiped at once. Raises NotFound, NotAllowed, MovedOn."""
    with writing(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        intakes.one(work, intake_id)
        intakes.move(work, intake_id, Move.CANCEL)
        work.note("cancel_import", "installation", None)
    with writing(actor, clock) as work:
        intakes.wipe_files(work, intake_id)
        intakes.wipe_report(work, intake_id)
