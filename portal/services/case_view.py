"""One case as staff see it, put together: dates, items, steps, messages, timeline, and what may be done next.

`portal.services.case_page` opens it and logs the view.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.events import EventKind
from portal.domain.lifecycle import ACTS, UNDECIDED, CaseState, possible
from portal.domain.permissions import Actor, Subject, may
from portal.domain.rights import right
from portal.domain.vocabulary import (
    ActorKind,
    Channel,
    Level,
    Outcome,
    RequestKind,
    StepKind,
    StepState,
    TargetKind,
)
from portal.records import casebook
from portal.records.items import full_name, persons
from portal.records.items import item as one_item
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseEvent, CaseFile, CaseItem, CaseMessage, CaseStep
from portal.records.tables.people import Branch
from portal.services import identity, limits_of_processing
from portal.services.carry_out import CARRIED_OUT
from portal.services.casework import representative_of, subject_of
from portal.services.erasures import cooling_until
from portal.services.find_students import birth_year
from portal.services.steps import SEARCH
from portal.services.unit import Work
from portal.services.working_days import is_public_working_day, is_working_day
from portal.vault.envelope import Json


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a case and why they are what they are."""

    received_on: date
    entered_on: date
    original_due_on: date
    due_on: date
    days_left: int | None  # None once answered
    extended_days: int | None
    extension_reason: str | None
    extension_told_on: date | None
    law_limit: date
    law_limit_extended: date
    internal_target: date
    has_clock: bool
    decided_on: date | None
    days_waiting: int | None  # since the decision, while it waits to be carried out
    closed_on: date | None

    @property
    def extension_counts(self) -> bool:
        """Whether the student was told of the extension in time; until then the first date binds."""
        return self.extended_days is not None and terms.counts_as_told(self.original_due_on, self.extension_told_on)


@dataclass(frozen=True, slots=True)
class ItemLine:
    id: UUID
    target: TargetKind
    dataset: str | None
    item_id: UUID | None
    field: str | None
    group: int | None
    activity: str | None
    asked: Json
    current: Json
    hidden: bool  # its value is not for staff: it may name an illness (regulation, art. 3.1)
    words: str
    outcome: Outcome | None
    ground: str | None
    reason: str
    checked: Json
    executed_at: datetime | None


@dataclass(frozen=True, slots=True)
class StepLine:
    id: UUID
    kind: StepKind
    task: str
    target: str
    state: StepState
    by: str
    on: date | None
    note: str


@dataclass(frozen=True, slots=True)
class MessageLine:
    at: datetime
    from_staff: bool
    author: str
    text: str
    read: bool


