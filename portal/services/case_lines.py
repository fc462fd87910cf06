"""The lines of a case's page: what is asked, steps, messages, notes, what happened, the student's other requests.

They are made of plain rows (`casebook.lines_of`): a page only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.domain import clock as terms
from portal.domain.events import EventKind
from portal.domain.lifecycle import OPEN, CaseState
from portal.domain.permissions import scope_of
from portal.domain.vocabulary import ActorKind, Evidence, Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.records import case_facts, casebook
from portal.records.items import items_of
from portal.records.tables.cases import Case
from portal.services.unit import Work
from portal.vault.envelope import Json

MOST_OTHERS = 20  # other requests of the same student that the page lists


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
    evidence: Evidence | None  # by what it was checked
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
    found: str  # what a search came to: a code of Found, or ""


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
class NoteLine:
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class OtherCase:
    """Another request of the same student. `takes_in` says whether this case may be merged into it."""

    reference: str
    kind: RequestKind
    state: CaseState
    outcome: Outcome | None
    received_on: date
    due_on: date
    takes_in: bool


def item_lines(work: Work, case: Case, items: Sequence[Any]) -> tuple[ItemLine, ...]:
    """What is asked, item by item; the number of statements does not grow with them."""
    hidden = _hidden(work, case, items)
    return tuple(_item_line(work, item, hidden=item.id in hidden) for item in items)


def _item_line(work: Work, item: Any, hidden: bool) -> ItemLine:
    contents = casebook.item_contents(work.vault, item)
    return ItemLine(
        id=item.id,
        target=TargetKind(item.target),
        dataset=item.dataset,
        item_id=item.item_id,
        field=item.field,
        group=item.group_number,
        activity=item.activity,
        asked=contents.get("asked"),
        current=None if hidden else contents.get("current"),
        hidden=hidden,
        words=str(contents.get("words") or ""),
        outcome=Outcome(item.outcome) if item.outcome else None,
        ground=item.ground,
        reason=str(contents.get("reason") or ""),
        checked=contents.get("checked"),
        evidence=Evidence(contents["evidence"]) if contents.get("evidence") else None,
        executed_at=item.executed_at,
    )


def _hidden(work: Work, case: Case, items: Sequence[Any]) -> set[UUID]:
    """The items whose value is hidden from staff; of one that is gone meanwhile it stays hidden."""
    touchy = [
        each
        for each in items
        if each.dataset and each.field and work.policy.field(each.dataset, each.field).hidden_from_staff
    ]
    if not touchy:
        return set()
    datasets = {each.dataset for each in touchy if each.dataset}
    records = items_of(work.session, work.vault, case.student_id, datasets) if case.student_id else ()
    shown = {(record.id, code) for record in records for code in record.values if code not in record.hidden}
    return {each.id for each in touchy if (each.item_id, each.field) not in shown}


def step_line(work: Work, step: Any, names: dict[UUID | None, str]) -> StepLine:
    contents = casebook.step_contents(work.vault, step)
    return StepLine(
        id=step.id,
        kind=StepKind(step.kind),
        task=step.task,
        target=step.target,
        state=StepState(step.state),
        by=names.get(step.by_id, ""),
        on=terms.receipt_date(step.at) if step.at else None,
        note=str(contents.get("note") or ""),
        found=str(contents.get("found") or ""),
    )


def message_line(work: Work, message: Any, names: dict[UUID | None, str]) -> MessageLine:
    return MessageLine(
        at=message.at,
        from_staff=message.from_staff,
        author=names.get(message.author_id, "") if message.from_staff else "",
        text=casebook.message_text(work.vault, message),
        read=message.read_at is not None,
    )


def event_line(work: Work, each: Any, names: dict[UUID | None, str]) -> EventLine:
    return EventLine(
        at=each.at,
        kind=EventKind(each.kind),
        actor_kind=ActorKind(each.actor_kind),
        actor=names.get(each.actor_id, "") if each.actor_kind == ActorKind.STAFF else "",
        details=casebook.event_details(work.vault, each),
    )


def notes_of(events: Iterable[EventLine]) -> tuple[NoteLine, ...]:
    """What staff wrote down for each other, in the order given."""
    return tuple(
        NoteLine(each.at, each.actor, str(each.details.get("note", "")))
        for each in events
        if each.kind is EventKind.NOTE_WRITTEN
    )


def others_of(work: Work, case: Case) -> tuple[OtherCase, ...]:
    """The student's other requests within reach, the same kind first, then the latest; in one statement."""
    if case.student_id is None:
        return ()
    rows = case_facts.others(work.session, scope_of(work.actor), case, MOST_OTHERS)
    return tuple(
        OtherCase(
            reference=each.reference,
            kind=RequestKind(each.kind),
            state=CaseState(each.state),
            outcome=Outcome(each.outcome) if each.outcome else None,
            received_on=each.received_on,
            due_on=each.due_on,
            takes_in=same_question(case, each),
        )
        for each in rows
    )


def same_question(case: Case, other: Any) -> bool:
    """Whether `other` may take this case in: open, of the same student and kind, and not received later."""
    return (
        other.id != case.id
        and other.student_id == case.student_id
        and other.kind == case.kind
        and CaseState(other.state) in OPEN
        and (other.received_on, other.entered_at) <= (case.received_on, case.entered_at)
    )
