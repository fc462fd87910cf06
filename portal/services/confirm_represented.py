"""A representative proves a little more before an answer is handed over (level 2): what only somebody close to the
student knows, besides reading the mail of the address that was recorded."""

from __future__ import annotations

from portal.domain.acts import Act
from portal.domain.birth_date import PartialDate
from portal.domain.clock import Clock
from portal.domain.permissions import Subject
from portal.domain.vocabulary import Level
from portal.records import representatives
from portal.records.items import persons
from portal.services import limits
from portal.services.raise_cases import raise_represented
from portal.services.recognise import SignedIn
from portal.services.representing import add_login
from portal.services.step_up import fits
from portal.services.unit import writing


def confirm(signed_in: SignedIn, clock: Clock, born: PartialDate, postcode_or_number: str) -> str | None:
    """The id of a fresh session of level 2, when the student's birth date and postcode or number are right.

    Raises NotAllowed for anybody but a representative in force, TooMany when a limit is reached.
    """
    actor = signed_in.actor
    limits.demand(clock, "step_up_session", str(signed_in.login_id))
    limits.demand(clock, "step_up_subject", str(actor.id))
    with writing(actor, clock) as work:
        work.require(Act.STEP_UP, Subject(student_id=actor.student_id))
        row = representatives.one_in_force(work.session, actor.id, work.today) if actor.id else None
        person = persons(work.session, work.vault, [row.student_id]).get(row.student_id) if row else None
        if row is None or person is None or not fits(person, born, postcode_or_number):
            return None
        work.note("step_up", "student", row.student_id, level=int(Level.KNOWLEDGE), representative=str(row.id))
        raise_represented(work, row, Level.KNOWLEDGE)
        return add_login(work, row, signed_in.address_digest or b"", Level.KNOWLEDGE, signed_in.login_id)
