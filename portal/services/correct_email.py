"""Carry out a decided correction of the mail address, under the terms of every other new address (regulation,
"Identity").

Whoever reads an address may sign in, so a request is no way around them: at the desk, with an ID, it works at once;
from afar after seven days, while the link that the old address got can stop it (take-over by address change).
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.assurance import Way
from portal.domain.clock import receipt_date
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel
from portal.mail import messages
from portal.records.items import persons
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.records.tables.representation import EmailChange
from portal.services.address_change import STOPPED, contents, waiting_change
from portal.services.apply_email_changes import set_address
from portal.services.begin_email_change import begin
from portal.services.unit import Work
from portal.vault.envelope import Json

BY_CASE = "case"  # EmailChange.how, where the case does not say how its asker is known


def correct_email(work: Work, case: Case, new: Json) -> date | None:
    """Writes the address, or sets it going; the day from which it will be on file, None when it is now. Again changes
    nothing.

    Raises Refused: address_change_pending (until) while another change waits, address_change_stopped.
    """
    student_id = case.student_id
    assert student_id is not None
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    old = person.values.get("email") if person else None
    if person is None or old == new:
        return None
    if not new:
        _take_away(work, case, student_id, str(old))
        return None
    at_desk = case.channel == Channel.DESK and case.assured_how == Way.SHOW_ID_AT_DESK
    waiting = waiting_change(work, student_id)
    if waiting is not None and not at_desk:
        until = receipt_date(waiting.due_at)
        if contents(work, waiting)["new"] == new:
            return until
        raise Refused("address_change_pending", until=until)
    if not at_desk and _was_stopped(work, case, new):
        raise Refused("address_change_stopped")
    _change, told = begin(work, student_id, str(new), case.assured_how or BY_CASE, at_desk)
    return None if at_desk else told.from_on


def _take_away(work: Work, case: Case, student_id: UUID, old: str) -> None:
    """Nobody gets in by it any more; the old address hears of it."""
    student = work.session.get_one(Student, student_id)
    set_address(work, student_id, None)
    work.send(messages.email_changed(old, student.language, student_id, case.id))


def _was_stopped(work: Work, case: Case, new: Json) -> bool:
    """Whether somebody stopped this very change since it was decided."""
    statement = select(EmailChange).where(
        EmailChange.student_id == case.student_id, EmailChange.state == STOPPED, EmailChange.asked_at >= case.decided_at
    )
    return any(contents(work, each)["new"] == new for each in work.session.execute(statement).scalars())
