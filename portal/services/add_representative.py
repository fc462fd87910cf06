"""Record who may act for a student: shown at the desk to staff, or confirmed by the student in the portal.

A guardian and the parent of a student under 16 act by law and prove it at the desk; a lawyer, a volunteer organisation
or family acts by an authorisation. Each has its kinds of request, its first and its last day, at most a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain import birth_date
from portal.domain.acts import Act
from portal.domain.birth_date import NotABirthDate, PartialDate
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.mail import messages
from portal.records import representatives
from portal.records.items import persons
from portal.records.tables.people import Student
from portal.records.tables.representation import Representative
from portal.services import limits
from portal.services.begin_email_change import canonical
from portal.services.casework import NotFound
from portal.services.change_email import student_in_reach
from portal.services.representing import BY_LAW, EMAIL, Relation
from portal.services.unit import Work, writing
from portal.vault.normal import normal_email

OF_AGE = 16  # from this birthday on a parent acts only with an authorisation (UAVG 5)
MOST_LETTERS = 200
OLDEST_PROOF = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorisation as it was shown or is given. `shown_on`: the day on which its proof was seen at the desk; None:
    the student confirms it in the portal."""

    name: str
    email: str
    relation: Relation
    kinds: frozenset[RequestKind]
    ends_on: date
    starts_on: date | None = None  # None: today
    shown_on: date | None = None
    organisation: str = ""
    language: str = "nl"


def a_year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 2, 28)


def record_representative(actor: Actor, clock: Clock, student_id: UUID, asked: Asked) -> UUID:
    """Staff record one. With `shown_on` it counts from its first day, else the student confirms it first.

    Raises NotFound, NotAllowed, and Refused: name_missing, words_too_long (most), email_invalid, kinds_missing,
    bad_language, ends_before_start, lasts_too_long (most), shown_in_future, must_be_shown, birth_date_unknown,
    not_under_age.
    """
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        work.require(Act.MANAGE_REPRESENTATIVE, Subject(branch_id=student.branch_id, student_id=student_id))
        if asked.shown_on is None and asked.relation in BY_LAW:
            raise Refused("must_be_shown")
        row = _add(work, student, asked, confirmed=asked.shown_on is not None)
        _tell_student(work, student, row)
        return row.id


def add_own(actor: Actor, clock: Clock, asked: Asked) -> UUID:
    """The student names one in the portal, at level 2: that is the confirmation. The address on file is told too: what
    level 2 asks, somebody close may know.

    Raises NotAllowed ("level", needs), TooMany, and Refused as `record_representative`; by law nobody is named so.
    """
    limits.demand(clock, "representative", str(actor.student_id))
    with writing(actor, clock) as work:
        student = _own(work)
        if asked.relation in BY_LAW:
            raise Refused("must_be_shown")
        row = _add(work, student, asked, confirmed=True)
        _tell_student(work, student, row)
        return row.id


def confirm_own(actor: Actor, clock: Clock, representative_id: UUID) -> None:
    """The student says that somebody whom staff wrote down may act. Twice changes nothing. NotFound for another's."""
    with writing(actor, clock) as work:
        student = _own(work)
        row = work.session.get(Representative, representative_id, with_for_update=True)
        if row is None or row.student_id != student.id:
            raise NotFound(str(representative_id))
        if row.confirmed_at is not None or row.ended_at is not None or row.ends_on < work.today:
            return
        row.confirmed_at = work.now
        work.note("confirm_representative", "student", student.id, representative=str(row.id))
        _welcome(work, row)


def _own(work: Work) -> Student:
    student_id = work.actor.student_id
    work.require(Act.CONFIRM_REPRESENTATIVE, Subject(student_id=student_id))
    return work.session.execute(select(Student).where(Student.id == student_id).with_for_update()).scalar_one()


def _add(work: Work, student: Student, asked: Asked, confirmed: bool) -> Representative:
    starts_on = asked.starts_on or work.today
    email = canonical(work, asked.email)
    _check(work, asked, starts_on)
    if asked.relation is Relation.PARENT:
        _check_age(work, student.id, asked.ends_on)
    row_id = uuid7()
    row = Representative(
        id=row_id,
        student_id=student.id,
        relation=asked.relation.value,
        kinds=" ".join(sorted(kind.value for kind in asked.kinds)),
        language=asked.language,
        starts_on=starts_on,
        ends_on=asked.ends_on,
        shown_on=asked.shown_on,
        recorded_by=work.actor.id if work.actor.is_staff else None,
        confirmed_at=work.now if confirmed else None,
        created_at=work.now,
        email_digest=work.vault.digest(EMAIL, normal_email(email)),
        sealed=representatives.seal(
            work.vault,
            student.id,
            row_id,
            {"name": asked.name.strip(), "organisation": asked.organisation.strip(), "email": email},
        ),
    )
    work.session.add(row)
    work.session.flush()
    work.note(
        "add_representative",
        "student",
        student.id,
        representative=str(row_id),
        relation=asked.relation.value,
        kinds=row.kinds,
        shown=asked.shown_on.isoformat() if asked.shown_on else "",
    )
    if confirmed:
        _welcome(work, row)
    return row


def _check(work: Work, asked: Asked, starts_on: date) -> None:
    if not asked.name.strip():
        raise Refused("name_missing")
    if max(len(asked.name), len(asked.organisation)) > MOST_LETTERS:
        raise Refused("words_too_long", most=MOST_LETTERS)
    if not asked.kinds:
        raise Refused("kinds_missing")
    if asked.language not in work.policy.languages:
        raise Refused("bad_language")
    if asked.ends_on < max(starts_on, work.today):
        raise Refused("ends_before_start")
    if asked.ends_on > (most := a_year_after(max(starts_on, work.today))) or starts_on > a_year_after(work.today):
        raise Refused("lasts_too_long", most=most)
    if asked.shown_on is not None and not work.today - OLDEST_PROOF <= asked.shown_on <= work.today:
        raise Refused("shown_in_future")


def _check_age(work: Work, student_id: UUID, ends_on: date) -> None:
    """A parent acts until the day before the 16th birthday; an unknown day counts as the first one possible."""
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    try:
        born: PartialDate = birth_date.parse(str(person.values.get("birth_date") or "") if person else "")
    except NotABirthDate as unknown:
        raise Refused("birth_date_unknown") from unknown
    if born.age_at_most(work.today) >= OF_AGE or born.age_at_most(ends_on) >= OF_AGE:
        raise Refused("not_under_age", until=_last_day_under_age(born))


def _last_day_under_age(born: PartialDate) -> date:
    earliest = born.earliest
    try:
        birthday = earliest.replace(year=earliest.year + OF_AGE)
    except ValueError:
        birthday = date(earliest.year + OF_AGE, 3, 1)
    return birthday - timedelta(days=1)


def _tell_student(work: Work, student: Student, row: Representative) -> None:
    held = persons(work.session, work.vault, [student.id]).get(student.id)
    email = str((held and held.values.get("email")) or "")
    asks = row.confirmed_at is None
    work.send(messages.represented(email, student.language, student.id, f"{row.id}:added", asks))


def _welcome(work: Work, row: Representative) -> None:
    to = representatives.contents(work.vault, row).get("email")
    if to:
        work.send(messages.representative_added(to, row.language, row.student_id, row.id))
