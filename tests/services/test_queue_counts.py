"""Tabs are counted from indexes: no case is read, however a list is narrowed, nor more looked at than a tab tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.records import case_counts
from portal.records.db import db
from portal.services.queue import Filters, Tab, queue
from portal.services.unit import begin_page, end_page
from tests import factories
from tests.services.cases import opened
from tests.services.test_queue import statements

TODAY = date(2026, 11, 23)
WEEK = timedelta(days=7)
COUNTING = "AS fits"  # stands in the statement of the counts


def narrowings(me: Actor) -> list[Filters]:
    return [
        Filters(),
        Filters(kind=RequestKind.ERASURE),
        Filters(kind=RequestKind.COMPLAINT),
        Filters(state=CaseState.RECEIVED),
        Filters(branch="langedijk"),
        Filters(handler=me.id),
        Filters(channel=Channel.LETTER),
        Filters(language="ti"),
        Filters(received_from=TODAY - WEEK),
        Filters(received_until=TODAY - WEEK),
        Filters(due_from=TODAY, due_until=TODAY + WEEK),
        Filters(state=CaseState.RECEIVED, kind=RequestKind.ACCESS),
        Filters(branch="langedijk", kind=RequestKind.ACCESS),
        Filters(branch="langedijk", due_from=TODAY, due_until=TODAY + WEEK),
        Filters(branch="langedijk", channel=Channel.LETTER),
        Filters(handler=me.id, kind=RequestKind.ERASURE),
        Filters(language="ti", kind=RequestKind.ACCESS),
        Filters(kind=RequestKind.ACCESS, received_from=TODAY - WEEK),
    ]


@pytest.fixture
def capped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A tab tells of two cases at most."""
    monkeypatch.setattr(case_counts, "COUNT_CAP", 2)
    case_counts._counting.cache_clear()
    yield
    case_counts._counting.cache_clear()
    case_counts._known.clear()


def test_a_count_ends_where_it_looked_at_more_than_a_tab_tells(app: Flask, clock: FixedClock, capped: None) -> None:
    """What it found until then is said with a plus: of two filters, one of which an index holds, too."""
    with app.app_context():
        here = factories.make_branch("langedijk")
        handler = factories.staff_actor(factories.make_staff("near", Role.CASE_HANDLER, branch=here))
        for kind in (RequestKind.ACCESS, RequestKind.ERASURE, RequestKind.ACCESS):
            opened(kind, factories.make_student(here), language="ti", taken=False)
        opened(RequestKind.ERASURE, factories.make_student(here), language="ar", taken=False)

        def found(**asked: object) -> tuple[int, bool]:
            page = queue(handler, clock, filters=Filters(**asked))
            return page.counts[Tab.UNASSIGNED], Tab.UNASSIGNED in page.more

        assert found() == (2, True)
        assert found(branch="langedijk", kind=RequestKind.ACCESS)[1]
        assert found(kind=RequestKind.ERASURE, state=CaseState.IN_PROGRESS) == (0, False)
        ti = queue(handler, clock, filters=Filters(language="ar", kind=RequestKind.ERASURE))
        assert (ti.counts[Tab.ALL], Tab.ALL in ti.more) == (1, False)
        assert (ti.counts[Tab.COMPLAINTS], Tab.COMPLAINTS in ti.more) == (0, False)


