"""What the use cases on a case share: opening one, finding it within the actor's reach, telling the student."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from uuid_utils.compat import uuid7

from portal.audit.log import CLASS as AUDIT
from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.digits import only_digits
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState, initial_state, next_state
from portal.domain.permissions import Subject, may
from portal.domain.vocabulary import ActorKind, Channel, Level, RequestKind, TargetKind
from portal.mail import messages
from portal.mail.messages import Message
from portal.mail.outbox import CLASS as MAIL
from portal.records import case_facts, casebook, representatives
from portal.records.db import new_row, write_new
from portal.records.items import Item, filed, full_name, persons
from portal.records.staff import Reader, away, to_tell
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseEvent, CaseItem
from portal.records.tables.representation import Representative
from portal.services import limits
from portal.services.envelope import lines_of
from portal.services.issue_letter import receipt
from portal.services.unit import Work
from portal.vault.envelope import Json
from portal.vault.normal import normal_email

BY_REFERENCE = select(Case).where(Case.reference == bindparam("reference"))
LATER = dict.fromkeys(  # what a new case has none of yet
    (
        *("extended_days", "extension_reason", "extension_told_on"),
        *("handler_id", "decider_id", "decided_at", "outcome", "approver_id"),
    )
)


class NotFound(Exception):
    """No such thing within the actor's reach; a foreign object and a missing one look alike (404)."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the case since the form was shown; nothing was saved over it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing asked for. What it is about follows `target`; `asked` is the value it should have."""

    target: TargetKind
    dataset: str | None = None
    item_id: UUID | None = None
    field: str | None = None
    group: int | None = None
    activity: str | None = None
    asked: Json = None
    current: Json = None  # the value as the student saw it
    words: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """Who asks, as given by somebody who did not sign in."""

    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    birth_date: str = ""
    student_number: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class NewCase:
    kind: RequestKind
    channel: Channel
    language: str
    received_on: date
    items: tuple[Asked, ...] = ()
    words: str = ""
    student_id: UUID | None = None
    contact: Contact = field(default_factory=Contact)
    helper: str = ""  # somebody who helped; recorded, no access
    about_case_id: UUID | None = None
    representative_id: UUID | None = None  # who asks it for the student
    assured: Level = Level.NONE  # how sure we are who asks
    assured_how: str | None = None
    once: bytes | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that was opened, or the one that the same form opened before (then `code` is not shown again)."""

    case_id: UUID
    reference: str
    code: str | None
    answer_by: date


def open_case(work: Work, new: NewCase) -> Opened:
    """Opens a case in this unit of work: dates, reference, case code, items, receipt by mail, news to staff."""
    reference, twin = casebook.new_reference(work.session, new.received_on.year, new.once)
    if twin is not None:
        return Opened(twin.id, twin.reference, None, twin.due_on)
    asker = _asker(work, new)
    state = initial_state(new.kind, matched=asker.branch_id is not None)
    at_once = state == CaseState.DECIDED  # a withdrawal that counts now: its own mail tells of it, with the code
    to = None if at_once else asker.email
    if to and not _within(work, "receipt_mail", normal_email(to)):
        to = None
    case_id, code = uuid7(), casebook.new_code()
    found_by = {casebook.CLASS: [(casebook.CODE_LOOKUP, only_digits(code))]}
    work.vault.begin(casebook.holder(case_id), found_by | {AUDIT: []} | ({MAIL: []} if to else {}))
    case = _case(work, new, asker, case_id, reference, state)
    items = [_item(work, case_id, position, asked) for position, asked in enumerate(new.items)]
    letter = () if at_once else (receipt(work, case, items, asker.address),)
    write_new(work.session, (case, *items, _received(work, case), *letter))
    work.note("open_case", "case", case_id, kind=new.kind.value, channel=new.channel.value)
    mail = [messages.receipt(to, case.language, case_id, case.reference, code, case.due_on)] if to else []
    work.send_last([*mail, *_news_of(work, case)])
    return Opened(case_id, case.reference, code, case.due_on)


@dataclass(frozen=True, slots=True)
class _Asker:
    """Whoever asks a new case: as on file where the student is known, else as given with it."""

    branch_id: UUID | None  # of the student; None: not known
    by_mail: bool
    email: str | None
    address: tuple[str, ...]


def _asker(work: Work, new: NewCase) -> _Asker:
    given = new.contact
    student = filed(work.session, work.vault, new.student_id) if new.student_id else None
    if student is None:
        by_mail = bool(new.representative_id or given.email)
        return _Asker(None, by_mail, given.email or None, (given.name, *given.address.splitlines()))
    email = _email_of(work, student.id, new.representative_id, student.person)
    return _Asker(student.branch_id, bool(new.representative_id or student.has_email), email, lines_of(student.person))


def _case(work: Work, new: NewCase, asker: _Asker, case_id: UUID, reference: str, state: CaseState) -> Case:
    days = work.policy.term.complaint_days if new.kind is RequestKind.COMPLAINT else work.policy.term.answer_days
    due = terms.due_on(new.received_on, days)
    contents: dict[str, Json] = {"contact": new.contact.as_dict(), "words": new.words, "helper": new.helper}
    if new.representative_id:
        contents["representative"] = str(new.representative_id)
    return new_row(
        Case,
        id=case_id,
        reference=reference,
        kind=new.kind.value,
        state=state.value,
        student_id=new.student_id,
        branch_id=asker.branch_id,
        channel=new.channel.value,
        language=new.language,
        received_on=new.received_on,
        entered_at=work.now,
        original_due_on=due,
        due_on=due,
        about_case_id=new.about_case_id,
        assured_level=int(new.assured),
        assured_how=new.assured_how,
        by_post=not asker.by_mail,
        policy_version=work.policy.regulation.version,
        once=new.once,
        sealed=casebook.seal(work.vault, "case", case_id, case_id, contents),
        **LATER,
    )


def _item(work: Work, case_id: UUID, position: int, asked: Asked) -> CaseItem:
    row = uuid7()
    contents = {"asked": asked.asked, "current": asked.current, "words": asked.words}
    return new_row(
        CaseItem,
        id=row,
        case_id=case_id,
        position=position,
        target=asked.target.value,
        dataset=asked.dataset,
        item_id=asked.item_id,
        field=asked.field,
        group=asked.group,
        activity=asked.activity,
        outcome=None,
        ground=None,
        sealed=casebook.seal(work.vault, "case_item", case_id, row, contents),
    )


def _received(work: Work, case: Case) -> CaseEvent:
    """The first line of the timeline."""
    kind = EventKind.RECEIVED if case.channel == Channel.PORTAL else EventKind.RECORDED
    by = work.actor
    return new_row(
        CaseEvent,
        id=uuid7(),
        case_id=case.id,
        at=work.now,
        kind=kind.value,
        actor_kind=by.kind.value,
        actor_id=by.id,
        sealed=None,
    )


def event(work: Work, case: Case, kind: EventKind, **details: Json) -> None:
    """Adds to the case's timeline."""
    by = work.actor
    work.session.add(casebook.new_event(work.vault, case.id, kind.value, work.now, by.kind.value, by.id, **details))


