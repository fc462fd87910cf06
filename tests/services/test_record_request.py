"""Requests that came by another door: the true date of receipt, one case a form, the same receipt as everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, RequestKind, Role
from portal.services.casework import Contact
from portal.services.record_request import Recorded, days_left, record_request
from tests import factories
from tests.services.cases import case_of, decided, events_of, items_of, mails_of, opened

LETTER = Recorded(
    kind=RequestKind.ERASURE,
    channel=Channel.LETTER,
    received_on=date(2026, 11, 16),
    language="ar",
    contact=Contact(name="حنان الحسن", email="hanan@example.org"),
    words=("احذفوا بياناتي", "Wis ook mijn foto's"),
    helper="Buurvrouw",
)


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def test_the_term_runs_from_the_day_it_came_in(handler: Actor, clock: FixedClock) -> None:
    made = record_request(handler, clock, LETTER)
    case = case_of(made.reference)
    assert case.received_on == date(2026, 11, 16)
    assert case.due_on == made.answer_by == date(2026, 12, 14)
    assert case.entered_at == clock.now()
    assert case.channel == "letter"
    assert case.branch_id is None
    assert events_of(made.reference) == ["recorded"]
    assert mails_of(made.reference) == ["receipt"]
    assert len(made.code.replace(" ", "")) == 12
    assert len(items_of(made.reference)) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"received_on": date(2026, 11, 24)}, "received_in_future"),
        ({"received_on": date(2025, 11, 1)}, "received_too_long_ago"),
        ({"channel": Channel.PORTAL}, "not_another_door"),
        ({"language": "xx"}, "unknown_language"),
        ({"about": "V-2026-0000000"}, "unknown_case"),
        ({"kind": RequestKind.WITHDRAWAL}, "nothing_asked"),
        ({"kind": RequestKind.COMPLAINT, "words": ()}, "nothing_asked"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    handler: Actor, clock: FixedClock, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        record_request(handler, clock, replace(LETTER, **changes))
    assert refused.value.code == code


def test_today_counts_and_so_does_a_year_ago(handler: Actor, clock: FixedClock) -> None:
    for day in (date(2026, 11, 23), date(2025, 11, 23)):
        assert case_of(record_request(handler, clock, replace(LETTER, received_on=day)).reference).received_on == day


def test_the_same_form_sent_twice_is_one_case(handler: Actor, clock: FixedClock) -> None:
    first = record_request(handler, clock, LETTER, once=b"x" * 32)
    second = record_request(handler, clock, LETTER, once=b"x" * 32)
    assert second.reference == first.reference
    assert second.code is None
    assert mails_of(first.reference) == ["receipt"]


def test_access_without_words_asks_for_everything(handler: Actor, clock: FixedClock) -> None:
    made = record_request(handler, clock, replace(LETTER, kind=RequestKind.ACCESS, words=("",)))
    assert [item.target for item in items_of(made.reference)] == ["everything"]


def test_a_withdrawal_names_its_activities(handler: Actor, clock: FixedClock) -> None:
    request = replace(LETTER, kind=RequestKind.WITHDRAWAL, activities=("lesson_screenshots", "made_up"))
    made = record_request(handler, clock, request)
    assert [(item.target, item.activity) for item in items_of(made.reference)] == [("activity", "lesson_screenshots")]
    assert case_of(made.reference).state == "received"  # until its student is known


def test_a_complaint_is_tied_to_the_case_it_is_about(handler: Actor, clock: FixedClock) -> None:
    about = opened(RequestKind.ACCESS, factories.make_student())
    decided(about, handler)
    made = record_request(handler, clock, replace(LETTER, kind=RequestKind.COMPLAINT, about=about.lower()))
    case = case_of(made.reference)
    assert case.about_case_id == case_of(about).id


def test_a_foreign_case_cannot_be_complained_about_from_here(handler: Actor, clock: FixedClock) -> None:
    foreign = opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn")))
    with pytest.raises(Refused, match="unknown_case"):
        record_request(handler, clock, replace(LETTER, kind=RequestKind.COMPLAINT, about=foreign))


def test_without_an_address_everything_goes_by_post(handler: Actor, clock: FixedClock) -> None:
    made = record_request(handler, clock, replace(LETTER, contact=Contact(name="Hanan", address="Kerkplein 1")))
    assert case_of(made.reference).by_post
    assert mails_of(made.reference) == []


def test_an_administrator_records_nothing(handler: Actor, clock: FixedClock) -> None:
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        record_request(administrator, clock, LETTER)


def test_what_is_left_of_the_term_is_known_at_once() -> None:
    today = date(2026, 11, 23)
    assert days_left(date(2026, 11, 23), RequestKind.ACCESS, 28, 28, today) == 28
    assert days_left(date(2026, 10, 25), RequestKind.ACCESS, 28, 28, today) == -1
    assert days_left(date(2026, 11, 16), RequestKind.COMPLAINT, 28, 14, today) == 7
