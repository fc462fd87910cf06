"""Letters that must go by post: for whoever has no usable mail address, or whose mail did not arrive (ux.md, rule 12).

What is due follows from the case and from what was mailed or posted before; nothing of it is stored. A letter is
printed from the answer as it was issued, and the day on which it was posted counts as told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, extended_due_on, receipt_date
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, RequestKind, StepState
from portal.records import casebook
from portal.records.items import full_name, persons
from portal.records.queue import within
from portal.records.tables.cases import Case, CaseEvent, CaseMessage, CaseStep
from portal.records.tables.erasure import Erasure
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.proof import OutMail
from portal.services import erasing
from portal.services.case_page import log_view
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
    Letter.PLANNED: frozenset({"erasure_planned"}),
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


@dataclass(slots=True)
class Facts:
    """What tells which letters a case still owes: the mails on their way or there, by kind; the letters that were
    posted; when staff last wrote, when a turn of the case was last told, when an erasure that waits was approved; its
    steps."""

    mailed: dict[str, list[datetime]] = field(default_factory=dict)
    posted: dict[Letter, list[datetime]] = field(default_factory=dict)
    said_at: datetime | None = None
    changed_at: datetime | None = None
    planned_at: datetime | None = None
    steps: list[CaseStep] = field(default_factory=list)


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
        cases = list(work.session.execute(statement).scalars())
        found: list[ToPost] = []
        for start in range(0, len(cases), MOST):
            found += _to_post(work, cases[start : start + MOST])
            if len(found) >= MOST:
                break
        return sorted(found[:MOST], key=lambda each: (each.since, each.reference))


def _to_post(work: Work, cases: Sequence[Case]) -> list[ToPost]:
    facts = _facts(work, cases)
    owing = [(case, due) for case in cases if (due := _due(work, case, facts[case.id]))]
    names = _names(work, [case for case, _ in owing])
    return [
        ToPost(case.reference, RequestKind(case.kind), names[case.id], letter, since, case.due_on, case.version)
        for case, due in owing
        for letter, since in due.items()
    ]


def _names(work: Work, cases: Sequence[Case]) -> dict[UUID, str]:
    """Of each asker, as `casework.name_of` says it of one."""
    people = persons(work.session, work.vault, [case.student_id for case in cases if case.student_id])
    return {
        case.id: (full_name(people[case.student_id].values) if case.student_id in people else "")
        if case.student_id
        else str(casebook.contents(work.vault, case).get("contact", {}).get("name", ""))
        for case in cases
    }


def due_letters(work: Work, case: Case) -> dict[Letter, date]:
    """The letters that this case still owes its asker, and since when."""
    return _due(work, case, _facts(work, [case])[case.id]) if case.by_post else {}


def _due(work: Work, case: Case, facts: Facts) -> dict[Letter, date]:
    due: dict[Letter, date] = {}
    for letter, since in _occasions(work, case, facts).items():
        told = any(at >= since for kind in MAILS[letter] for at in facts.mailed.get(kind, ()))
        if not told and not any(at >= since for at in facts.posted.get(letter, ())):
            due[letter] = receipt_date(since)
    return due


def _occasions(work: Work, case: Case, facts: Facts) -> dict[Letter, datetime]:
    """What there is to tell, with the moment at which it came up last. Of a request that ended without an answer only
    that is left to tell."""
    turned = {Letter.CHANGED: facts.changed_at} if facts.changed_at is not None else {}
    if CaseState(case.state) in DROPPED:
        return turned
    found = {Letter.RECEIPT: case.entered_at, **turned}
    if case.extended_at is not None:
        found[Letter.EXTENSION] = case.extended_at
    if facts.said_at is not None:
        found[Letter.MESSAGE] = facts.said_at
    if case.decided_at is not None:
        found[Letter.ANSWER] = case.decided_at
        found.pop(Letter.EXTENSION, None)  # the answer is there: no need to say that it takes longer
    elif case.due_on < work.today and RequestKind(case.kind) is not RequestKind.WITHDRAWAL:
        found[Letter.LATE] = case.entered_at
    if facts.planned_at is not None:
        found[Letter.PLANNED] = facts.planned_at
    copied = next((step for step in facts.steps if step.task == RELEASE and step.state == StepState.DONE), None)
    if copied is not None and copied.at is not None:
        found[Letter.COPY] = copied.at
        return found
    carried_out = any(step.state == StepState.DONE and step.task != POST for step in facts.steps)
    if case.executed_at is not None and case.closed_at is not None and carried_out:
        found[Letter.DONE] = case.closed_at
    return found


def _facts(work: Work, cases: Sequence[Case]) -> dict[UUID | None, Facts]:
    """Of each of these cases; so many statements, however many cases there are."""
    ids = [case.id for case in cases]
    found: dict[UUID | None, Facts] = {case_id: Facts() for case_id in ids}
    work.vault.preload(map(casebook.holder, ids))
    mails = select(OutMail.case_id, OutMail.kind, OutMail.created_at)
    for case_id, kind, at in work.session.execute(mails.where(OutMail.case_id.in_(ids), OutMail.state.in_(ARRIVING))):
        found[case_id].mailed.setdefault(kind, []).append(at)
    posted = select(CaseEvent).where(CaseEvent.case_id.in_(ids), CaseEvent.kind == EventKind.LETTER_POSTED.value)
    for each in work.session.execute(posted).scalars():
        code = casebook.event_details(work.vault, each).get("letter")
        if code in set(Letter):
            found[each.case_id].posted.setdefault(Letter(code), []).append(each.at)
    said = select(CaseMessage.case_id, func.max(CaseMessage.at)).group_by(CaseMessage.case_id)
    for case_id, at in work.session.execute(said.where(CaseMessage.case_id.in_(ids), CaseMessage.from_staff)):
        found[case_id].said_at = at
    changed = select(IssuedLetter.case_id, func.max(IssuedLetter.issued_at)).group_by(IssuedLetter.case_id)
    for case_id, at in work.session.execute(
        changed.where(
            IssuedLetter.case_id.in_(ids), IssuedLetter.kind == Letter.CHANGED.value, IssuedLetter.target == ""
        )
    ):
        found[case_id].changed_at = at
    planned = (Erasure.case_id.in_(ids)) & (Erasure.state == erasing.WAITING)
    for case_id, at in work.session.execute(select(Erasure.case_id, Erasure.created_at).where(planned)):
        found[case_id].planned_at = at
    for step in work.session.execute(select(CaseStep).where(CaseStep.case_id.in_(ids))).scalars():
        found[step.case_id].steps.append(step)
    return found


def _issued(work: Work, case: Case, letter: Letter) -> IssuedLetter:
    """The letter as it was issued. What was told by mail alone, or fell due by itself, is issued for the post now; so
    is one whose address is no longer right."""
    since = _occasions(work, case, _facts(work, [case])[case.id])[letter]
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
        if letter not in _occasions(work, case, _facts(work, [case])[case.id]):
            raise Refused("nothing_to_post", letter=letter)
        content = bytes_of(work, _issued(work, case, letter))
        if case.student_id is not None:
            log_view(work, case.student_id, reason="case", what="letter", case_id=case.id)
        work.note("print_letter", "case", case.id, letter=letter.value)
        return Printed(content, f"{case.reference}-{letter.value}.pdf")
