"""A new mail address for a student: at once at the desk, a week later from afar (regulation, "Identity").

The old address is told, with a link that stops a change from afar; so is the new one. Staff may leave the notice to the
old one out for the student's safety, with a reason. Whoever reads an address may sign in, so nothing else changes it
but this, a decided correction (`correct_email`, under the same terms), and the import.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.assurance import Way
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.records.items import full_name, persons
from portal.records.tables.people import Student
from portal.services import limits
from portal.services.address_change import contents, waiting_change
from portal.services.apply_email_changes import take_effect
from portal.services.begin_email_change import Changed, begin
from portal.services.casework import NotFound
from portal.services.unit import Work, reading, writing
from portal.services.why_opened import log_opened

OWN_SESSION = "own_session"
# How staff came to be sure enough for a new address (level 3); an ID is one way among others.
SURE_ENOUGH = frozenset(way for way in Way if way.leads_to >= Level.SECOND_CHANNEL)
MOST_WORDS = 1000


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits. `new` is None for whoever may not read it."""

    new: str | None
    from_on: date


@dataclass(frozen=True, slots=True)
class Contact:
    """What the pages about the address show. `has_email` False: everything goes by post."""

    name: str
    email: str
    has_email: bool
    pending: Pending | None


def own_contact(actor: Actor, clock: Clock) -> Contact:
    """The student's own address and what waits. NotAllowed below the level that shows own data."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        return _contact(work, actor.student_id)


def contact_of(actor: Actor, clock: Clock, student_id: UUID, reason: str) -> Contact:
    """A student's address for staff, as a view with this reason. Raises NotFound, NotAllowed("reason_missing")."""
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        about = Subject(branch_id=student.branch_id, student_id=student_id, reason_given=bool(reason))
        work.require(Act.VIEW_STUDENT, about)
        why = log_opened(work, student_id, reason, "contact")
        work.note("view_contact", "student", student_id, reason=why.reason)
        return _contact(work, student_id)


def student_in_reach(work: Work, student_id: UUID) -> Student:
    """The student, held until the unit ends; NotFound when the actor's branches do not reach."""
    student = work.session.execute(select(Student).where(Student.id == student_id).with_for_update()).scalar()
    if student is None or student.state != "active":
        raise NotFound(str(student_id))
    if not scope_of(work.actor, Act.VIEW_STUDENT).holds(student.branch_id):
        raise NotFound(str(student_id))
    return student


def _contact(work: Work, student_id: UUID) -> Contact:
    student = work.session.get_one(Student, student_id)
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    values = person.values if person else {}
    change = waiting_change(work, student_id)
    pending = Pending(str(contents(work, change)["new"]), receipt_date(change.due_at)) if change else None
    return Contact(full_name(values), str(values.get("email") or ""), student.has_email, pending)


def ask_change(actor: Actor, clock: Clock, address: str) -> Changed:
    """The student asks for another address, from afar and signed in at level 3; it takes effect after seven days.

    Raises NotAllowed ("level", needs), TooMany, and Refused: email_invalid, same_address, change_waiting (until).
    """
    limits.demand(clock, "email_change", str(actor.student_id))
    with writing(actor, clock) as work:
        work.require(Act.CHANGE_EMAIL, Subject(student_id=actor.student_id))
        assert actor.student_id is not None
        work.session.execute(select(Student.id).where(Student.id == actor.student_id).with_for_update())
        return begin(work, actor.student_id, address, OWN_SESSION, at_desk=False)[1]


def record_change(
    actor: Actor,
    clock: Clock,
    student_id: UUID,
    address: str,
    how: Way | str,
    at_desk: bool,
    silent: bool = False,
    reason: str = "",
) -> Changed:
    """Staff record another address: at the desk, with the student present, it works at once; else after seven days.

    `how` is what makes sure who it is, a way to level 3. `silent` leaves out the notice to the old address, for the
    student's safety, and then `reason` says why. Raises NotFound, NotAllowed, and Refused: bad_way, way_too_light,
    email_invalid, same_address, change_waiting (until), reason_missing, words_too_long (most).
    """
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        work.require(Act.MANAGE_STUDENT, Subject(branch_id=student.branch_id, student_id=student_id))
        if silent:
            work.require(Act.SUPPRESS_NOTICE, Subject(branch_id=student.branch_id, student_id=student_id))
            if not reason.strip():
                raise Refused("reason_missing")
            if len(reason) > MOST_WORDS:
                raise Refused("words_too_long", most=MOST_WORDS)
        change, told = begin(work, student_id, address, _way(how).value, at_desk, reason.strip() if silent else "")
    if at_desk:
        take_effect(clock, change)
    return told


def _way(how: Way | str) -> Way:
    try:
        way = Way(how)
    except ValueError:
        raise Refused("bad_way", how=how) from None
    if way not in SURE_ENOUGH:
        raise Refused("way_too_light", how=way, level=Level.SECOND_CHANNEL)
    return way
