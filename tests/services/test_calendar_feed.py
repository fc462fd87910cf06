"""The calendar of due dates: a secret address that shows references and dates, and dies when its owner says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import begin_write, db
from portal.records.tables.access import CalendarFeed, Staff
from portal.records.tables.cases import Case
from portal.services import calendar_feed
from portal.services.casework import Asked, NewCase, NotFound, open_case
from portal.services.second_factor import FULL
from portal.services.unit import writing
from tests import factories
from tests.services.factors import actor_in, audited

RECEIVED = date(2026, 11, 20)


def file_request(clock: FixedClock, student: UUID, kind: RequestKind = RequestKind.ACCESS) -> str:
    new = NewCase(kind, Channel.LETTER, "nl", RECEIVED, (Asked(TargetKind.EVERYTHING),), student_id=student)
    with writing(SYSTEM, clock) as work:
        return open_case(work, new).reference


def events(content: bytes) -> dict[str, date]:
    """Summary and day of each event, as a calendar program reads them."""
    calendar = Calendar.from_ical(content)
    assert isinstance(calendar, Calendar)
    assert calendar["VERSION"] == "2.0"
    found = {}
    for event in calendar.walk("VEVENT"):
        assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "TRANSP"}
        assert event.decoded("DTEND") == event.decoded("DTSTART") + timedelta(days=1)
        found[str(event["SUMMARY"])] = event.decoded("DTSTART")
    return found


def handler(clock: FixedClock, name: str, branch: UUID) -> Actor:
    return actor_in(clock, factories.make_staff(name, Role.CASE_HANDLER, branch=branch), FULL)


def test_it_shows_the_due_dates_of_ones_own_and_of_nobodys_cases_and_nothing_of_a_person(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        student = factories.make_student(here, email="hanan@example.org")
        stranger = factories.make_student(there, email="stranger@example.org")
        anna, bram = handler(clock, "anna", here), handler(clock, "bram", here)
        mine, nobodys, brams, ended, elsewhere, withdrawn = (
            file_request(clock, each) for each in (student, student, student, student, stranger, student)
        )
        begin_write()
        for reference, values in {
            mine: {"handler_id": anna.id},
            brams: {"handler_id": bram.id},
            ended: {"state": "closed"},
            withdrawn: {"kind": "withdrawal"},
        }.items():
            db.session.execute(update(Case).where(Case.reference == reference).values(**values))
        db.session.commit()
        content = calendar_feed.feed(clock, calendar_feed.renew(anna, clock))
        due = RECEIVED + timedelta(days=28)
        assert events(content) == {f"Antwoord op {mine}": due, f"Antwoord op {nobodys}": due}
        for personal in (b"Hanan", b"hanan", b"access", b"inzage", elsewhere.encode()):
            assert personal not in content


def test_a_new_address_kills_the_old_one_and_withdrawing_kills_it_for_good(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        anna = handler(clock, "anna", factories.make_branch("langedijk"))
        assert calendar_feed.made_at(anna, clock) is None
        first = calendar_feed.renew(anna, clock)
        second = calendar_feed.renew(anna, clock)
        assert calendar_feed.made_at(anna, clock) == clock.now()
        with pytest.raises(NotFound):
            calendar_feed.feed(clock, first)
        assert events(calendar_feed.feed(clock, second)) == {}
        calendar_feed.withdraw(anna, clock)
        calendar_feed.withdraw(anna, clock)
        with pytest.raises(NotFound):
            calendar_feed.feed(clock, second)
        assert (audited("calendar_renewed"), audited("calendar_withdrawn")) == (2, 1)


def test_the_secret_itself_is_kept_nowhere(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        token = calendar_feed.renew(handler(clock, "anna", factories.make_branch("langedijk")), clock)
        row = db.session.execute(select(CalendarFeed)).scalar_one()
        assert token.encode() not in row.digest
        assert len(row.digest) == 32


@pytest.mark.parametrize(
    "values", [{"disabled_at": "now"}, {"confidentiality_at": None}], ids=["disabled", "confidentiality not signed"]
)
def test_an_account_that_may_not_work_has_no_calendar(sqlite_app: Flask, values: dict[str, object]) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        anna = handler(clock, "anna", factories.make_branch("langedijk"))
        token = calendar_feed.renew(anna, clock)
        begin_write()
        stored = {name: clock.now() if value == "now" else value for name, value in values.items()}
        db.session.execute(update(Staff).where(Staff.id == anna.id).values(**stored))
        db.session.commit()
        with pytest.raises(NotFound):
            calendar_feed.feed(clock, token)


def test_who_sees_no_cases_gets_an_empty_calendar(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        file_request(clock, factories.make_student(factories.make_branch("langedijk")))
        actor = actor_in(clock, factories.make_staff("admin", Role.ADMINISTRATOR), FULL)
        assert events(calendar_feed.feed(clock, calendar_feed.renew(actor, clock))) == {}


def test_a_new_address_asks_for_a_fresh_sign_in(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        anna = handler(clock, "anna", factories.make_branch("langedijk"))
        with pytest.raises(NotAllowed):
            calendar_feed.renew(replace(anna, fresh_sign_in=False), clock)
