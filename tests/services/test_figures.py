"""Figures: the counts of both databases against a count in plain Python over made-up cases; who sees which."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text
from uuid_utils.compat import uuid7

from portal.domain.clock import FixedClock
from portal.domain.figures import ANSWER_BANDS, DONE_BANDS, LATE_BANDS
from portal.domain.lifecycle import CaseState
from portal.domain.periods import Period, this_year
from portal.domain.periods import year as year_of
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.vocabulary import Outcome, RequestKind, Role
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.proof import Audit
from portal.services import figures
from portal.services.retention_terms import confirm
from tests import factories
from tests.proofs import rounds
from tests.services.test_queue import statements

pytestmark = pytest.mark.slow

HERE = ZoneInfo("Europe/Amsterdam")
TODAY = date(2026, 11, 23)
GROUNDS = ("legal_duty", "value_is_right", "excessive")
BRANCHES = ("hoorn", "langedijk")


def moment(chance: random.Random, first: date, last: date) -> datetime:
    """Any moment, often close to midnight here."""
    day = first + timedelta(days=chance.randint(0, max((last - first).days, 0)))
    hour = chance.choice([0, 9, 15, 21, 22, 23])
    return datetime(day.year, day.month, day.day, hour, chance.randint(0, 59), tzinfo=UTC)


def made_up(chance: random.Random, branches: dict[str, UUID]) -> tuple[Case, list[CaseItem]]:
    """A case at any stage of its life, dates in their order."""
    received = date(2024, 6, 1) + timedelta(days=chance.randint(0, 900))
    due = received + timedelta(days=28)
    extended = chance.choice([None, None, None, 7, 28])
    state = chance.choice([*CaseState, CaseState.CLOSED, CaseState.CLOSED, CaseState.DECIDED])
    decided = state in {CaseState.CLOSED, CaseState.DECIDED}
    decided_at = moment(chance, received, received + timedelta(days=70)) if decided else None
    ended_at = moment(chance, (decided_at or moment(chance, received, received)).date(), date(2026, 11, 22))
    outcome = chance.choice(list(Outcome)).value if decided else None
    case = Case(
        id=uuid7(),
        reference=f"T{uuid7().hex[-12:]}",
        kind=chance.choice(list(RequestKind)).value,
        state=state.value,
        branch_id=chance.choice([*branches.values(), None]),
        channel="portal",
        language="nl",
        received_on=received,
        entered_at=datetime(received.year, received.month, received.day, 10, tzinfo=UTC),
        original_due_on=due,
        due_on=due + timedelta(days=extended or 0),
        extended_days=extended,
        decided_at=decided_at,
        outcome=outcome,
        executed_at=ended_at if state is CaseState.CLOSED and chance.random() < 0.8 else None,
        closed_at=ended_at if state in {*CaseState} - {*OPEN} else None,
        policy_version="1",
        sealed=b"",
    )
    items = [
        CaseItem(
            id=uuid7(),
            case_id=case.id,
            position=place,
            target="everything",
            outcome=chance.choice(list(Outcome)).value if decided else None,
            sealed=b"",
        )
        for place in range(chance.randint(1, 3))
    ]
    for item in items:
        item.ground = chance.choice(GROUNDS) if item.outcome in {"refused", "partly"} else None
    return case, items


OPEN = {CaseState.RECEIVED, CaseState.IN_PROGRESS, CaseState.DECIDED}


def day(at: datetime) -> date:
    return at.astimezone(HERE).date()


def nearest_rank(values: list[int], per_cent: int) -> int | None:
    enough = (value for value in sorted(values) if sum(v <= value for v in values) * 100 >= per_cent * len(values))
    return next(enough, None)


def banded(values: list[int], bands: Any) -> list[int]:
    return [sum(low <= value <= (10**6 if high is None else high) for value in values) for low, high in bands]


def counted(cases: list[Case], items: list[CaseItem], first: date, last: date, on: date) -> dict[str, object]:
    """The same figures, one case after the other."""

    def within(at: datetime | None) -> bool:
        return at is not None and first <= day(at) <= last

    received = [case for case in cases if first <= case.received_on <= last]
    answered = [case for case in cases if within(case.decided_at) and case.kind != "withdrawal"]
    days = [(day(case.decided_at) - case.received_on).days for case in answered]
    late = {case.id for case in answered if day(case.decided_at) > case.due_on}
    ids = {case.id for case in cases if within(case.decided_at)}
    parts = [item for item in items if item.case_id in ids]
    done = [(day(c.executed_at) - day(c.decided_at)).days for c in cases if within(c.executed_at)]
    unanswered = [
        case
        for case in cases
        if case.received_on <= on
        and (case.decided_at is None or day(case.decided_at) > on)
        and (case.decided_at is not None or case.closed_at is None or day(case.closed_at) > on)
    ]
    overdue = [(on - case.due_on).days for case in unanswered if case.due_on < on]
    waiting = [
        (on - day(case.decided_at)).days
        for case in cases
        if case.decided_at and day(case.decided_at) <= on and (case.closed_at is None or day(case.closed_at) > on)
    ]
    ended = Counter(case.state for case in cases if within(case.closed_at) and case.decided_at is None)
    return {
        "received": len(received),
        "by_month": Counter((case.received_on.year, case.received_on.month) for case in received),
        "answered": Counter((day(c.decided_at).year, day(c.decided_at).month, c.id not in late) for c in answered),
        "late": len(late),
        "extended": sum(case.extended_days is not None for case in answered),
        "kinds": Counter((case.kind, "received") for case in received)
        + Counter((case.kind, "late" if case.id in late else "in_time") for case in answered),
        "speed": (len(days), nearest_rank(days, 50), nearest_rank(days, 90)),
        "bands": banded(days, ANSWER_BANDS),
        "outcomes": Counter(case.outcome for case in answered),
        "grounds": Counter(item.ground for item in parts if item.ground),
        "done": (len(done), nearest_rank(done, 50), nearest_rank(done, 90), banded(done, DONE_BANDS)),
        "open": (len(unanswered), len(overdue), banded(overdue, LATE_BANDS), max(overdue, default=0)),
        "waiting": (len(waiting), max(waiting, default=0)),
        "otherwise": {state: ended[state] for state in ("taken_back", "duplicate", "abuse")},
    }


def as_counted(found: figures.Figures) -> dict[str, object]:
    return {
        "received": found.received,
        "by_month": +Counter(found.received_by_month),
        "answered": +Counter(
            {
                (*month, in_time): count
                for month, (early, late) in found.answered_by_month.items()
                for in_time, count in ((True, early), (False, late))
            }
        ),
        "late": found.late,
        "extended": found.extended,
        "kinds": +Counter(
            {
                (each.kind.value, name): count
                for each in found.kinds
                for name, count in (("received", each.received), ("late", each.late), ("in_time", each.in_time))
            }
        ),
        "speed": (found.speed.count, found.speed.median, found.speed.ninetieth),
        "bands": list(found.answer_bands.values()),
        "outcomes": +Counter({code.value: count for code, count in found.outcomes.items()}),
        "grounds": Counter(found.grounds),
        "done": (found.done.count, found.done.median, found.done.ninetieth, list(found.done_bands.values())),
        "open": (found.open, found.overdue, list(found.overdue_bands.values()), found.most_overdue),
        "waiting": (found.waiting, found.longest_waiting),
        "otherwise": {state.value: count for state, count in found.otherwise.items()},
    }


@pytest.fixture
def many(app: Flask) -> tuple[list[Case], list[CaseItem], dict[str, UUID]]:
    with app.app_context():
        branches = {code: factories.make_branch(code) for code in BRANCHES}
        chance = random.Random(20261123)
        made = [made_up(chance, branches) for _ in range(rounds(200, 4000))]
        begin_write()
        db.session.add_all([case for case, _ in made])
        db.session.flush()
        db.session.add_all([item for _, items in made for item in items])
        db.session.commit()
        db.session.expunge_all()  # what was made up is compared as it was, without asking the database
        yield [case for case, _ in made], [item for _, items in made for item in items], branches


def director() -> Actor:
    return factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))


def handler(branch: UUID) -> Actor:
    return factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=branch))


PERIODS = (year_of(2025), this_year(TODAY), Period(date(2025, 3, 30), date(2025, 10, 26)), Period(TODAY, TODAY))


def test_the_database_counts_what_a_count_in_plain_python_counts(many: Any, clock: FixedClock) -> None:
    cases, items, branches = many
    everywhere, here = director(), handler(branches["hoorn"])
    of_hoorn = [case for case in cases if case.branch_id == branches["hoorn"]]
    compared = 0
    for period in PERIODS:
        on = period.as_it_stands(TODAY)
        for actor, branch, seen in (
            (everywhere, "", cases),
            (everywhere, "hoorn", of_hoorn),
            (here, "", of_hoorn),
            (here, "hoorn", of_hoorn),
            (here, "langedijk", []),
        ):
            found = figures.show(actor, clock, period, branch).figures
            assert as_counted(found) == counted(seen, items, period.first, period.last, on), (period, branch)
            compared += 1
    print(f"figures: {compared} sets over {len(cases)} cases, equal to a count in plain Python")


def test_the_number_of_statements_does_not_grow_with_the_cases(many: Any, clock: FixedClock) -> None:
    actor = director()
    with statements() as seen:
        figures.show(actor, clock, year_of(2025))
    many_cases = len(seen)
    begin_write()
    db.session.execute(text("DELETE FROM case_item"))
    db.session.execute(text('DELETE FROM "case"'))
    db.session.commit()
    with statements() as seen:
        figures.show(actor, clock, year_of(2025))
    print(f"figures: {many_cases} statements over {len(many[0])} cases, {len(seen)} over none")
    assert len(seen) == many_cases <= 12


def test_a_handler_has_figures_of_the_own_branches_and_an_administrator_none(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        own, other = factories.make_branch("hoorn"), factories.make_branch("langedijk")
        actor = handler(own)
        assert [each.code for each in figures.branches(actor, clock)] == ["hoorn"]
        assert other != own
        shown = figures.show(actor, clock, year_of(2026), "langedijk")
        assert shown.branch is None
        assert shown.figures.received == 0
        administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        for refused in (figures.show, figures.export):
            with pytest.raises(NotAllowed):
                refused(administrator, clock, year_of(2026))


def test_taking_figures_out_is_logged_and_looking_is_not(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        actor = director()

        def acts() -> list[str]:
            db.session.rollback()
            return list(db.session.execute(select(Audit.act)).scalars())

        before = acts()
        figures.show(actor, clock, year_of(2026))
        assert acts() == before
        figures.export(actor, clock, year_of(2026), form="csv")
        assert acts() == [*before, "export_figures"]


def test_a_period_of_which_cases_may_be_gone_says_so_once_the_terms_are_confirmed(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        actor = director()
        assert figures.show(actor, clock, year_of(2022)).gone_until is None
        confirm(actor, clock, "case")
        assert figures.show(actor, clock, year_of(2022)).gone_until == date(2023, 11, 22)
        assert figures.show(actor, clock, year_of(2024)).gone_until is None
