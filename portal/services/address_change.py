"""A change of the mail address that is under way: until it takes effect nothing is released and nothing erased
(regulation, "Identity"; security.md, take-over by address change)."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from portal.domain.clock import receipt_date
from portal.domain.refusal import Refused
from portal.mail import messages
from portal.mail.delivery import WAITING as UNSENT
from portal.mail.outbox import state_of
from portal.records.tables.proof import OutMail
from portal.records.tables.representation import EmailChange
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place

WAIT = timedelta(days=7)  # from afar, from the moment at which the notice to the old address left the house
CLASS = "standard"  # the retention class of the address itself
WAITING, WRITTEN, DONE, STOPPED = "waiting", "written", "done", "stopped"


def place(row: UUID) -> Place:
    return Place("email_change", "sealed", row)


def contents(work: Work, change: EmailChange) -> dict[str, Json]:
    """{"old", "new", "reason"}. Raises Shredded once the student's data are gone."""
    found: dict[str, Json] = work.vault.open(Holder.student(change.student_id), CLASS, place(change.id), change.sealed)
    return found


def waiting_change(work: Work, student_id: UUID) -> EmailChange | None:
    """The change of this student that has not taken effect yet."""
    statement = select(EmailChange).where(EmailChange.student_id == student_id, EmailChange.state == WAITING)
    return work.session.execute(statement).scalar_one_or_none()


def notice_sent(work: Work, mail_id: UUID) -> None:
    """The notice to the old address has left: from now on the week counts."""
    key = work.session.execute(select(OutMail.dedupe).where(OutMail.id == mail_id)).scalar_one()
    about = UUID(key.removeprefix(messages.EMAIL_CHANGE_ASKED))
    change = work.session.get(EmailChange, about, with_for_update=True)
    if change is not None and change.state == WAITING:
        change.due_at = max(change.due_at, work.now + WAIT)


def notice_waits(work: Work, change: EmailChange) -> bool:
    """Whether the notice to the old address is still to leave. One that failed for good waits no longer: nobody reads
    that address, and staff tell the student otherwise."""
    return state_of(work.session, f"{messages.EMAIL_CHANGE_ASKED}{change.id}") == UNSENT


def demand_settled(work: Work, student_id: UUID | None) -> None:
    """Nothing, or Refused("address_change_pending", until=the day on which the new address is used)."""
    change = waiting_change(work, student_id) if student_id else None
    if change is not None:
        raise Refused("address_change_pending", until=receipt_date(change.due_at))