def test_a_part_that_is_full_is_not_counted_again_for_some_minutes(
    app: Flask, clock: FixedClock, capped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice what a tab tells is full. As much again has to leave it before what a tab tells is wrong."""
    now = [1_000.0]
    monkeypatch.setattr(case_counts, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with app.app_context():
        here = factories.make_branch("langedijk")
        handler, other = (
            factories.staff_actor(factories.make_staff(name, Role.CASE_HANDLER, branch=here)) for name in ("a", "b")
        )
        for _ in range(2 * 2 + 1):
            opened(RequestKind.ACCESS, factories.make_student(here), taken=False)

        def asked(who: Actor = handler, **narrowed: object) -> tuple[int, bool, str]:
            with statements() as seen:
                page = queue(who, clock, filters=Filters(**narrowed))
            counting = "".join(text for text, _ in seen.values if COUNTING in text)
            return page.counts[Tab.UNASSIGNED], Tab.UNASSIGNED in page.more, counting

        assert "AS unassigned" in asked()[2]
        told = asked()
        assert told[:2] == (2, True)
        assert "AS unassigned" not in told[2], "it is full"
        assert "AS closed" in told[2], "what is not is counted each time"
        assert "AS unassigned" in asked(other)[2], "of each who asks"
        assert "AS unassigned" in asked(language="nl")[2], "and of all that is asked"
        now[0] += case_counts.STAYS_FULL + 1
        assert "AS unassigned" in asked()[2], "not for ever"


def test_a_part_with_one_less_than_full_is_counted_each_time(app: Flask, clock: FixedClock, capped: None) -> None:
    with app.app_context():
        here = factories.make_branch("langedijk")
        handler = factories.staff_actor(factories.make_staff("near", Role.CASE_HANDLER, branch=here))
        for _ in range(2 * 2):
            opened(RequestKind.ACCESS, factories.make_student(here), taken=False)
        for _ in range(2):
            with statements() as seen:
                page = queue(handler, clock)
            assert any("AS unassigned" in text for text, _ in seen.values)
            assert (page.counts[Tab.UNASSIGNED], Tab.UNASSIGNED in page.more) == (2, True)


def test_tabs_are_counted_without_a_look_at_a_case(sqlite_app: Flask, clock: FixedClock) -> None:
    """SQLite says how it reads: every part from an index that holds all that is asked."""
    looked_at = []
    with sqlite_app.app_context():
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        handler = factories.staff_actor(factories.make_staff("near", Role.CASE_HANDLER, branch=here))
        both = replace(handler, branches=frozenset({here, there}))
        officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
        for actor in (handler, both, officer):
            for narrowed in narrowings(actor):
                with statements() as seen:
                    queue(actor, clock, filters=narrowed)
                counted, values = next(each for each in seen.values if COUNTING in each[0])
                plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {counted}", values)
                reads = [row[3] for row in plan if " case" in row[3]]
                assert reads
                looked_at += [(narrowed, each) for each in reads if "COVERING INDEX" not in each]
                db.session.rollback()
    assert looked_at == []


def test_postgresql_keeps_one_plan_of_each_list_and_count_and_reads_indexes(postgres_app: Flask) -> None:
    """A plan for any value, made once and read from indexes: lists in their order."""
    clock: FixedClock = postgres_app.extensions["clock"]
    with postgres_app.app_context():
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        handler = factories.staff_actor(factories.make_staff("near", Role.CASE_HANDLER, branch=here))
        both = replace(handler, branches=frozenset({here, there}))
        for narrowed, tab in [
            *product(narrowings(both), [Tab.ALL]),
            (Filters(), Tab.UNASSIGNED),
            (Filters(), Tab.CLOSED),
        ]:
            for _ in range(7):
                begin_page()
                queue(both, clock, tab, narrowed)
                end_page()
        opened(RequestKind.ACCESS, factories.make_student(here))
        connection = db.session.connection()
        kept = connection.exec_driver_sql("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        asked = [row for row in kept if 'FROM "case"' in row.statement]
        for way in ("seqscan", "bitmapscan", "sort"):  # of a handful of rows they would be the quicker ones
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        counted = 0
        for row in asked:
            assert (row.generic_plans > 0, row.custom_plans) == (True, 0), row.statement
            plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {row.statement}").scalars().all()
            reads = [line.strip(" ->") for line in plan if ' on "case"' in line]
            assert [each for each in reads if not each.startswith("Index")] == [], plan
            # Which of the fitting indexes is chance among so few rows; that they hold all is seen on SQLite.
            counted += COUNTING in row.statement
        assert counted > 10, len(asked)