def lines_of_case(work: Work, case: Case) -> dict[str, list[Any]]:
    """What a case has many of, as plain rows by what they are lines of (`case_facts.lines`), oldest first: for pages,
    of which several services ask the same."""
    return work.once(("lines", case.id), lambda: case_facts.lines(work.session, case.id, None))


def subject_of(work: Work, case: Case) -> Subject:
    """What the permissions need to know of a case."""
    about = work.session.get(Case, case.about_case_id) if case.about_case_id else None
    return subject_about(case, about.decider_id if about else None)


def subject_about(case: Any, about_decider_id: UUID | None) -> Subject:
    """The same of a case, or a row of one, and who decided what it is about."""
    return Subject(
        branch_id=case.branch_id,
        student_id=case.student_id,
        case_id=case.id,
        kind=RequestKind(case.kind),
        decider_id=case.decider_id,
        approver_id=case.approver_id,
        about_decider_id=about_decider_id if case.kind == RequestKind.COMPLAINT else None,
        handler_id=case.handler_id,
        unplaced=case.student_id is None,
    )


def case_by_reference(work: Work, reference: str, act: Act, version: int | None = None) -> Case:
    """The case, if the actor may do `act` to it.

    Raises NotFound when it is missing or lies outside the actor's reach, NotAllowed when the actor sees it but may
    not do this, ChangedMeanwhile when `version` is not the stored one.
    """
    case = work.once(("case", reference, act), lambda: _allowed(work, reference, act))
    if version is not None and case.version != version:
        raise ChangedMeanwhile(reference)
    return case


def case_to_read(work: Work, reference: str, act: Act) -> Any:
    """The same as a plain row, for pages: it cannot be changed. Raises NotFound, NotAllowed."""
    case = work.once(("case to read", reference), lambda: case_facts.row(work.session, reference))
    return work.once(("may read", reference, act), lambda: _demanded(work, case, reference, act))


def _allowed(work: Work, reference: str, act: Act) -> Case:
    asked = {"reference": reference}
    found = work.once(("case", reference), lambda: work.session.scalars(BY_REFERENCE, asked).one_or_none())
    case: Case = _demanded(work, found, reference, act)
    return case


def _demanded(work: Work, case: Any, reference: str, act: Act) -> Any:
    if case is None:
        raise NotFound(reference)
    require_within_reach(work, act, subject_of(work, case), reference)
    return case


