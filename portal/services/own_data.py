"""A student's own data: each value with why it is kept, from whom, who received it and until when.

Two statements and the keys serve a whole page, however much it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Date, and_, bindparam, func, select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, NotAllowed, Subject
from portal.domain.retention import kept_until
from portal.domain.vocabulary import FieldType, Level, Sensitivity
from portal.policy.model import Activity, Dataset, Field, Group, Policy, Recipient
from portal.records.campaigns import waits_for
from portal.records.items import Item, Kept, id_of, item, items_of, kept_of
from portal.records.tables.cases import Case
from portal.records.tables.erasure import TermEnd
from portal.records.tables.people import Limit, Student, View
from portal.services import limits as rate_limits
from portal.services.assurance_of import demand_level, level_now, needed
from portal.services.casework import NotFound
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json
from portal.vault.many import Id

LISTED = 3  # records of one dataset that the overview shows; more of them have a page of their own

# What decides how a student's data are shown: a row for each limit that stands, one without a limit where none does.
SIGHT = (
    select(Student.last_programme_ended, Limit.kind, Limit.activity, Limit.dataset, Limit.item_id, Limit.field)
    .outerjoin_from(Student, Limit, and_(Limit.student_id == Student.id, Limit.ended_at.is_(None)))
    .where(Student.id == bindparam("student"))
)
_told = and_(TermEnd.student_id == bindparam("student"), TermEnd.done_at.is_(None), TermEnd.told_on.is_not(None))
PAGE = SIGHT.add_columns(
    select(func.count()).where(Case.student_id == bindparam("student")).scalar_subquery().label("cases"),
    select(func.count()).where(View.student_id == bindparam("student")).scalar_subquery().label("views"),
    select(TermEnd.id).where(_told).exists().label("ending"),
    waits_for(bindparam("student"), bindparam("today", type_=Date)).label("asked"),
)


class Shared(NamedTuple):
    """Somebody outside who may receive a value, and the last day something went to them, where that is known."""

    code: str
    name: str
    on: date | None


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """How the values of one field are shown to all who are known as well; nothing in it is of a person."""

    field: Field
    masked: bool
    activities: tuple[Activity, ...]
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What belongs beside all values of one student."""

    until: Mapping[str, date | None]  # by retention class, the last day; None: the term has not begun
    sent: Mapping[str, date]  # by recipient, the last day on which something went there
    stopped: frozenset[str]  # activities that are suspended or withdrawn


class Value(NamedTuple):
    """One value as its student sees it. `value` is None while it is masked: below the level that it needs, and, where
    it is special or sensitive, until it is asked for by a press of its own."""

    item_id: UUID
    way: Way
    value: Json
    restricted: bool  # its use is limited now (GDPR 18)
    about: About

    @property
    def field(self) -> Field:
        return self.way.field

    @property
    def masked(self) -> bool:
        return self.way.masked

    @property
    def activities(self) -> tuple[Activity, ...]:
        return self.way.activities

    @property
    def stopped(self) -> frozenset[str]:
        return self.about.stopped

    @property
    def until(self) -> date | None:
        return self.about.until[self.field.retention]

    @property
    def shared(self) -> tuple[Shared, ...]:
        sent = self.about.sent
        return tuple(Shared(each.code, each.name, sent.get(each.code)) for each in self.way.recipients)


class Entry(NamedTuple):
    """One record: the values of it that belong to the group."""

    item_id: UUID
    dataset: Dataset
    title: tuple[Value, ...]  # what tells it from others of its kind, where there can be others
    values: tuple[Value, ...]


class Series(NamedTuple):
    """The records of one dataset in a group; `total` counts those that are not shown too."""

    dataset: Dataset
    entries: tuple[Entry, ...]
    total: int
    counts: tuple[tuple[Way, str, int], ...]  # (field, choice, how often): what a long list comes down to
    about: About


