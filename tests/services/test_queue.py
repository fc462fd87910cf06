"""The queue: only the own branches, in order of the date, page by page, in a fixed number of statements."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.records.db import db
from portal.records.tables.proof import Audit
from portal.services import export_queue as exports
from portal.services import queue as queues
from portal.services import search_queue as search
from portal.services.casework import Contact, NotFound, staff_for
from portal.services.queue import Filters, Order, Tab, queue
from portal.services.set_absence import absences, end_absence, set_absence
from portal.services.take_case import take
from portal.services.unit import reading
from tests import factories
from tests.services.cases import case_of, decided, opened, within

pytestmark = pytest.mark.slow

TODAY = date(2026, 11, 23)


def received(days: int) -> date:
    return TODAY - timedelta(days=days)


def references(actor: Actor, clock: FixedClock, tab: Tab = Tab.ALL, **filters: object) -> list[str]:
    page = queue(actor, clock, tab, Filters(**filters))
    return [line.reference for line in page.lines]


class Seen(list[str]):
    """Statements as they were sent; `values` also has what was bound in each."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[tuple[str, object]] = []


@contextmanager
def statements() -> Iterator[Seen]:
    seen = Seen()

    def note(_connection: object, _cursor: object, statement: str, values: object, *_more: object) -> None:
        seen.append(statement)
        seen.values.append((statement, values))

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
        Tab.EVERYTHING: {mine, this_week, today, overdue, complaint, to_carry_out, closed},
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


def test_filters_narrow_by_handler_language_branch_and_dates_and_by_pairs_of_them(
    handler: Actor, clock: FixedClock
) -> None:
    student = student_in("langedijk")
    old = opened(RequestKind.ACCESS, student, received_on=received(40), language="ar", taken=False)
    mid = opened(RequestKind.ERASURE, student, received_on=received(20), language="ti", taken=False)
    new = opened(RequestKind.ACCESS, student, received_on=received(1), language="ar", taken=False)
    take(handler, clock, new)
    assert references(handler, clock, language="ar") == [old, new]
    assert references(handler, clock, handler=handler.id) == [new]
    assert references(handler, clock, branch="langedijk", language="ti") == [mid]
    assert references(handler, clock, received_from=received(20)) == [mid, new]
    assert references(handler, clock, received_from=received(40), received_until=received(20)) == [old, mid]
    assert references(handler, clock, due_until=TODAY) == [old]
    assert references(handler, clock, due_from=TODAY, language="ar") == [new]
    assert references(handler, clock, state=CaseState.RECEIVED, kind=RequestKind.ACCESS) == [old]
    assert references(handler, clock, Tab.TO_CARRY_OUT, state=CaseState.RECEIVED) == []


def test_each_tab_counts_what_it_holds_of_a_narrowed_list(handler: Actor, clock: FixedClock) -> None:
    """A look-up by name narrows a list of one's own too."""
    omar = student_in("langedijk", given_names="Omar", family_name="Khalil")
    mine = opened(RequestKind.ACCESS, omar, received_on=received(29), taken=False)
    take(handler, clock, mine)
    opened(RequestKind.ACCESS, omar, received_on=received(29), language="ar", taken=False)
    decided(opened(RequestKind.ACCESS, omar, language="ar"), handler)
    take(handler, clock, opened(RequestKind.COMPLAINT, student_in("langedijk"), taken=False))
    narrowings: tuple[dict[str, object], ...] = (
        {"who": "omar"},
        {"who": "nobody"},
        {"reference": mine},
        {"kind": RequestKind.ACCESS},
        {"language": "ar", "state": CaseState.RECEIVED},
        {"who": "khalil", "language": "ar"},
    )
    for asked in narrowings:
        counts = queue(handler, clock, Tab.CLOSED, Filters(**asked)).counts
        assert counts == {tab: len(references(handler, clock, tab, **asked)) for tab in Tab}, asked
    assert references(handler, clock, Tab.MINE, who="omar") == [mine]


def test_the_order_can_be_chosen_and_pages_keep_it(
    handler: Actor, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "PAGE", 2)
    student = student_in("langedijk")
    every = [opened(RequestKind.ACCESS, student, received_on=received(days)) for days in (30, 20, 10, 5, 1)]
    for order, expected in {
        Order.DUE: every,
        Order.DUE_LAST: every[::-1],
        Order.RECEIVED: every,
        Order.RECEIVED_LAST: every[::-1],
    }.items():
        seen: list[str] = []
        after = ""
        while True:
            page = queue(handler, clock, after=after, order=order)
            seen += [line.reference for line in page.lines]
            if not page.has_after:
                break
            after = seen[-1]
        assert seen == expected, order
        back = queue(handler, clock, before=seen[-1], order=order)
        assert [line.reference for line in back.lines] == expected[-3:-1]


