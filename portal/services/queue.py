"""The queue of staff: cases in the order asked for, within the branches of whoever looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from portal.domain import clock as terms
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import OPEN, UNDECIDED, CaseState
from portal.domain.permissions import Actor, scope_of
from portal.domain.vocabulary import Channel, RequestKind, TargetKind
from portal.records import case_counts, case_list, casebook
from portal.records import queue as lists
from portal.records.case_filter import Looker, Order, Question, Tab, Wanted, question
from portal.records.case_list import Slice
from portal.records.items import SEALED, names_of
from portal.records.queue import Around, Place
from portal.records.staff import handling
from portal.services import find_students
from portal.services.unit import Work, reading
from portal.vault.envelope import Json
from portal.vault.many import Id, Rows, Sealed

PAGE = 25
KINDS = {each.value: each for each in RequestKind}  # a look in a dictionary is a third of what an enumeration takes
STATES = {each.value: each for each in CaseState}
CHANNELS = {each.value: each for each in Channel}
TARGETS = {each.value: each for each in TargetKind}

__all__ = [
    "PAGE",
    "BranchChoice",
    "Filters",
    "Handler",
    "Line",
    "Order",
    "Page",
    "Tab",
    "Target",
    "branches",
    "handlers",
    "queue",
]


@dataclass(frozen=True, slots=True)
class Filters:
    """What the form asks for, as typed; `who` is words of a name, a student number, an address or a phone number.
    A day that is named belongs to its range."""

    kind: RequestKind | None = None
    state: CaseState | None = None
    branch: str = ""  # its code
    handler: UUID | None = None
    channel: Channel | None = None
    language: str = ""
    received_from: date | None = None
    received_until: date | None = None
    due_from: date | None = None
    due_until: date | None = None
    reference: str = ""
    who: str = ""

    @property
    def any(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


class Target(NamedTuple):
    """What one item of a case is about."""

    target: TargetKind
    dataset: str | None
    field: str | None
    group: int | None
    activity: str | None


class Line(NamedTuple):
    """One case in the list. `days_left` is None once it was answered: the clock stands still then."""

    reference: str
    version: int
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
    parts: int  # how many things it is about
    about: Target | None  # the one thing

    @property
    def open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class BranchChoice:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Handler:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    lines: tuple[Line, ...]
    counts: Mapping[Tab, int]
    more: frozenset[Tab]  # which may hold more than was counted
    has_before: bool
    has_after: bool
    branches: tuple[BranchChoice, ...]  # to narrow it to
    handlers: tuple[Handler, ...]
    stands_in_for: tuple[str, ...]  # names of colleagues who are away


def queue(
    actor: Actor,
    clock: Clock,
    tab: Tab = Tab.ALL,
    filters: Filters | None = None,
    after: str = "",
    before: str = "",
    order: Order | None = None,
) -> Page:
    """A page of the queue, with the number of cases of each tab. The number of statements does not grow with rows."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        around = _around(work, after or before)
        asked = _asked(work, around, tab, filters or Filters(), order)
        place = {"after" if after else "before": around.place}
        part = case_list.cases(work.session, asked, PAGE, **place)
        counts = case_counts.counts(work.session, asked)
        return Page(
            lines=lines_of(work, part),
            counts=counts.known,
            more=counts.more,
            has_before=part.before,
            has_after=part.after,
            branches=tuple(BranchChoice(code, name) for _id, code, name in around.branches),
            handlers=by_name(around.handlers),
            stands_in_for=tuple(sorted(around.away.values())),
        )


def question_of(work: Work, tab: Tab, filters: Filters, order: Order | None = None) -> Question:
    """What a list holds, for whoever looks."""
    return _asked(work, _around(work), tab, filters, order)


def place_of(work: Work, reference: str) -> Place | None:
    """Where a case stands in any list; None where it is out of reach."""
    return _around(work, reference).place


def _around(work: Work, reference: str = "") -> Around:
    assert work.actor.id is not None
    found = lists.around(work.session, scope_of(work.actor), work.today, work.actor.id, reference)
    found.branches.sort(key=lambda branch: branch[2])
    return found


