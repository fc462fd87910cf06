"""End an authorisation: by the student with one press, by staff, or by its date. It works at once, at the very next
request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import OPEN
from portal.domain.permissions import SYSTEM, Actor, Subject
from portal.records.tables.access import Login
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.records.tables.representation import Representative
from portal.services.casework import NotFound, asked_by
from portal.services.change_email import student_in_reach
from portal.services.unit import Work, writing


def end_own(actor: Actor, clock: Clock, representative_id: UUID) -> None:
    """The student ends it. Twice changes nothing. NotFound for another's."""
    with writing(actor, clock) as work:
        work.require(Act.END_REPRESENTATIVE, Subject(student_id=actor.student_id))
        row = work.session.get(Representative, representative_id, with_for_update=True)
        if row is None or row.student_id != actor.student_id:
            raise NotFound(str(representative_id))
        _end(work, row)


def end_by_staff(actor: Actor, clock: Clock, student_id: UUID, representative_id: UUID) -> None:
    """Staff end it, where the student asks so at the desk or it proves to be wrong. Raises NotFound, NotAllowed."""
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        work.require(Act.MANAGE_REPRESENTATIVE, Subject(branch_id=student.branch_id, student_id=student_id))
        row = work.session.get(Representative, representative_id, with_for_update=True)
        if row is None or row.student_id != student_id:
            raise NotFound(str(representative_id))
        _end(work, row)


def _end(work: Work, row: Representative) -> None:
    if row.ended_at is not None:
        return
    row.ended_at, row.ended_by = work.now, work.actor.kind.value
    _put_away(work, row)
    work.note("end_representative", "student", row.student_id, representative=str(row.id))
    work.session.flush()


def end_over(clock: Clock) -> int:
    """Puts away those whose last day is over; how many. They open nothing since that day, whether this ran or not."""
    with writing(SYSTEM, clock) as work:
        work.require(Act.EXPIRE_FILES)
        over = (Representative.ends_on < work.today) & Representative.email_digest.is_not(None)
        rows = list(work.session.execute(select(Representative).where(over).with_for_update()).scalars())
        for row in rows:
            _put_away(work, row)
        return len(rows)


def _put_away(work: Work, row: Representative) -> None:
    """The look-up and the sessions go; what this one was mailed goes by post to a student without a mail address."""
    row.email_digest = None
    work.session.execute(delete(Login).where(Login.representative_id == row.id))
    if work.session.get_one(Student, row.student_id).has_email:
        return
    open_cases = (Case.student_id == row.student_id) & Case.state.in_(sorted(state.value for state in OPEN))
    for case in work.session.execute(select(Case).where(open_cases).with_for_update()).scalars():
        case.by_post = case.by_post or asked_by(work, case) == row.id