def test_whoever_stands_in_finds_the_cases_of_the_colleague_who_is_away(handler: Actor, clock: FixedClock) -> None:
    here = factories.make_branch("langedijk")
    deputy = factories.staff_actor(factories.make_staff("deputy", Role.CASE_HANDLER, branch=here))
    own, theirs = (opened(RequestKind.ACCESS, student_in("langedijk"), taken=False) for _ in range(2))
    take(deputy, clock, own)
    take(handler, clock, theirs)
    assert references(deputy, clock, Tab.MINE) == [own]
    with pytest.raises(Refused, match="taken_by_other"):
        take(deputy, clock, theirs)
    set_absence(handler, clock, handler.id, deputy.id, TODAY, TODAY + timedelta(days=14))
    page = queue(deputy, clock, Tab.MINE)
    assert {line.reference for line in page.lines} == {own, theirs}
    assert (page.counts[Tab.MINE], page.stands_in_for) == (2, ("Handler",))
    with reading(SYSTEM, clock) as work:
        told = [staff.id for staff in staff_for(work, within(work, theirs))]
    assert told == [handler.id, deputy.id]
    take(deputy, clock, theirs)
    assert case_of(theirs).handler_id == deputy.id
    [line] = absences(handler, clock).lines
    end_absence(handler, clock, line.id)
    assert queue(deputy, clock, Tab.MINE).stands_in_for == ()