def require_within_reach(work: Work, act: Act, subject: Subject, reference: str) -> None:
    """Nothing, or NotFound where the case lies outside the actor's reach, NotAllowed where it may not do this."""
    reach = Act.VIEW_CASE if work.actor.is_staff else Act.VIEW_OWN_STATUS
    if work.actor.kind is not ActorKind.SYSTEM and not may(work.actor, reach, subject):
        raise NotFound(reference)
    work.require(act, subject)


def move(case: Case, action: Action) -> None:
    """Moves a case along the transition table; NotPossible when its state does not allow it."""
    case.state = next_state(CaseState(case.state), action).value


def reply_address(work: Work, case: Case) -> str | None:
    """Where the asker reads mail: of a representative in force who asked it, else the address on file of a matched
    student, else the one that was given with the request. An address given in a request never replaces the one on file
    (security.md, identity theft)."""
    if case.student_id is not None:
        person = persons(work.session, work.vault, [case.student_id]).get(case.student_id)
        return _email_of(work, case.student_id, asked_by(work, case), person)
    email = casebook.contents(work.vault, case).get("contact", {}).get("email")
    return str(email) if email else None


def _email_of(work: Work, student_id: UUID, asker: UUID | None, person: Item | None) -> str | None:
    """Of the representative in force who asks, else of the student."""
    row = representatives.one_in_force(work.session, asker, work.today) if asker else None
    acting = representatives.contents(work.vault, row) if row is not None and row.student_id == student_id else {}
    if acting.get("email"):
        return acting["email"]
    email = person.values.get("email") if person else None
    return str(email) if email else None


def asked_by(work: Work, case: Case) -> UUID | None:
    """The authorisation under which somebody asked this for the student; it may have ended since."""
    found = casebook.contents(work.vault, case).get("representative")
    return UUID(found) if found else None


def representative_of(work: Work, case: Case, also_ended: bool = False) -> dict[str, str]:
    """{"name", "organisation", "email"} of whoever asked it for the student; nothing once the authorisation ended."""
    if (asker := asked_by(work, case)) is None:
        return {}
    if also_ended:
        row = work.session.get(Representative, asker)
    else:
        row = representatives.one_in_force(work.session, asker, work.today)
    return representatives.contents(work.vault, row) if row is not None and row.student_id == case.student_id else {}


def name_of(work: Work, case: Case) -> str:
    """The asker's name: of the matched student, else as given."""
    if case.student_id is not None:
        person = persons(work.session, work.vault, [case.student_id]).get(case.student_id)
        return full_name(person.values) if person else ""
    return str(casebook.contents(work.vault, case).get("contact", {}).get("name", ""))


def _news_of(work: Work, case: Case) -> Iterator[Message]:
    """News of a new case to those who may take it: the handlers of its branch, else the privacy officers; none to
    whoever wrote it down."""
    for staff in staff_for(work, case):
        if staff.id != work.actor.id and _within(work, "staff_news", str(staff.id)):
            yield messages.staff_new_case(staff.email, staff.language, staff.id, case.id, case.reference)


def _within(work: Work, limit: str, key: str) -> bool:
    """Whether one more mail may go there. Only strangers' requests are counted: anybody can send those to anybody."""
    return work.actor.kind is not ActorKind.ANONYMOUS or limits.count(work, limit, key)


def staff_for(work: Work, case: Case) -> list[Reader]:
    """Who is told about a case: its handler, else the handlers of its branch, else the privacy officers; never whoever
    decided what a complaint is about (regulation, art. 10)."""
    if case.handler_id is not None:
        handler = work.session.get(Staff, case.handler_id)
        if handler is not None and handler.disabled_at is None:
            return [Reader(each.id, each.email, each.language) for each in (handler, *_deputy_of(work, handler))]
    return staff_of(work, case.branch_id, subject_of(work, case).about_decider_id)


def staff_of(work: Work, branch_id: UUID | None, barred: UUID | None = None) -> list[Reader]:
    """Who works for a branch: its handlers, else the privacy officers, else the director; without whoever is barred."""
    for role, place in (("case_handler", branch_id), ("privacy_officer", None), ("director", None)):
        if role == "case_handler" and place is None:
            continue
        if found := [each for each in to_tell(work.session, work.today, role, place) if each.id != barred]:
            return found
    return []


def _deputy_of(work: Work, handler: Staff) -> list[Staff]:
    """Whoever stands in while the handler is away."""
    absence = away(work.session, work.today, [handler.id]).get(handler.id)
    deputy = work.session.get(Staff, absence.deputy_id) if absence else None
    return [deputy] if deputy is not None and deputy.disabled_at is None else []
