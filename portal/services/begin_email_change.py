"""Begin a change of a student's mail address: at once at the desk, a week later from afar (regulation, "Identity").

Whoever asked for it, by which door: the old address is told, with a link that stops a change from afar; so is the new
one. Who may ask, and how sure of them we must be, is for `change_email` and `correct_email`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from uuid_utils.compat import uuid7

from portal.domain.clock import receipt_date
from portal.domain.refusal import Refused
from portal.intake.faults import BadValue
from portal.intake.values import parse_value
from portal.mail import messages
from portal.records.items import persons
from portal.records.tables.people import Student
from portal.records.tables.representation import EmailChange
from portal.services.address_change import CLASS, STOPPED, WAIT, WAITING, place, waiting_change
from portal.services.apply_email_changes import write_address
from portal.services.casework import NotFound
from portal.services.sign_in import EMAIL, students_at
from portal.services.unit import Work
from portal.vault.envelope import Holder
from portal.vault.normal import normal_email


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of it. `from_on`: the day from which the new address is used. `others`: how many other students read
    the same address; told to staff only, it is nobody else's business."""

    from_on: date
    others: int


def digest_of(token: str) -> bytes:
    return hashlib.sha256(f"stop-email|{token}".encode()).digest()


def begin(
    work: Work, student_id: UUID, typed: str, how: str, at_desk: bool, left_out_because: str = ""
) -> tuple[UUID, Changed]:
    """The change with what came of it; at the desk its address is written in this unit, and `take_effect` follows it.

    Raises NotFound, and Refused: email_invalid, same_address, change_waiting (until).
    """
    new = canonical(work, typed)
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    if person is None:
        raise NotFound(str(student_id))
    old = person.values.get("email") or None
    if old is not None and normal_email(str(old)) == normal_email(new):
        raise Refused("same_address")
    waiting = waiting_change(work, student_id)
    if waiting is not None and not at_desk:
        raise Refused("change_waiting", until=receipt_date(waiting.due_at))
    if waiting is not None:  # the student stands here: what was asked from afar is over
        waiting.state, waiting.ended_at = STOPPED, work.now
    row, token = uuid7(), secrets.token_urlsafe(32)
    due_at = work.now if at_desk else work.now + WAIT
    sealed = work.vault.seal(
        Holder.student(student_id), CLASS, place(row), {"old": old, "new": new, "reason": left_out_because}
    )
    change = EmailChange(
        id=row,
        student_id=student_id,
        state=WAITING,
        at_desk=at_desk,
        how=how,
        asked_at=work.now,
        due_at=due_at,
        by_id=work.actor.id if work.actor.is_staff else None,
        notice_left_out=bool(left_out_because),
        stop_digest=digest_of(token),
        sealed=sealed,
    )
    work.session.add(change)
    work.session.flush()
    _tell(work, change, str(old) if old else None, new, token)
    work.note("change_email", "student", student_id, how=how, at_desk=at_desk)
    if left_out_because:
        work.note("suppress_notice", "student", student_id, reason=left_out_because)
    if at_desk:
        write_address(work, change)
    others = set(students_at(work, work.vault.digest(EMAIL, normal_email(new)))) - {student_id}
    return row, Changed(receipt_date(due_at), len(others))


def canonical(work: Work, typed: str) -> str:
    """The address as it is kept; Refused("email_invalid"). That others read it too is no obstacle."""
    try:
        value = parse_value(work.policy.field("person", "email"), typed.strip(), today=work.today)
    except BadValue as bad:
        raise Refused("email_invalid") from bad
    if not value:
        raise Refused("email_invalid")
    return str(value)


def _tell(work: Work, change: EmailChange, old: str | None, new: str, token: str) -> None:
    student = work.session.get_one(Student, change.student_id)
    from_on = receipt_date(change.due_at)
    work.send(messages.email_new(new, student.language, student.id, change.id, from_on))
    if old is None or change.notice_left_out:
        return
    if change.at_desk:
        work.send(messages.email_changed(old, student.language, student.id, change.id))
    else:
        work.send(messages.email_change_asked(old, student.language, student.id, change.id, from_on, token))