def test_an_absence_is_entered_by_oneself_or_by_whoever_reviews_access(handler: Actor, clock: FixedClock) -> None:
    colleague = factories.make_staff("second", Role.CASE_HANDLER, branch=factories.make_branch("langedijk"))
    officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
    with pytest.raises(NotAllowed):
        set_absence(handler, clock, colleague, handler.id, TODAY, TODAY)
    for days, deputy, code in ((-1, colleague, "ends_before_start"), (1, handler.id, "own_deputy")):
        with pytest.raises(Refused, match=code):
            set_absence(handler, clock, handler.id, deputy, TODAY, TODAY + timedelta(days=days))
    with pytest.raises(Refused, match="absence_too_long"):
        set_absence(handler, clock, handler.id, colleague, TODAY, TODAY + timedelta(days=400))
    elsewhere = factories.make_staff("third", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    with pytest.raises(Refused, match="deputy_elsewhere"):
        set_absence(officer, clock, colleague, elsewhere, TODAY, TODAY)
    assert [each.name for each in absences(handler, clock).deputies] == ["Officer", "Second"]
    set_absence(officer, clock, colleague, handler.id, TODAY, TODAY + timedelta(days=3))
    [line] = absences(handler, clock).lines
    assert (line.staff, line.deputy, line.may_end) == ("Second", "Handler", False)
    with pytest.raises(NotFound):
        end_absence(handler, clock, line.id)
    end_absence(officer, clock, line.id)
    assert absences(officer, clock).lines == ()


def test_a_list_taken_out_is_whole_and_logged(
    handler: Actor, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "CHUNK", 2)
    every = [opened(RequestKind.ACCESS, student_in("langedijk"), received_on=received(days)) for days in (9, 8, 7)]
    foreign = opened(RequestKind.ACCESS, student_in("hoorn"))
    lines = exports.export_queue(handler, clock)
    assert [line.reference for line in lines] == every
    assert foreign not in every
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        exports.export_queue(administrator, clock)
    db.session.rollback()
    assert db.session.execute(select(func.count()).where(Audit.act == "export_queue")).scalar_one() == 1


def test_words_of_a_search_travel_sealed(handler: Actor, clock: FixedClock) -> None:
    token = search.seal_words(handler, clock, "Hanan Al Hassan")
    assert "Hanan" not in base64.urlsafe_b64decode(token + "==").decode("latin-1")
    assert search.open_words(handler, clock, token) == "Hanan Al Hassan"
    for bad in ("", "x", "Hanan", token[:-4], "é" * 50, "A" * 5000):
        assert search.open_words(handler, clock, bad) == ""


def test_a_reference_is_found_whole_or_by_its_digits_within_reach(handler: Actor, clock: FixedClock) -> None:
    own = opened(RequestKind.ACCESS, student_in("langedijk"))
    foreign = opened(RequestKind.ACCESS, student_in("hoorn"))
    for typed in (own, own.lower(), own[-7:], f" {own[-7:]} "):
        assert search.find_case(handler, clock, typed) == own
    for typed in (foreign, foreign[-7:], "V-2026-0000000", "hanan", "12"):
        assert search.find_case(handler, clock, typed) is None


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


@pytest.mark.parametrize("tab", [Tab.ALL, Tab.MINE, Tab.UNASSIGNED, Tab.CLOSED, Tab.EVERYTHING])
def test_every_list_is_read_from_an_index_in_its_order(sqlite_app: Flask, clock: FixedClock, tab: Tab) -> None:
    """SQLite says how it reads: each arm from an index, none sorted but the merge of a page."""
    with sqlite_app.app_context():
        here = factories.make_branch("langedijk")
        actor = factories.staff_actor(factories.make_staff("reader", Role.CASE_HANDLER, branch=here))
        for order in Order:
            with statements() as seen:
                queue(actor, clock, tab, order=order)
            listed = next(each for each in seen if "UNION ALL" in each and "reference" in each)
            values = next(values for statement, values in seen.values if statement == listed)
            plan = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {listed}", values)]
            scans = [line for line in plan if line.startswith("SCAN case")]
            assert scans == [], (tab, order, plan)
            db.session.rollback()


@pytest.mark.parametrize(
    ("tab", "asked", "by"),
    [
        (Tab.ALL, Filters(kind=RequestKind.ERASURE, language="ti"), "language"),
        (Tab.ALL, Filters(kind=RequestKind.ERASURE, channel=Channel.LETTER), "channel"),
        (Tab.ALL, Filters(language="ti", handler=UUID(int=1)), "handler"),
        (Tab.ALL, Filters(kind=RequestKind.ERASURE, handler=UUID(int=1)), "handler"),
        (Tab.MINE, Filters(kind=RequestKind.ERASURE), "handler"),
        (Tab.UNASSIGNED, Filters(kind=RequestKind.ERASURE), "kind"),
        (Tab.UNASSIGNED, Filters(), "handler"),
    ],
)
def test_of_two_values_sqlite_reads_the_one_that_leaves_less(
    sqlite_app: Flask, clock: FixedClock, tab: Tab, asked: Filters, by: str
) -> None:
    """Whatever its statistics say: by kind, an arm without a case of the handler would be looked through to its end."""
    with sqlite_app.app_context():
        here = factories.make_branch("langedijk")
        actor = factories.staff_actor(factories.make_staff("reader", Role.CASE_HANDLER, branch=here))
        opened(RequestKind.ERASURE, student_in("langedijk"))
        db.session.execute(text("ANALYZE"))
        db.session.execute(text("UPDATE sqlite_stat1 SET stat = '90000 80000 70000 60000 1 1' WHERE tbl = 'case'"))
        db.session.execute(text("UPDATE sqlite_stat1 SET stat = '90000 3 2 1 1' WHERE idx LIKE '%kind_state_due'"))
        db.session.commit()
        db.session.execute(text("ANALYZE sqlite_master"))  # takes up what was written
        with statements() as seen:
            queue(actor, clock, tab, asked)
        listed = next(each for each in seen if "UNION ALL" in each and "reference" in each)
        values = next(values for statement, values in seen.values if statement == listed)
        plan = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {listed}", values)]
        arms = [line for line in plan if "COVERING INDEX ix_case_" in line and "state=?" in line]
        assert arms
        assert all(f"{by}_state_due" in line for line in arms), plan


def test_the_number_of_statements_does_not_grow_with_the_rows(handler: Actor, clock: FixedClock) -> None:
    def one_of_each() -> None:
        opened(RequestKind.ACCESS, student_in("langedijk"))
        opened(RequestKind.ACCESS, None, contact=Contact(name="Omar", email="o@example.org"), taken=False)

    one_of_each()
    one_of_each()
    with statements() as few:
        assert len(queue(handler, clock).lines) == 4
    for _ in range(8):
        one_of_each()
    with statements() as many:
        assert len(queue(handler, clock).lines) == 20
    assert len(many) == len(few)
    asked = [each for each in many if not each.startswith("BEGIN")]
    assert len(asked) == 4, asked  # what stands around, the list, keys of students and of cases at once, counts