@dataclass(frozen=True, slots=True)
class EventLine:
    at: datetime
    kind: EventKind
    actor_kind: ActorKind
    actor: str  # a name of staff, "" for anybody else
    details: dict[str, Json]


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything the page of a case shows. `allowed` says what this member of staff may do in this state."""

    reference: str
    version: int
    kind: RequestKind
    state: CaseState
    channel: Channel
    language: str
    name: str
    birth_year: str
    student_id: UUID | None
    branch: str
    contact: dict[str, str]
    words: str
    helper: str
    representative: str  # who asked it for the student
    by_post: bool
    level: Level
    level_needed: Level
    level_how: str | None
    handler: str
    handler_id: UUID | None
    decider: str
    approver: str
    cooling_until: date | None  # the day from which an approved erasure may begin
    outcome: Outcome | None
    about_reference: str
    restricted: bool
    dates: Dates
    items: tuple[ItemLine, ...]
    steps: tuple[StepLine, ...]
    messages: tuple[MessageLine, ...]
    events: tuple[EventLine, ...]
    documents: tuple[str, ...]
    allowed: frozenset[Act]
    refused: dict[Act, str]  # acts the state allows but the rules refuse this person, with the rule's code
    next: str

    @property
    def matched(self) -> bool:
        return self.student_id is not None

    @property
    def undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def open_steps(self) -> tuple[StepLine, ...]:
        return tuple(step for step in self.steps if step.state is StepState.OPEN)


def read_case(work: Work, case: Case) -> CasePage:
    """The page's facts, without logging: for services that show a case after an act."""
    contents = casebook.contents(work.vault, case)
    person = persons(work.session, work.vault, [case.student_id]).get(case.student_id) if case.student_id else None
    values = person.values if person else {}
    contact = {str(key): str(value) for key, value in contents.get("contact", {}).items()}
    events = casebook.events_of(work.session, case.id)
    messages = casebook.messages_of(work.session, case.id)
    steps = casebook.steps_of(work.session, case.id)
    names = _names(work, case, events, messages, steps)
    kind, state = RequestKind(case.kind), CaseState(case.state)
    subject = subject_of(work, case)
    allowed, refused = _acts(work.actor, state, subject)
    items = tuple(_item_line(work, case, item) for item in casebook.items_of(work.session, case.id))
    step_lines = tuple(_step_line(work, step, names) for step in steps)
    needed = identity.level_needed(work, case)
    cooling = cooling_until(work, case) if kind is RequestKind.ERASURE and case.approver_id else None
    about = work.session.get(Case, case.about_case_id) if case.about_case_id else None
    branch = work.session.get(Branch, case.branch_id) if case.branch_id else None
    restricted = case.student_id is not None and bool(limits_of_processing.restricted(work, case.student_id))
    return CasePage(
        reference=case.reference,
        version=case.version,
        kind=kind,
        state=state,
        channel=Channel(case.channel),
        language=case.language,
        name=full_name(values) if person else contact.get("name", ""),
        birth_year=birth_year(values.get("birth_date")),
        student_id=case.student_id,
        branch=branch.name if branch else "",
        contact=contact,
        words=str(contents.get("words", "")),
        helper=str(contents.get("helper", "")),
        representative=representative_of(work, case, also_ended=True).get("name", ""),
        by_post=case.by_post,
        level=Level(case.assured_level),
        level_needed=needed,
        level_how=case.assured_how,
        handler=names.get(case.handler_id, ""),
        handler_id=case.handler_id,
        decider=names.get(case.decider_id, ""),
        approver=names.get(case.approver_id, ""),
        cooling_until=cooling,
        outcome=Outcome(case.outcome) if case.outcome else None,
        about_reference=about.reference if about else "",
        restricted=restricted,
        dates=dates_of(work, case),
        items=items,
        steps=step_lines,
        messages=tuple(_message_line(work, message, names) for message in messages),
        events=tuple(_event_line(work, each, names) for each in reversed(events)),
        documents=_documents(work, case),
        allowed=allowed,
        refused=refused,
        next=next_of(case, kind, state, items, step_lines, allowed, needed, cooling),
    )


def _documents(work: Work, case: Case) -> tuple[str, ...]:
    return tuple(
        work.session.execute(
            select(CaseFile.kind).where(CaseFile.case_id == case.id).order_by(CaseFile.created_at, CaseFile.id)
        ).scalars()
    )


def dates_of(work: Work, case: Case) -> Dates:
    state = CaseState(case.state)
    today, closing = work.today, work.policy.term.closing_days
    decided_on = terms.receipt_date(case.decided_at) if case.decided_at else None
    waiting = terms.days_waiting(decided_on, today) if decided_on and state is CaseState.DECIDED else None
    return Dates(
        received_on=case.received_on,
        entered_on=terms.receipt_date(case.entered_at),
        original_due_on=case.original_due_on,
        due_on=case.due_on,
        days_left=terms.days_left(case.due_on, today) if state in UNDECIDED else None,
        extended_days=case.extended_days,
        extension_reason=case.extension_reason,
        extension_told_on=case.extension_told_on,
        law_limit=terms.law_limit(case.received_on, False, is_public_working_day),
        law_limit_extended=terms.law_limit(case.received_on, True, is_public_working_day),
        internal_target=terms.internal_target(case.due_on, lambda day: is_working_day(day, closing)),
        has_clock=right(RequestKind(case.kind)).has_clock,
        decided_on=decided_on,
        days_waiting=waiting,
        closed_on=terms.receipt_date(case.closed_at) if case.closed_at else None,
    )


def _names(
    work: Work,
    case: Case,
    events: Iterable[CaseEvent],
    messages: Iterable[CaseMessage],
    steps: Iterable[CaseStep],
) -> dict[UUID | None, str]:
    wanted = {case.handler_id, case.decider_id, case.approver_id}
    wanted |= {each.actor_id for each in events if each.actor_kind == ActorKind.STAFF}
    wanted |= {message.author_id for message in messages if message.from_staff}
    wanted |= {step.by_id for step in steps}
    wanted.discard(None)
    rows = work.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(list(wanted)))) if wanted else ()
    return {row[0]: row[1] for row in rows}