def _asked(work: Work, around: Around, tab: Tab, asked: Filters, order: Order | None) -> Question:
    """The own cases are first one's own, then those of whoever is away (`set_absence`)."""
    assert work.actor.id is not None
    own = (work.actor.id, *sorted(around.away, key=str))
    return question(Looker(scope_of(work.actor), own, work.today), _wanted(work, around, tab, asked, order))


def _wanted(work: Work, around: Around, tab: Tab, asked: Filters, order: Order | None) -> Wanted:
    branch_id = None
    if asked.branch:
        branch_id = next((row for row, code, _ in around.branches if code == asked.branch), UUID(int=0))
    return Wanted(
        tab=tab,
        order=order or _order(tab, asked),
        kind=asked.kind.value if asked.kind else None,
        state=asked.state.value if asked.state else None,
        branch_id=branch_id,
        handler_id=asked.handler,
        channel=asked.channel.value if asked.channel else None,
        language=asked.language or None,
        received_from=asked.received_from,
        received_until=asked.received_until,
        due_from=asked.due_from,
        due_until=asked.due_until,
        reference=asked.reference.strip().upper() or None,
        students=find_students.ids(work.vault, asked.who) if asked.who.strip() else None,
    )


def _order(tab: Tab, asked: Filters) -> Order:
    """What a list begins with where nobody chose: what is due first; of ended ones the latest; by the day of receipt
    where that is what was asked for."""
    latest_first = tab in {Tab.CLOSED, Tab.EVERYTHING}
    if (asked.received_from or asked.received_until) and not (asked.due_from or asked.due_until):
        return Order.RECEIVED_LAST if latest_first else Order.RECEIVED
    return Order.DUE_LAST if latest_first else Order.DUE


def lines_of(work: Work, part: Slice) -> tuple[Line, ...]:
    """What a list shows of each case, names included; all keys come in one go."""
    unmatched = [(row.id, row.id, casebook.CLASS, row.sealed) for row in part.rows if row.sealed is not None]
    persons, cases = work.vault.open_many(
        Rows("student", *SEALED, part.persons), Rows("case", "case", "sealed", unmatched)
    )
    known, unknown = names_of(part.persons, persons), _names_as_given(unmatched, cases)
    today = work.today
    return tuple([_line(today, row, unknown.get(row.id) or known.get(row.student_id, "")) for row in part.rows])


def _names_as_given(cases: Iterable[Sealed], opened: Iterable[Json]) -> dict[Id, str]:
    """The names of those who asked, by case, while nobody knows who they are."""
    return {
        case: str(contents.get("contact", {}).get("name", ""))
        for (case, *_), contents in zip(cases, opened, strict=True)
        if contents is not None
    }


def _line(today: date, row: Any, name: str) -> Line:
    _id, reference, version, kind, code, student_id, channel, language, received_on, due_on, *more = row
    extended_days, _sealed, handler, branch, parts, target, dataset, field, group, activity, *_record = more
    state = STATES[code]
    return Line(  # by place, which takes a third of the time
        reference,
        version,
        KINDS[kind],
        state,
        name,
        student_id is not None,
        language,
        received_on,
        CHANNELS[channel],
        due_on,
        terms.days_left(due_on, today) if state in UNDECIDED else None,
        extended_days is not None,
        handler,
        branch,
        parts,
        _about(target, dataset, field, group, activity) if parts == 1 else None,
    )


@lru_cache(maxsize=1024)
def _about(target: str, dataset: str | None, field: str | None, group: int | None, activity: str | None) -> Target:
    return Target(TARGETS[target], dataset, field, group, activity)


def branches(actor: Actor, clock: Clock) -> tuple[BranchChoice, ...]:
    """The branches that this member of staff may choose from."""
    with reading(actor, clock) as work:
        return tuple(BranchChoice(row.code, row.name) for row in lists.branches(work.session, scope_of(actor)))


def handlers(actor: Actor, clock: Clock) -> tuple[Handler, ...]:
    """Who handles cases within this person's branches, by name: for the filter and for handing over."""
    with reading(actor, clock) as work:
        scope = scope_of(actor)
        return by_name(handling(work.session, work.today, None if scope.every else sorted(scope.branches, key=str)))


def by_name(found: Iterable[tuple[UUID, str]]) -> tuple[Handler, ...]:
    return tuple(Handler(*each) for each in sorted(found, key=lambda each: each[1].casefold()))
