"""Tabs are counted from indexes: no case is read, however a list is narrowed, nor more looked at than a tab tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import update

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.records import case_counts
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
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


def test_a_part_that_has_more_is_not_counted_again_for_a_minute(
    app: Flask, clock: FixedClock, capped: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(case_counts, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with app.app_context():
        here = factories.make_branch("langedijk")
        handler, other = (
            factories.staff_actor(factories.make_staff(name, Role.CASE_HANDLER, branch=here)) for name in ("a", "b")
        )
        for _ in range(2):
            opened(RequestKind.ACCESS, factories.make_student(here), taken=False)

        def asked(who: Actor = handler, **narrowed: object) -> tuple[int, bool, bool]:
            """What the tab tells, whether it has more, and whether that was counted now."""
            with statements() as seen:
                page = queue(who, clock, filters=Filters(**narrowed))
            counting = [text for text, _ in seen.values if COUNTING in text]
            assert any("AS closed" in text for text in counting), "what has no more is counted each time"
            counted = any("AS unassigned" in text for text in counting)
            return page.counts[Tab.UNASSIGNED], Tab.UNASSIGNED in page.more, counted

        assert [asked(), asked()] == [(2, False, True)] * 2
        opened(RequestKind.ACCESS, factories.make_student(here), taken=False)
        assert [asked(), asked()] == [(2, True, True), (2, True, False)]
        assert asked(other) == (2, True, True), "of each who asks"
        assert asked(language="nl") == (2, True, True), "and of all that is asked"
        two = Filters(language="nl", kind=RequestKind.ERASURE)
        assert [(page.counts[Tab.ALL], page.more) for page in (queue(handler, clock, filters=two) for _ in range(2))]
        now[0] += case_counts.STANDS + 1
        assert asked() == (2, True, True), "not for ever"


def test_where_every_part_has_more_nothing_is_counted(app: Flask, clock: FixedClock, capped: None) -> None:
    with app.app_context():
        here = factories.make_branch("langedijk")
        handler = factories.staff_actor(factories.make_staff("near", Role.CASE_HANDLER, branch=here))
        colleague = factories.make_staff("colleague", Role.CASE_HANDLER, branch=here)
        for due in (TODAY - WEEK, TODAY, TODAY + WEEK) * 3:
            reference = opened(RequestKind.ERASURE, factories.make_student(here), taken=False)
            begin_write()
            changed = update(Case).where(Case.reference == reference).values(due_on=due, handler_id=colleague)
            db.session.execute(changed)
            db.session.commit()
        narrow = Filters(state=CaseState.RECEIVED, kind=RequestKind.ERASURE, handler=colleague)
        told = []
        for _ in range(2):
            with statements() as seen:
                page = queue(handler, clock, filters=narrow)
            told.append((page.counts, page.more, sum(COUNTING in text for text, _ in seen.values)))
        assert told[0][:2] == told[1][:2]
        assert (told[0][0][Tab.ALL], Tab.ALL in told[0][1]) == (2, True)
        assert [counted for _, _, counted in told] == [1, 0]


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
