"""The lines of a case's page: what is asked, steps, messages, notes, what happened, the student's other requests.

They are made of plain rows (`case_facts.lines`): a page only reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.domain import clock as terms
from portal.domain.events import EventKind
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import scope_of
from portal.domain.vocabulary import ActorKind, Evidence, Level, Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.records import case_facts, casebook
from portal.records.items import items_of
from portal.services.issue_letter import title_of
from portal.services.targets import right_value
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
class LetterLine:
    id: UUID
    title: str  # Dutch text of the catalogue; of a notice, the recipient's name
    target: str  # code of the recipient of a notice, "" of a letter to the student
    on: date
    level: Level  # what a student needs to read it
    ready: bool
    sha256: str  # for staff; "" until it is printed


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


def item_lines(work: Work, case: Any, items: Sequence[Any]) -> tuple[ItemLine, ...]:
    """What is asked, item by item; the number of statements does not grow with them."""
    hidden = _hidden(work, case, items)
    opened = casebook.unseal_all(work.vault, "case_item", case.id, items)
    return tuple(
        [_item_line(case.kind, item, each, item.id in hidden) for item, each in zip(items, opened, strict=True)]
    )


def _item_line(kind: str, item: Any, contents: dict[str, Json], hidden: bool) -> ItemLine:
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
        checked=right_value(kind, item, contents),
        evidence=Evidence(contents["evidence"]) if contents.get("evidence") else None,
        executed_at=item.done_at,
    )


def _hidden(work: Work, case: Any, items: Sequence[Any]) -> set[UUID]:
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


def step_lines(work: Work, case_id: UUID, steps: Sequence[Any]) -> tuple[StepLine, ...]:
    opened = casebook.unseal_all(work.vault, "case_step", case_id, steps)
    return tuple([_step_line(step, contents) for step, contents in zip(steps, opened, strict=True)])


def _step_line(step: Any, contents: dict[str, Json]) -> StepLine:
    return StepLine(
        id=step.id,
        kind=StepKind(step.kind),
        task=step.task,
        target=step.target,
        state=StepState(step.state),
        by=step.by or "",
        on=terms.receipt_date(step.at) if step.at else None,
        note=str(contents.get("note") or ""),
        found=str(contents.get("found") or ""),
    )


def message_lines(work: Work, case_id: UUID, messages: Sequence[Any]) -> tuple[MessageLine, ...]:
    opened = casebook.unseal_all(work.vault, "case_message", case_id, messages)
    return tuple([_message_line(message, contents) for message, contents in zip(messages, opened, strict=True)])


def _message_line(message: Any, contents: dict[str, Json]) -> MessageLine:
    return MessageLine(
        at=message.at,
        from_staff=message.from_staff,
        author=message.by or "",
        text=str(contents.get("text", "")),
        read=message.done_at is not None,
    )


def event_lines(work: Work, case_id: UUID, events: Sequence[Any]) -> tuple[EventLine, ...]:
    opened = casebook.unseal_all(work.vault, "case_event", case_id, events)
    return tuple([_event_line(event, details) for event, details in zip(events, opened, strict=True)])


def _event_line(event: Any, details: dict[str, Json]) -> EventLine:
    return EventLine(
        at=event.at,
        kind=EventKind(event.kind),
        actor_kind=ActorKind(event.actor_kind),
        actor=event.by or "",
        details=details,
    )


def letter_line(work: Work, case: Any, letter: Any) -> LetterLine:
    """Of a row `id, kind, target, level, at (issued), done_at (printed), sealed`."""
    told = work.policy.recipients.get(letter.target)
    shows_digest = work.actor.is_staff and letter.done_at is not None
    printed = casebook.unseal(work.vault, "letter", case.id, letter.id, letter.sealed) if shows_digest else {}
    return LetterLine(
        id=letter.id,
        title=(told.name if told else letter.target) if letter.target else title_of(letter.kind, case),
        target=letter.target,
        on=terms.receipt_date(letter.at),
        level=Level(letter.level),
        ready=letter.done_at is not None,
        sha256=str(printed.get("sha256", "")),
    )


def notes_of(events: Iterable[EventLine]) -> tuple[NoteLine, ...]:
    """What staff wrote down for each other, in the order given."""
    return tuple(
        NoteLine(each.at, each.actor, str(each.details.get("note", "")))
        for each in events
        if each.kind is EventKind.NOTE_WRITTEN
    )


def others_of(work: Work, case: Any) -> tuple[OtherCase, ...]:
    """The student's other requests within reach, the same kind first, then the latest; in one statement."""
    rows = case_facts.others(work.session, scope_of(work.actor), case, MOST_OTHERS)
    return tuple(
        OtherCase(
            reference=each.reference,
            kind=RequestKind(each.kind),
            state=CaseState(each.state),
            outcome=Outcome(each.outcome) if each.outcome else None,
            received_on=each.received_on,
            due_on=each.due_on,
            takes_in=not why_not_same(case, each),
        )
        for each in rows
    )


def why_not_same(case: Any, other: Any) -> str:
    """The code of why `other` may not take this case in, or "": it is undecided, of the same student and kind, and was
    not received later."""
    if other.id == case.id:
        return "unknown_case"
    if other.student_id != case.student_id:
        return "merge_other_student"
    if other.kind != case.kind:
        return "merge_other_kind"
    if CaseState(other.state) not in UNDECIDED:
        return "merge_ended"
    if (other.received_on, other.entered_at) > (case.received_on, case.entered_at):
        return "merge_into_older"
    return ""
