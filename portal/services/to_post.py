"""Letters that must go by post: for whoever has no usable mail address, or whose mail did not arrive (ux.md, rule 12).

What is due follows from the case and from what was mailed or posted before; nothing of it is stored. A letter is
printed from the answer as it was issued, and the day on which it was posted counts as told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, extended_due_on, receipt_date
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, RequestKind, StepState
from portal.records import casebook
from portal.records.queue import within
from portal.records.tables.cases import Case
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.proof import OutMail
from portal.services.case_page import log_view
from portal.services.casework import name_of
from portal.services.envelope import envelope
from portal.services.held_case import held_case
from portal.services.issue_letter import contents_of, issue, latest
from portal.services.steps import POST, RELEASE
from portal.services.unit import Work, reading, writing
from portal.services.write_letters import bytes_of

MOST = 200  # cases on the page
AFTER_CLOSING = timedelta(days=60)  # a letter that nobody posted by then is on the case's page only
# Kinds of mail that tell the same; one that waits or was sent needs no letter.
MAILS: Mapping[Letter, frozenset[str]] = {
    Letter.RECEIPT: frozenset({"receipt", "consent_withdrawn"}),
    Letter.EXTENSION: frozenset({"extended"}),
    Letter.LATE: frozenset({"late"}),
    Letter.MESSAGE: frozenset({"message"}),
    Letter.ANSWER: frozenset({"decided", "consent_withdrawn"}),
    Letter.COPY: frozenset({"carried_out"}),
    Letter.DONE: frozenset({"carried_out"}),
    Letter.CHANGED: frozenset({"changed", "taken_back"}),
}
ARRIVING = ("waiting", "sent")
DROPPED = frozenset({CaseState.TAKEN_BACK, CaseState.DUPLICATE, CaseState.ABUSE})


@dataclass(frozen=True, slots=True)
class ToPost:
    """One letter that somebody must print and post."""

    reference: str
    kind: RequestKind
    name: str
    letter: Letter
    since: date
    due_on: date
    version: int


@dataclass(frozen=True, slots=True)
class Printed:
    content: bytes  # PDF
    name: str  # of the file; the reference and nothing of the person


def letters_to_post(actor: Actor, clock: Clock) -> list[ToPost]:
    """What waits within the actor's branches, the oldest first. Names only, so it is a list and no view."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        scope = scope_of(actor, Act.PRINT_LETTER)
        statement = (
            select(Case)
            .where(within(scope, Case.branch_id), Case.by_post.is_(True))
            .where(or_(Case.closed_at.is_(None), Case.closed_at > work.now - AFTER_CLOSING))
            .order_by(Case.due_on, Case.id)
        )
        found: list[ToPost] = []
        for case in work.session.execute(statement).scalars():
            if due := due_letters(work, case):
                name, kind = name_of(work, case), RequestKind(case.kind)
                found += [
                    ToPost(case.reference, kind, name, letter, since, case.due_on, case.version)
                    for letter, since in due.items()
                ]
            if len(found) >= MOST:
                break
        return sorted(found, key=lambda each: (each.since, each.reference))


def due_letters(work: Work, case: Case) -> dict[Letter, date]:
    """The letters that this case still owes its asker, and since when."""
    if not case.by_post:
        return {}
    mailed = _mailed(work, case.id)
    posted = _posted(work, case)
    due: dict[Letter, date] = {}
    for letter, since in _occasions(work, case).items():
        told = any(at >= since for kind in MAILS[letter] for at in mailed.get(kind, ()))
        if not told and not any(at >= since for at in posted.get(letter, ())):
            due[letter] = receipt_date(since)
    return due


def _occasions(work: Work, case: Case) -> dict[Letter, datetime]:
    """What there is to tell, with the moment at which it came up last. Of a request that ended without an answer only
    that is left to tell."""
    changed = latest(work, case.id, Letter.CHANGED.value)
    turned = {Letter.CHANGED: changed.issued_at} if changed is not None else {}
    if CaseState(case.state) in DROPPED:
        return turned
    found = {Letter.RECEIPT: case.entered_at, **turned}
    if case.extended_at is not None:
        found[Letter.EXTENSION] = case.extended_at
    said = [each.at for each in casebook.messages_of(work.session, case.id) if each.from_staff]
    if said:
        found[Letter.MESSAGE] = said[-1]
    if case.decided_at is not None:
        found[Letter.ANSWER] = case.decided_at
        found.pop(Letter.EXTENSION, None)  # the answer is there: no need to say that it takes longer
    elif case.due_on < work.today and RequestKind(case.kind) is not RequestKind.WITHDRAWAL:
        found[Letter.LATE] = case.entered_at
    steps = casebook.steps_of(work.session, case.id)
    copied = next((step for step in steps if step.task == RELEASE and step.state == StepState.DONE), None)
    if copied is not None and copied.at is not None:
        found[Letter.COPY] = copied.at
        return found
    carried_out = any(step.state == StepState.DONE and step.task != POST for step in steps)
    if case.executed_at is not None and case.closed_at is not None and carried_out:
        found[Letter.DONE] = case.closed_at
    return found


def _mailed(work: Work, case_id: UUID) -> dict[str, list[datetime]]:
    rows = work.session.execute(
        select(OutMail.kind, OutMail.created_at).where(OutMail.case_id == case_id, OutMail.state.in_(ARRIVING))
    )
    found: dict[str, list[datetime]] = {}
    for kind, at in rows:
        found.setdefault(kind, []).append(at)
    return found


def _posted(work: Work, case: Case) -> dict[Letter, list[datetime]]:
    found: dict[Letter, list[datetime]] = {}
    for each in casebook.events_of(work.session, case.id, [EventKind.LETTER_POSTED.value]):
        code = casebook.event_details(work.vault, each).get("letter")
        if code in set(Letter):
            found.setdefault(Letter(code), []).append(each.at)
    return found


def _issued(work: Work, case: Case, letter: Letter) -> IssuedLetter:
    """The letter as it was issued. What was told by mail alone, or fell due by itself, is issued for the post now; so
    is one whose address is no longer right."""
    since = _occasions(work, case)[letter]
    row = latest(work, case.id, letter.value)
    if row is not None and row.issued_at >= since and _goes_there(work, case, row):
        return row
    said = [each for each in casebook.messages_of(work.session, case.id) if each.from_staff]
    words = casebook.message_text(work.vault, said[-1]) if letter is Letter.MESSAGE and said else ""
    until = None
    if letter is Letter.EXTENSION and case.extended_days:
        until = extended_due_on(case.original_due_on, case.extended_days, case.extended_days)
    return issue(work, case, letter, words=words, until=until)


def _goes_there(work: Work, case: Case, row: IssuedLetter) -> bool:
    """Whether the letter names the address of today: somebody moved, or was only now found to be a student. Where no
    address is left the one it names is the last that was known."""
    now = list(envelope(work, case))
    return not now or contents_of(work, row).get("address") == now


def print_letter(actor: Actor, clock: Clock, reference: str, letter: Letter) -> Printed:
    """The letter as PDF with the address for a window envelope: a view of the student's address, and logged.

    Raises NotFound, NotAllowed, NotPrintable, and Refused("nothing_to_post", letter).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.PRINT_LETTER)
        if letter not in _occasions(work, case):
            raise Refused("nothing_to_post", letter=letter)
        content = bytes_of(work, _issued(work, case, letter))
        if case.student_id is not None:
            log_view(work, case.student_id, reason="case", what="letter", case_id=case.id)
        work.note("print_letter", "case", case.id, letter=letter.value)
        return Printed(content, f"{case.reference}-{letter.value}.pdf")
