"""The queue: only the own branches, in order of the date, page by page, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.records.db import db
from portal.services import queue as queues
from portal.services.casework import Contact
from portal.services.queue import Filters, Tab, queue
from portal.services.take_case import take
from tests import factories
from tests.services.cases import decided, opened

TODAY = date(2026, 11, 23)


def received(days: int) -> date:
    return TODAY - timedelta(days=days)


def references(actor: Actor, clock: FixedClock, tab: Tab = Tab.ALL, **filters: object) -> list[str]:
    page = queue(actor, clock, tab, Filters(**filters))
    return [line.reference for line in page.lines]


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def student_in(code: str, **person: str) -> UUID:
    return factories.make_student(factories.make_branch(code), **person)


def test_cases_stand_in_order_of_their_date(handler: Actor, clock: FixedClock) -> None:
    student = student_in("langedijk")
    later = opened(RequestKind.ACCESS, student, received_on=received(2))
    sooner = opened(RequestKind.ERASURE, student, received_on=received(20))
    late = opened(RequestKind.ACCESS, student, received_on=received(33))
    assert references(handler, clock) == [late, sooner, later]
    lines = queue(handler, clock).lines
    assert [line.days_left for line in lines] == [-5, 8, 26]
    assert lines[0].name == "Hanan Al Hassan"


def test_a_handler_sees_own_branches_and_what_nobody_has_placed(handler: Actor, clock: FixedClock) -> None:
    own = opened(RequestKind.ACCESS, student_in("langedijk"))
    foreign = opened(RequestKind.ACCESS, student_in("hoorn"))
    nobodys = opened(RequestKind.ACCESS, None, contact=Contact(name="Omar Aziz", email="o@example.org"), taken=False)
    assert set(references(handler, clock)) == {own, nobodys}
    names = {line.reference: (line.name, line.matched) for line in queue(handler, clock).lines}
    assert names[nobodys] == ("Omar Aziz", False)
    officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
    assert set(references(officer, clock)) == {own, foreign, nobodys}
    assert queue(handler, clock).counts[Tab.ALL] == 2
    assert references(handler, clock, reference=foreign) == []
    assert references(handler, clock, branch="hoorn") == []
    assert references(officer, clock, branch="hoorn") == [foreign]
    assert [each.code for each in queues.branches(handler, clock)] == ["langedijk"]


def test_an_administrator_has_no_queue(handler: Actor, clock: FixedClock) -> None:
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        queue(administrator, clock)


def test_each_tab_holds_its_own_and_counts_it(handler: Actor, clock: FixedClock) -> None:
    student = student_in("langedijk")
    mine = opened(RequestKind.ACCESS, student, received_on=received(10), taken=False)
    take(handler, clock, mine)
    this_week = opened(RequestKind.ACCESS, student, received_on=received(25), taken=False)
    today = opened(RequestKind.RESTRICTION, student, received_on=received(28), taken=False)
    overdue = opened(RequestKind.ACCESS, student, received_on=received(29), taken=False)
    complaint = opened(RequestKind.COMPLAINT, student, received_on=received(1), taken=False)
    to_carry_out = opened(RequestKind.ACCESS, student, received_on=received(3))
    decided(to_carry_out, handler)
    closed = opened(RequestKind.COMPLAINT, student, received_on=received(5))
    decided(closed, handler)
    expected = {
        Tab.MINE: {mine},
        Tab.UNASSIGNED: {this_week, today, overdue, complaint},
        Tab.THIS_WEEK: {this_week, today},
        Tab.OVERDUE: {overdue},
        Tab.TO_CARRY_OUT: {to_carry_out},
        Tab.COMPLAINTS: {complaint},
        Tab.CLOSED: {closed},
        Tab.ALL: {mine, this_week, today, overdue, complaint, to_carry_out},
    }
    counts = queue(handler, clock).counts
    for tab, held in expected.items():
        assert set(references(handler, clock, tab)) == held, tab
        assert counts[tab] == len(held), tab


def test_an_answered_case_has_no_days_left(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, student_in("langedijk"))
    decided(reference, handler)
    [line] = queue(handler, clock, Tab.TO_CARRY_OUT).lines
    assert line.reference == reference
    assert line.days_left is None


def test_filters_narrow_by_kind_channel_name_number_and_reference(handler: Actor, clock: FixedClock) -> None:
    sahin = student_in("langedijk", given_names="Mehmet", family_name="Şahin", student_number="C123456")
    erasure = opened(RequestKind.ERASURE, sahin)
    other = opened(RequestKind.ACCESS, student_in("langedijk"))
    assert references(handler, clock, kind=RequestKind.ERASURE) == [erasure]
    assert references(handler, clock, who="sahin mehmet") == [erasure]
    assert references(handler, clock, who="c-123 456") == [erasure]
    assert references(handler, clock, who="nobody at all") == []
    assert references(handler, clock, channel=Channel.LETTER) == []
    assert references(handler, clock, reference=f" {other.lower()} ") == [other]


def test_pages_follow_each_other_both_ways_and_lose_nothing(
    handler: Actor, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 3)
    student = student_in("langedijk")
    every = [opened(RequestKind.ACCESS, student, received_on=received(number // 2)) for number in range(8)]
    first = queue(handler, clock)
    assert not first.has_before
    assert first.has_after
    second = queue(handler, clock, after=first.lines[-1].reference)
    third = queue(handler, clock, after=second.lines[-1].reference)
    assert not third.has_after
    seen = [line.reference for page in (first, second, third) for line in page.lines]
    assert len(seen) == len(set(seen)) == 8
    assert set(seen) == set(every)
    assert seen == [line.reference for line in sorted_lines(handler, clock, monkeypatch)]
    back = queue(handler, clock, before=third.lines[0].reference)
    assert back.lines == second.lines
    assert back.has_before
    assert back.has_after
    assert queue(handler, clock, before=second.lines[0].reference).lines == first.lines


def sorted_lines(actor: Actor, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> list[queues.Line]:
    monkeypatch.setattr(queues, "PAGE", 100)
    lines = queue(actor, clock).lines
    monkeypatch.setattr(queues, "PAGE", 3)
    return list(lines)


def test_a_foreign_reference_as_a_place_begins_at_the_start(handler: Actor, clock: FixedClock) -> None:
    own = opened(RequestKind.ACCESS, student_in("langedijk"))
    foreign = opened(RequestKind.ACCESS, student_in("hoorn"), received_on=received(1))
    page = queue(handler, clock, after=foreign)
    assert [line.reference for line in page.lines] == [own]
    assert not page.has_before


def test_the_number_of_statements_does_not_grow_with_the_rows(handler: Actor, clock: FixedClock) -> None:
    def one_of_each() -> None:
        opened(RequestKind.ACCESS, student_in("langedijk"))
        opened(RequestKind.ACCESS, None, contact=Contact(name="Omar", email="o@example.org"), taken=False)

    one_of_each()
    with statements() as few:
        assert len(queue(handler, clock).lines) == 2
    for _ in range(9):
        one_of_each()
    with statements() as many:
        assert len(queue(handler, clock).lines) == 20
    assert len(many) == len(few)
    assert len(many) <= 10, many
