"""Take more time for an answer: once, by at most four weeks, told before the first date has passed (GDPR 12(3);
regulation, art. 9.5).

An extension counts from the moment the student is told. Until then `due_on` stays the first date, so that no list
promises time that the school may not have; `mark_told` moves it.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import update

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, RequestKind
from portal.mail import messages
from portal.records.tables.cases import Case
from portal.services.casework import event, move, reply_address
from portal.services.held_case import held_case
from portal.services.issue_letter import issue
from portal.services.unit import Work, writing

USE = "extension"


def extend(actor: Actor, clock: Clock, reference: str, version: int, days: int, reason: str, words: str = "") -> date:
    """Extends by 1 to 28 days from the first due date and tells the student; returns the new date.

    `reason` is a code of the policy's reasons for extensions; `words` are added for the student, untranslated. Raises
    NotFound, NotAllowed, ChangedMeanwhile, NotPossible, OutOfTerm("extension_out_of_term", days, most), and Refused:
    reason_missing, no_clock, extension_already_decided, extension_already_used, extension_too_late (due).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.EXTEND, version)
        move(case, Action.EXTEND)
        if case.kind == RequestKind.WITHDRAWAL:
            raise Refused("no_clock")
        found = work.policy.reasons.get(reason)
        if found is None or found.use != USE:
            raise Refused("reason_missing")
        terms.may_extend(case.original_due_on, work.today, case.extended_days is not None, case.decided_at is not None)
        new_due = terms.extended_due_on(case.original_due_on, days, work.policy.term.extension_days)
        case.extended_days, case.extension_reason, case.extended_at = days, reason, work.now
        case.extension_told_on = None
        details = {"days": days, "reason": reason, "until": new_due.isoformat(), "words": words.strip()}
        event(work, case, EventKind.EXTENDED, **details)
        work.note("extend", "case", case.id, days=days, reason=reason)
        issue(work, case, Letter.EXTENSION, until=new_due, words=words.strip())
        if to := reply_address(work, case):
            work.send(messages.extended(to, case.language, case.id, case.reference, new_due))
        return new_due


def mark_told(work: Work, case_id: UUID, on: date) -> bool:
    """The student was told on that day: the mail server took the mail, or a letter was posted. Whether it counts.

    The first day counts; told after the first due date, the extension is worth nothing and that date stays. The case's
    version stays too: whoever is deciding does not lose the form over a delivered mail.
    """
    case = work.session.get(Case, case_id)
    if case is None or case.extended_days is None:
        return False
    if case.extension_told_on is None or on < case.extension_told_on:
        due = terms.current_due_on(case.original_due_on, case.extended_days, on)
        work.session.flush()
        work.session.execute(
            update(Case).where(Case.id == case_id).values(extension_told_on=on, due_on=due),
            execution_options={"synchronize_session": "fetch"},
        )
        work.note("extension_told", "case", case_id, on=on.isoformat(), counts=due > case.original_due_on)
    return terms.counts_as_told(case.original_due_on, case.extension_told_on)