class GroupOfData(NamedTuple):
    group: Group
    series: tuple[Series, ...]

    @property
    def empty(self) -> bool:
        return not self.series

    @property
    def masked(self) -> bool:
        for series in self.series:
            for entry in series.entries:
                for value in entry.values:
                    if value.way.masked:
                        return True
        return False


@dataclass(frozen=True, slots=True)
class OwnData:
    groups: tuple[GroupOfData, ...]  # the ten groups, then the portal's own section
    about: About
    cases: int
    views: int  # times that staff looked
    ending: bool  # a term ends soon, of which the student was told
    asked: bool  # a question about consent waits for an answer


def own_data(actor: Actor, clock: Clock, shared_address: bool) -> OwnData:
    """Everything the portal holds about the actor. NotAllowed below the level that own data ask for."""
    with reading(actor, clock) as work:
        student_id = _may_see(work, shared_address)
        about = work.session.connection().execute(PAGE, {"student": student_id, "today": work.today}).all()
        held = kept_of(work.session, work.vault, student_id)
        sight = _Sight(work, about, shared_address, held.get("disclosure", {}))
        page = about[0]
        return OwnData(tuple(sight.groups(held)), sight.about, page.cases, page.views, page.ending, page.asked)


def records_of(actor: Actor, clock: Clock, shared_address: bool, dataset: str, group: int) -> Series:
    """All records of one dataset, as far as they belong to the group. NotFound when there is no such dataset or none
    of it is kept."""
    with reading(actor, clock) as work:
        student_id = _may_see(work, shared_address)
        if dataset not in work.policy.datasets:
            raise NotFound(dataset)
        described = work.policy.datasets[dataset]
        held = items_of(work.session, work.vault, student_id, {dataset, "disclosure"})
        sight = _sight(work, student_id, shared_address, _kept(held, "disclosure"))
        found = sight.series(described, group, _kept(held, dataset), None)
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


# --- inside


class _Sight:
    """What decides how a value is shown, read once for a page. `about`: the rows of SIGHT; `asked_for`: by a press for
    one value, which the log tells of."""

    def __init__(
        self,
        work: Work,
        about: Sequence[Any],
        shared_address: bool,
        disclosures: Kept,
        asked_for: bool = False,
    ) -> None:
        policy, ended = work.policy, about[0].last_programme_ended
        self._policy = policy
        self._ways = _ways(policy, level_now(work), shared_address or work.actor.shared_address, asked_for)
        self._restricted = [limit for limit in about if limit.kind == "restriction" and limit.activity is None]
        self.about = About(
            {
                code: kept_until(term.years, term.days, ended) if term.starts == "programme_end" else None
                for code, term in policy.retention.items()
            },
            _last_days(disclosures.values()),
            frozenset([limit.activity for limit in about if limit.activity]),
        )

    def groups(self, held: Mapping[str, Kept]) -> list[GroupOfData]:
        """What is held of each data set, under the group that its fields belong to; in the policy's order."""
        found: dict[int, list[Series]] = {}
        for code, dataset in self._policy.datasets.items():
            if code in held:
                for number in self._ways[code]:
                    series = self.series(dataset, number, held[code], LISTED)
                    if series is not None:
                        found.setdefault(number, []).append(series)
        groups = (*self._policy.groups.values(), self._policy.own_section)
        return [GroupOfData(group, tuple(found.get(group.number, ()))) for group in groups]

    def series(self, dataset: Dataset, group: int, held: Kept, listed: int | None) -> Series | None:
        """The records of a dataset that keep something of the group; None when there are none."""
        ways = self._ways[dataset.code].get(group, {})
        codes = ways.keys()
        kept = [(key, values) for key, values in held.items() if not codes.isdisjoint(values)]
        if not kept:
            return None
        if listed is not None and len(kept) > listed:
            return Series(dataset, (), len(kept), self._counts(ways, held.values()), self.about)
        entries = tuple([self._entry(dataset, ways, key, values) for key, values in kept])
        return Series(dataset, entries, len(kept), (), self.about)

    def _entry(self, dataset: Dataset, ways: Mapping[str, Way], key: Id, values: Mapping[str, Json]) -> Entry:
        item_id = id_of(key)
        found = {code: self.value(item_id, way, values) for code, way in ways.items() if values.get(code) is not None}
        title = []
        for code in dataset.title if dataset.many else ():
            if values.get(code) is not None:
                field = dataset.fields[code]
                title.append(found.get(code) or self.value(item_id, self.way(field), values))
        return Entry(item_id, dataset, tuple(title), tuple(found.values()))

    def _counts(self, ways: Mapping[str, Way], held: Iterable[Mapping[str, Json]]) -> tuple[tuple[Way, str, int], ...]:
        counts = []
        for code, way in ways.items():
            if way.field.type is FieldType.CHOICE and not way.masked:
                times = Counter([values[code] for values in held if code in values])
                counts += [(way, choice, number) for choice, number in times.items()]
        return tuple(sorted(counts, key=lambda each: (each[0].field.code, each[1])))

    def way(self, field: Field) -> Way:
        return self._ways[field.dataset][field.group][field.code]

    def value(self, item_id: UUID, way: Way, values: Mapping[str, Json]) -> Value:
        restricted = bool(self._restricted) and any(_is_about(limit, way.field, item_id) for limit in self._restricted)
        return Value(item_id, way, None if way.masked else values[way.field.code], restricted, self.about)