def _acts(actor: Actor, state: CaseState, subject: Subject) -> tuple[frozenset[Act], dict[Act, str]]:
    decisions = {ACTS[action]: may(actor, ACTS[action], subject) for action in possible(state)}
    return (
        frozenset(act for act, decision in decisions.items() if decision),
        {act: decision.reason for act, decision in decisions.items() if not decision},
    )


def _item_line(work: Work, case: Case, item: CaseItem) -> ItemLine:
    contents = casebook.item_contents(work.vault, item)
    hidden = _is_hidden(work, case, item)
    return ItemLine(
        id=item.id,
        target=TargetKind(item.target),
        dataset=item.dataset,
        item_id=item.item_id,
        field=item.field,
        group=item.group,
        activity=item.activity,
        asked=contents.get("asked"),
        current=None if hidden else contents.get("current"),
        hidden=hidden,
        words=str(contents.get("words") or ""),
        outcome=Outcome(item.outcome) if item.outcome else None,
        ground=item.ground,
        reason=str(contents.get("reason") or ""),
        checked=contents.get("checked"),
        executed_at=item.executed_at,
    )


def _is_hidden(work: Work, case: Case, item: CaseItem) -> bool:
    """Whether the value asked about is hidden from staff; one that is gone meanwhile stays hidden."""
    if not item.dataset or not item.field or not work.policy.field(item.dataset, item.field).hidden_from_staff:
        return False
    held = (
        one_item(work.session, work.vault, case.student_id, item.item_id) if case.student_id and item.item_id else None
    )
    return held is None or item.field in held.hidden


def _step_line(work: Work, step: CaseStep, names: dict[UUID | None, str]) -> StepLine:
    return StepLine(
        id=step.id,
        kind=StepKind(step.kind),
        task=step.task,
        target=step.target,
        state=StepState(step.state),
        by=names.get(step.by_id, ""),
        on=terms.receipt_date(step.at) if step.at else None,
        note=str(casebook.step_contents(work.vault, step).get("note") or ""),
    )


def _message_line(work: Work, message: CaseMessage, names: dict[UUID | None, str]) -> MessageLine:
    return MessageLine(
        at=message.at,
        from_staff=message.from_staff,
        author=names.get(message.author_id, "") if message.from_staff else "",
        text=casebook.message_text(work.vault, message),
        read=message.read_at is not None,
    )


def _event_line(work: Work, each: CaseEvent, names: dict[UUID | None, str]) -> EventLine:
    return EventLine(
        at=each.at,
        kind=EventKind(each.kind),
        actor_kind=ActorKind(each.actor_kind),
        actor=names.get(each.actor_id, "") if each.actor_kind == ActorKind.STAFF else "",
        details=casebook.event_details(work.vault, each),
    )


def next_of(
    case: Case,
    kind: RequestKind,
    state: CaseState,
    items: Iterable[ItemLine],
    steps: Iterable[StepLine],
    allowed: frozenset[Act],
    needed: Level,
    cooling: date | None = None,
) -> str:
    """The one thing to do next, as a code; "" when nothing is left to do.

    match | take | decide | search | confirm_identity | approve | approve_by_other | cooling_off | carry_out | steps |
    close
    """
    if state in UNDECIDED:
        if case.student_id is None and kind is not RequestKind.COMPLAINT:
            return "match"
        return "take" if state is CaseState.RECEIVED or case.handler_id is None else "decide"
    if state is not CaseState.DECIDED:
        return ""
    waiting = [step for step in steps if step.state is StepState.OPEN]
    own = [step for step in waiting if step.kind is StepKind.OWN and step.task in CARRIED_OUT]
    granted = any(item.outcome in {Outcome.GRANTED, Outcome.PARTLY} for item in items)
    if own and any(step.task == SEARCH for step in waiting):
        return "search"
    if own and case.assured_level < needed:
        return "confirm_identity"
    if granted and waiting and right(kind).second_person and case.approver_id is None:
        return "approve" if Act.APPROVE_ERASURE in allowed else "approve_by_other"
    if cooling is not None:
        return "cooling_off"
    if own:
        return "carry_out"
    return "steps" if waiting else "close"
