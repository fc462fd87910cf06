"""Let new mail addresses take effect when their week is over. A nudge: what a missed or broken run left, is done later;
a change whose notice to the old address has not left yet waits for it.

Two strokes, since look-ups lie in another database than rows: the record is written and the old address's links and
sessions die in one transaction; then the look-ups are written anew; then the change is done.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select, update

from portal.domain.clock import Clock
from portal.domain.lifecycle import UNDECIDED
from portal.domain.permissions import SYSTEM
from portal.records.items import change_value, persons
from portal.records.tables.access import Login, OneTime
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.records.tables.representation import EmailChange
from portal.services.address_change import DONE, STOPPED, WAITING, WRITTEN, contents, notice_waits
from portal.services.reindex import reindex
from portal.services.sign_in import EMAIL, PURPOSE
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json
from portal.vault.normal import normal_email
from portal.vault.vault import Shredded


def apply_email_changes(clock: Clock) -> dict[str, int]:
    """Applies what has fallen due; returns how many took effect."""
    with reading(SYSTEM, clock) as work:
        due = (EmailChange.state == WAITING) & (EmailChange.due_at <= work.now)
        statement = select(EmailChange.id).where(due | (EmailChange.state == WRITTEN)).order_by(EmailChange.due_at)
        waiting = list(work.session.execute(statement).scalars())
    return {"addresses": sum(take_effect(clock, change_id) for change_id in waiting)}


def take_effect(clock: Clock, change_id: UUID) -> bool:
    """Both strokes of one change; whether it took effect now. Safe to run again, and beside another."""
    with writing(SYSTEM, clock) as work:
        change = _held(work, change_id)
        if change.state == WAITING and change.due_at <= work.now and not notice_waits(work, change):
            write_address(work, change)
        if change.state != WRITTEN:
            return False
        student_id = change.student_id
    with reading(SYSTEM, clock) as work:
        reindex(work, student_id)
    with writing(SYSTEM, clock) as work:
        change = _held(work, change_id)
        if change.state != WRITTEN:
            return False
        change.state, change.ended_at = DONE, work.now
        work.note("email_changed", "student", student_id)
    return True


def _held(work: Work, change_id: UUID) -> EmailChange:
    return work.session.execute(select(EmailChange).where(EmailChange.id == change_id).with_for_update()).scalar_one()


def write_address(work: Work, change: EmailChange) -> None:
    """The first stroke: record, sessions, links. A student whose data are gone gets no new address."""
    try:
        held = contents(work, change)
    except Shredded:
        change.state, change.ended_at = STOPPED, work.now
        return
    set_address(work, change.student_id, str(held["new"]))
    change.state = WRITTEN


def set_address(work: Work, student_id: UUID, new: str | None) -> None:
    """Writes the address on file, kept against the next import; whoever got in through the old one is out.

    The look-ups follow after commit: portal.services.reindex.
    """
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    if person is None:
        return
    old = person.values.get("email")
    retention = work.policy.field("person", "email").retention
    change_value(work.session, work.vault, person, "email", new, retention, work.now)
    student = work.session.get_one(Student, student_id)
    student.has_email = new is not None
    of_student = (Case.student_id == student_id) & Case.state.in_(sorted(state.value for state in UNDECIDED))
    work.session.execute(update(Case).where(of_student).values(by_post=new is None))
    shut_out(work, student_id, old)
    work.session.flush()


def shut_out(work: Work, student_id: UUID, old: Json) -> None:
    """Whoever got in by the address that was on file is out, and so are its links."""
    work.session.execute(delete(Login).where(Login.student_id == student_id))
    if old:
        digest = work.vault.digest(EMAIL, normal_email(str(old)))
        live = (OneTime.purpose == PURPOSE) & (OneTime.subject_digest == digest) & OneTime.used_at.is_(None)
        work.session.execute(update(OneTime).where(live, OneTime.void_at.is_(None)).values(void_at=work.now))
        work.session.execute(delete(Login).where(Login.address_digest == digest, Login.student_id.is_(None)))