Ways = Mapping[str, Mapping[int, Mapping[str, Way]]]  # by data set, group, field


def _ways(policy: Policy, level: Level, shared_address: bool, asked_for: bool) -> Ways:
    """How each field is shown at a level; put together once for each."""

    def ways() -> Ways:
        found: dict[str, dict[int, dict[str, Way]]] = {code: {} for code in policy.datasets}
        for dataset in policy.datasets.values():
            for field in dataset.fields.values():
                served = policy.served_by(field)
                enough = level >= needed(policy, field, shared_address)
                shows = enough and (asked_for or field.sensitivity is Sensitivity.ORDINARY)
                recipients = tuple(policy.recipients[code] for code in served.recipients)
                way = Way(field, not shows, served.activities, recipients)
                found[dataset.code].setdefault(field.group, {})[field.code] = way
        return found

    return policy.derive(("ways", level, shared_address, asked_for), ways)


def _kept(held: Iterable[Item], dataset: str) -> Kept:
    return {each.id: each.values for each in held if each.dataset == dataset}


def _last_days(disclosures: Iterable[Mapping[str, Json]]) -> dict[str, date]:
    """The last day on which something went to each recipient."""
    found: dict[str, date] = {}
    for each in disclosures:
        if each.get("date"):
            code, on = str(each.get("recipient")), date.fromisoformat(str(each["date"]))
            found[code] = max(on, found.get(code, on))
    return found


def _is_about(limit: Any, field: Field, item_id: UUID) -> bool:
    """Whether a restriction covers this value: the field, the whole record, the whole dataset, or everything."""
    return (
        limit.dataset in (None, field.dataset)
        and limit.item_id in (None, item_id)
        and limit.field in (None, field.code)
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


def _sight(work: Work, student_id: UUID, shared_address: bool, disclosures: Kept, asked_for: bool = False) -> _Sight:
    about = work.session.connection().execute(SIGHT, {"student": student_id}).all()
    return _Sight(work, about, shared_address, disclosures, asked_for)


def _value(
    work: Work, student_id: UUID, item_id: UUID, code: str, shared_address: bool, asked_for: bool = False
) -> Value:
    held = item(work.session, work.vault, student_id, item_id)
    if held is None or code not in work.policy.datasets[held.dataset].fields or held.values.get(code) is None:
        raise NotFound(code)
    disclosures = _kept(items_of(work.session, work.vault, student_id, {"disclosure"}), "disclosure")
    sight = _sight(work, student_id, shared_address, disclosures, asked_for)
    return sight.value(held.id, sight.way(work.policy.field(held.dataset, code)), held.values)
