"""Tabs are counted from indexes: no case is looked at, however a list is narrowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.records.db import db
from portal.services.queue import Filters, queue
from tests import factories
from tests.services.test_queue import statements

TODAY = date(2026, 11, 23)
WEEK = timedelta(days=7)


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
                counted, values = next(each for each in seen.values if "AS to_carry_out" in each[0])
                plan = db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {counted}", values)
                reads = [row[3] for row in plan if " case" in row[3]]
                assert reads
                looked_at += [(narrowed, each) for each in reads if "COVERING INDEX" not in each]
                db.session.rollback()
    assert looked_at == []
