"""Mails about a student that did not arrive, or had no address to go to, and that no case keeps on its list: somebody
tells the student otherwise.

What a case owes is a letter (`to_post`), and so is a question for consent; a notice that a term ends waits on the page
of retention. What is left are notices: of another address, of a representative, of a code that does not come, a
reminder. Each is a mail that failed, until staff say that they told it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject, scope_of
from portal.mail import messages
from portal.mail.delivery import FAILED, QUARANTINED, TOLD
from portal.records.items import full_name, persons
from portal.records.queue import within
from portal.records.tables.people import Student
from portal.records.tables.proof import OutMail
from portal.services.casework import NotFound
from portal.services.unit import Work, reading, writing

MOST = 200  # on the page
NOTICES = frozenset(
    {"email_change_asked", "email_changed", "email_new", "represented", "representative_added", "code_stopped"}
)


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One notice that somebody must tell otherwise; the name only, so it is a list and no view."""

    mail_id: UUID
    student_id: UUID
    name: str
    kind: str
    since: date


def undelivered(actor: Actor, clock: Clock) -> list[Undelivered]:
    """What waits within the actor's branches, the oldest first."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        rows = work.session.execute(
            select(OutMail.id, OutMail.holder_id, OutMail.kind, OutMail.created_at)
            .join(Student, Student.id == OutMail.holder_id)
            .where(_waits(), within(scope_of(actor, Act.PRINT_LETTER), Student.branch_id), Student.state == "active")
            .order_by(OutMail.created_at, OutMail.id)
            .limit(MOST)
        ).all()
        people = persons(work.session, work.vault, [row.holder_id for row in rows])
        return [
            Undelivered(
                row.id,
                row.holder_id,
                full_name(people[row.holder_id].values) if row.holder_id in people else "",
                row.kind,
                receipt_date(row.created_at),
            )
            for row in rows
        ]


def _waits() -> ColumnElement[bool]:
    again = OutMail.dedupe.startswith(f"{messages.CONSENT_ASKED_AGAIN}:")
    return and_(
        OutMail.holder_kind == "student",
        OutMail.case_id.is_(None),
        OutMail.state.in_((FAILED, QUARANTINED)),
        or_(OutMail.kind.in_(sorted(NOTICES)), and_(OutMail.kind == messages.CONSENT_ASKED, again)),
    )


def record_told(actor: Actor, clock: Clock, mail_id: UUID) -> None:
    """Somebody told it by phone, by letter or at the desk. Twice changes nothing. Raises NotFound, NotAllowed."""
    with writing(actor, clock) as work:
        mail = work.session.execute(
            select(OutMail).where(OutMail.id == mail_id, or_(_waits(), OutMail.state == TOLD)).with_for_update()
        ).scalar_one_or_none()
        student = work.session.get(Student, mail.holder_id) if mail is not None else None
        if mail is None or student is None or not _reaches(work, student):
            raise NotFound(str(mail_id))
        work.require(Act.PRINT_LETTER, Subject(branch_id=student.branch_id, student_id=student.id))
        if mail.state != TOLD:
            mail.state = TOLD
            work.note("told_otherwise", "student", student.id, kind=mail.kind)


def _reaches(work: Work, student: Student) -> bool:
    return student.state == "active" and scope_of(work.actor, Act.PRINT_LETTER).holds(student.branch_id)
