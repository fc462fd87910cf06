"""The queue of staff: cases by due date, within the branches of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import Actor, scope_of
from portal.domain.vocabulary import Channel, RequestKind, TargetKind
from portal.records import casebook
from portal.records import queue as lists
from portal.records.items import full_name, persons
from portal.records.queue import COUNT_CAP, Tab, Wanted
from portal.services import find_students
from portal.services.unit import Work, reading
from portal.vault.envelope import Holder

PAGE = 25

__all__ = ["COUNT_CAP", "PAGE", "BranchChoice", "Filters", "Line", "Page", "Tab", "Target", "branches", "queue"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form asks for, as typed; `who` is words of a name, a student number, an address or a phone number."""

    kind: RequestKind | None = None
    state: CaseState | None = None
    branch: str = ""  # its code
    channel: Channel | None = None
    reference: str = ""
    who: str = ""

    @property
    def any(self) -> bool:
        return any((self.kind, self.state, self.branch, self.channel, self.reference, self.who))


@dataclass(frozen=True, slots=True)
class Target:
    """What one item of a case is about."""

    target: TargetKind
    dataset: str | None
    field: str | None
    group: int | None
    activity: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One case in the list. `days_left` is None once it was answered: the clock stands still then."""

    reference: str
    kind: RequestKind
    state: CaseState
    name: str
    matched: bool
    language: str
    received_on: date
    channel: Channel
    due_on: date
    days_left: int | None
    extended: bool
    handler: str | None
    branch: str | None
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Page:
    lines: tuple[Line, ...]
    counts: Mapping[Tab, int]  # COUNT_CAP + 1 means more than COUNT_CAP
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True)
class BranchChoice:
    code: str
    name: str


def queue(
    actor: Actor, clock: Clock, tab: Tab = Tab.ALL, filters: Filters | None = None, after: str = "", before: str = ""
) -> Page:
    """A page of the queue, with the number of cases of each tab. The number of statements does not grow with rows."""
    asked = filters or Filters()
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        scope = scope_of(actor)
        wanted = Wanted(
            tab=tab,
            kind=asked.kind.value if asked.kind else None,
            state=asked.state.value if asked.state else None,
            channel=asked.channel.value if asked.channel else None,
            reference=asked.reference.strip().upper() or None,
            students=find_students.ids(work.vault, asked.who) if asked.who.strip() else None,
        )
        if asked.branch:
            chosen = next((row.id for row in lists.branches(work.session, scope) if row.code == asked.branch), None)
            wanted = replace(wanted, branch_id=chosen or UUID(int=0))
        part = lists.cases(work.session, scope, wanted, actor.id, work.today, PAGE, after, before)
        return Page(
            lines=_lines(work, part.rows),
            counts=lists.counts(work.session, scope, actor.id, work.today),
            has_before=part.before,
            has_after=part.after,
        )


def _lines(work: Work, rows: list[Any]) -> tuple[Line, ...]:
    targets = lists.targets(work.session, [row.id for row in rows])
    names = _names(work, rows)
    return tuple(
        Line(
            reference=row.reference,
            kind=RequestKind(row.kind),
            state=CaseState(row.state),
            name=names.get(row.id, ""),
            matched=row.student_id is not None,
            language=row.language,
            received_on=row.received_on,
            channel=Channel(row.channel),
            due_on=row.due_on,
            days_left=terms.days_left(row.due_on, work.today) if CaseState(row.state) in UNDECIDED else None,
            extended=row.extended_days is not None,
            handler=row.handler,
            branch=row.branch,
            targets=tuple(
                Target(TargetKind(item.target), item.dataset, item.field, item.group, item.activity)
                for item in targets[row.id]
            ),
        )
        for row in rows
    )


def _names(work: Work, rows: list[Any]) -> dict[UUID, str]:
    """The name of who asked: of the student, else as it was given with the request."""
    found = persons(work.session, work.vault, [row.student_id for row in rows if row.student_id])
    work.vault.preload(Holder.case(row.id) for row in rows if row.student_id is None)
    names = {}
    for row in rows:
        if row.student_id is None:
            contact = casebook.unseal(work.vault, "case", row.id, row.id, row.sealed).get("contact", {})
            names[row.id] = str(contact.get("name", ""))
        elif person := found.get(row.student_id):
            names[row.id] = full_name(person.values)
    return names


def branches(actor: Actor, clock: Clock) -> tuple[BranchChoice, ...]:
    """The branches that this member of staff may choose from."""
    with reading(actor, clock) as work:
        return tuple(BranchChoice(row.code, row.name) for row in lists.branches(work.session, scope_of(actor)))
