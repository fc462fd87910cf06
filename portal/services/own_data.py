"""A student's own data: each value with why it is kept, from whom, who received it and until when.

One read of the items, of the limits and of the disclosures serves a whole page, however much it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, NotAllowed, Subject
from portal.domain.retention import kept_until
from portal.domain.vocabulary import FieldType, Level, Sensitivity
from portal.policy.model import Activity, Dataset, Field, Group, Policy
from portal.records.items import Item, item, items_of
from portal.records.tables.cases import Case
from portal.records.tables.people import Limit, Student, View
from portal.services import limits as rate_limits
from portal.services.assurance_of import demand_level, needed, shows
from portal.services.casework import NotFound
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json

LISTED = 3  # records of one dataset that the overview shows; more of them have a page of their own
VIEWS_PAGE = 50


@dataclass(frozen=True, slots=True)
class Shared:
    """Somebody outside who may receive a value, and the last day something went to them, where that is known."""

    code: str
    name: str
    on: date | None


@dataclass(frozen=True, slots=True)
class Value:
    """One value as its student sees it. `value` is None while it is masked: below the level that it needs, and, where
    it is special or sensitive, until it is asked for by a press of its own."""

    item_id: UUID
    field: Field
    value: Json
    masked: bool
    needs: Level  # to see it
    restricted: bool  # its use is limited now (GDPR 18)
    until: date | None  # None: the term has not begun
    activities: tuple[Activity, ...]
    stopped: frozenset[str]  # activities that are suspended or withdrawn for this student
    shared: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One record: the values of it that belong to the group."""

    item_id: UUID
    dataset: Dataset
    title: tuple[Value, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """The records of one dataset in a group; `total` counts those that are not shown too."""

    dataset: Dataset
    entries: tuple[Entry, ...]
    total: int
    counts: tuple[tuple[Field, str, int], ...]  # (field, choice, how often): what a long list comes down to


@dataclass(frozen=True, slots=True)
class GroupOfData:
    group: Group
    series: tuple[Series, ...]

    @property
    def empty(self) -> bool:
        return not self.series

    @property
    def masked(self) -> bool:
        return any(value.masked for each in self.series for entry in each.entries for value in entry.values)

    @property
    def count(self) -> int:
        return sum(each.total for each in self.series)


@dataclass(frozen=True, slots=True)
class OwnData:
    groups: tuple[GroupOfData, ...]  # the ten groups, then the portal's own section
    cases: int
    views: int  # times that staff looked


def own_data(actor: Actor, clock: Clock, shared_address: bool) -> OwnData:
    """Everything the portal holds about the actor. NotAllowed below the level that own data ask for."""
    with reading(actor, clock) as work:
        student_id = _may_see(work, shared_address)
        held = items_of(work.session, work.vault, student_id)
        sight = _sight(work, student_id, shared_address, held)
        by_dataset: dict[str, list[Item]] = {}
        for each in held:
            by_dataset.setdefault(each.dataset, []).append(each)
        groups = [*work.policy.groups.values(), work.policy.own_section]
        cases = work.session.execute(select(func.count()).where(Case.student_id == student_id)).scalar_one()
        views = work.session.execute(select(func.count()).where(View.student_id == student_id)).scalar_one()
        return OwnData(tuple(sight.group(group, by_dataset) for group in groups), cases, views)


def records_of(actor: Actor, clock: Clock, shared_address: bool, dataset: str, group: int) -> Series:
    """All records of one dataset, as far as they belong to the group. NotFound when there is no such dataset or none
    of it is kept."""
    with reading(actor, clock) as work:
        student_id = _may_see(work, shared_address)
        if dataset not in work.policy.datasets:
            raise NotFound(dataset)
        held = items_of(work.session, work.vault, student_id, {dataset, "disclosure"})
        found = _sight(work, student_id, shared_address, held).series(work.policy.datasets[dataset], group, held, None)
        if found is None:
            raise NotFound(dataset)
        return found


def own_value(actor: Actor, clock: Clock, shared_address: bool, item_id: UUID, field: str) -> Value:
    """One value. NotFound when it is another's or is not kept."""
    with reading(actor, clock) as work:
        return _value(work, _may_see(work, shared_address), item_id, field, shared_address)


def reveal(actor: Actor, clock: Clock, shared_address: bool, item_id: UUID, field: str) -> Value:
    """Shows a masked value once and says so in the log. NotAllowed("level", needs) below the field's level, and when
    that level is no longer fresh."""
    rate_limits.demand(clock, "reveal", str(actor.session_id))
    with writing(actor, clock) as work:
        found = _value(work, _may_see(work, shared_address), item_id, field, shared_address, asked_for=True)
        demand_level(work, found.field, shared_address)
        work.note("reveal_own", "student", actor.student_id, field=f"{found.field.dataset}.{field}")
        return found


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody of staff looked, once or more on one day (security.md: count = views)."""

    role: str  # what the policy calls the role before students
    reason: str  # msgid; "" for a view within a case
    reference: str | None
    moments: tuple[datetime, ...]  # each view, newest first; all of one Dutch day

    @property
    def day(self) -> date:
        return receipt_date(self.moments[0])


def views(actor: Actor, clock: Clock, after: UUID | None = None) -> tuple[list[Seen], UUID | None]:
    """Who looked, newest first: one page, after the view of that id; and the id after which the next page begins.

    What one person looked at on one day for one reason is one line with each moment; a page ends with a whole day.
    """
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OWN_VIEWS, Subject(student_id=actor.student_id))
        statement = (
            select(View.id, View.at, View.staff_id, View.role, View.reason, Case.reference)
            .outerjoin(Case, Case.id == View.case_id)
            .where(View.student_id == actor.student_id)
            .order_by(View.at.desc(), View.id.desc())
        )
        last = work.session.get(View, after) if after else None
        if last is not None and last.student_id == actor.student_id:
            statement = statement.where(or_(View.at < last.at, and_(View.at == last.at, View.id < last.id)))
        roles = {role.value: name for role, name in work.policy.roles.names.items()}
        reasons = {code: reason.label for code, reason in work.policy.reasons.items()}
        seen: list[Seen] = []
        last_read: UUID | None = None
        with work.session.execute(statement.execution_options(yield_per=VIEWS_PAGE)) as rows:
            for _day, of_day in groupby(rows, lambda row: receipt_date(row.at)):
                if len(seen) >= VIEWS_PAGE:
                    return seen, last_read
                lines: dict[tuple[UUID | None, str, str, str | None], list[datetime]] = {}
                for row in of_day:
                    lines.setdefault((row.staff_id, row.role, row.reason, row.reference), []).append(row.at)
                    last_read = row.id
                for (_who, role, reason, reference), moments in lines.items():
                    seen.append(Seen(roles.get(role, role), reasons.get(reason, ""), reference, tuple(moments)))
        return seen, None


# --- inside


@dataclass(frozen=True, slots=True)
class _Sight:
    """What decides how a value is shown, read once for a page."""

    policy: Policy
    actor: Actor
    now: datetime
    shared_address: bool
    asked_for: bool  # by a press for one value, which the log tells of
    ended: date | None
    limits: Sequence[Limit]
    disclosed: dict[str, date]

    def group(self, group: Group, held: Mapping[str, list[Item]]) -> GroupOfData:
        """What is held of each data set, as far as it belongs to the group; in the policy's order."""
        series = (
            self.series(dataset, group.number, held[dataset.code], LISTED)
            for dataset in self.policy.datasets.values()
            if dataset.code in held
        )
        return GroupOfData(group, tuple(each for each in series if each is not None))

    def series(self, dataset: Dataset, group: int, held: Iterable[Item], listed: int | None) -> Series | None:
        """The records of a dataset that keep something in this group; None when there are none."""
        fields = [field for field in dataset.fields.values() if field.group == group]
        if not fields:
            return None
        kept = [
            each
            for each in held
            if each.dataset == dataset.code and any(each.values.get(field.code) is not None for field in fields)
        ]
        if not kept:
            return None
        shown = kept if listed is None or len(kept) <= listed else kept[:0]
        entries = tuple(self._entry(dataset, fields, each) for each in shown)
        return Series(dataset, entries, len(kept), () if shown else self._counts(fields, kept))

    def _entry(self, dataset: Dataset, fields: list[Field], held: Item) -> Entry:
        values = tuple(self.value(held, field) for field in fields if held.values.get(field.code) is not None)
        title = tuple(
            self.value(held, dataset.fields[code]) for code in dataset.title if held.values.get(code) is not None
        )
        return Entry(held.id, dataset, title, values)

    def _counts(self, fields: list[Field], kept: list[Item]) -> tuple[tuple[Field, str, int], ...]:
        found: dict[tuple[str, str], int] = {}
        open_to_see = [field for field in fields if field.type is FieldType.CHOICE and self._may_show(field)]
        for each in kept:
            for field in open_to_see:
                if (choice := each.values.get(field.code)) is not None:
                    key = (field.code, str(choice))
                    found[key] = found.get(key, 0) + 1
        by_code = {field.code: field for field in open_to_see}
        return tuple((by_code[code], choice, times) for (code, choice), times in sorted(found.items()))

    def _may_show(self, field: Field) -> bool:
        plain = field.sensitivity is Sensitivity.ORDINARY
        return (plain or self.asked_for) and shows(self.actor, self.now, field, self.shared_address)

    def value(self, held: Item, field: Field) -> Value:
        shown = self._may_show(field)
        term = self.policy.retention[field.retention]
        activities = self.policy.activities_of(field)
        return Value(
            item_id=held.id,
            field=field,
            value=held.values.get(field.code) if shown else None,
            masked=not shown,
            needs=needed(self.policy, field, self.shared_address),
            restricted=any(_is_about(limit, held, field) for limit in self.limits),
            until=kept_until(term.years, term.days, self.ended) if term.starts == "programme_end" else None,
            activities=activities,
            stopped=frozenset(limit.activity for limit in self.limits if limit.activity),
            shared=self._shared(activities),
        )

    def _shared(self, activities: Iterable[Activity]) -> tuple[Shared, ...]:
        codes = dict.fromkeys(code for activity in activities for code in activity.recipients)
        return tuple(Shared(code, self.policy.recipients[code].name, self.disclosed.get(code)) for code in codes)


def _is_about(limit: Limit, held: Item, field: Field) -> bool:
    """Whether a restriction covers this value: the field, the whole record, the whole dataset, or everything."""
    if limit.kind != "restriction" or limit.activity is not None:
        return False
    return (
        limit.dataset in (None, held.dataset) and limit.item_id in (None, held.id) and limit.field in (None, field.code)
    )


def _may_see(work: Work, shared_address: bool) -> UUID:
    """The actor's student id; NotAllowed below the level, or where nobody was chosen yet at a shared address."""
    actor = work.actor
    if actor.student_id is None and shared_address:
        raise NotAllowed("level", act=Act.VIEW_OWN_DATA, needs=int(Level.KNOWLEDGE))
    work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
    demand_level(work, Act.VIEW_OWN_DATA, shared_address)
    assert actor.student_id is not None  # the rule asks for one's own
    return actor.student_id


def _sight(
    work: Work,
    student_id: UUID,
    shared_address: bool,
    held: Iterable[Item] | None = None,
    asked_for: bool = False,
) -> _Sight:
    ended = work.session.execute(select(Student.last_programme_ended).where(Student.id == student_id)).scalar()
    rows = work.session.execute(select(Limit).where(Limit.student_id == student_id, Limit.ended_at.is_(None)))
    disclosed: dict[str, date] = {}
    for each in held if held is not None else items_of(work.session, work.vault, student_id, {"disclosure"}):
        if each.dataset != "disclosure" or not each.values.get("date"):
            continue
        code, on = str(each.values.get("recipient")), date.fromisoformat(str(each.values["date"]))
        disclosed[code] = max(on, disclosed.get(code, on))
    return _Sight(
        work.policy,
        work.actor,
        work.now,
        shared_address,
        asked_for,
        ended,
        list(rows.scalars()),
        disclosed,
    )


def _value(
    work: Work, student_id: UUID, item_id: UUID, code: str, shared_address: bool, asked_for: bool = False
) -> Value:
    held = item(work.session, work.vault, student_id, item_id)
    if held is None or code not in work.policy.datasets[held.dataset].fields or held.values.get(code) is None:
        raise NotFound(code)
    sight = _sight(work, student_id, shared_address, asked_for=asked_for)
    return sight.value(held, work.policy.field(held.dataset, code))
