"""Warnings to staff and the notice that the school is late (regulation, "The clock")."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case, CaseEvent
from portal.records.tables.proof import OutMail
from portal.services.casework import Asked, NewCase, open_case
from portal.services.unit import writing
from portal.services.warn import sweep
from tests.factories import make_branch, make_staff, make_student

pytestmark = pytest.mark.slow

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
RECEIVED = date(2026, 9, 7)  # a Monday: half-way 21 September, day 24 is 1 October, due Monday 5 October


def at(day: date, hour: int = 7) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=AMSTERDAM)


def file_request(clock: FixedClock, student: UUID | None = None, received: date = RECEIVED) -> UUID:
    new = NewCase(
        RequestKind.ACCESS, Channel.LETTER, "nl", received, (Asked(TargetKind.EVERYTHING),), student_id=student
    )
    with writing(SYSTEM, clock) as work:
        return open_case(work, new).case_id


def sent(kind: str = "staff_warning") -> Counter[str]:
    """The warnings in the outbox by their key, without the reader."""
    db.session.rollback()
    dedupes = db.session.execute(select(OutMail.dedupe).where(OutMail.kind == kind)).scalars()
    return Counter(":".join(dedupe.split(":")[2:-1]) if kind == "staff_warning" else kind for dedupe in dedupes)


@pytest.fixture
def school(app: Flask, clock: FixedClock) -> dict[str, UUID]:
    """A branch with one handler, a director elsewhere, and a student who reads mail."""
    clock.set(at(RECEIVED, 9))
    with app.app_context():
        branch = make_branch("alkmaar")
        return {
            "handler": make_staff("handler", Role.CASE_HANDLER, branch=branch),
            "director": make_staff("director", Role.DIRECTOR),
            "elsewhere": make_staff("elsewhere", Role.CASE_HANDLER, branch=make_branch("hoorn")),
            "student": make_student(branch),
        }


def readers() -> set[UUID]:
    db.session.rollback()
    dedupes = db.session.execute(select(OutMail.dedupe).where(OutMail.kind == "staff_warning")).scalars()
    return {UUID(dedupe.rpartition(":")[2]) for dedupe in dedupes}


def test_each_warning_comes_on_its_day_and_once(app: Flask, clock: FixedClock, school: dict[str, UUID]):
    with app.app_context():
        file_request(clock, school["student"])
        days: dict[str, date] = {}
        for number in range(29):
            clock.set(at(RECEIVED + timedelta(days=number)))
            sweep(clock)
            sweep(clock)
            for key in sent():
                days.setdefault(key.split(":")[0], clock.today())
        assert days == {
            "half_way": date(2026, 9, 21),
            "seven_days": date(2026, 9, 28),
            "draft_extension": date(2026, 10, 1),
            "two_days": date(2026, 10, 3),
            "due_today": date(2026, 10, 5),
        }
        assert set(sent().values()) == {1}
        assert readers() == {school["handler"]}


def test_a_week_without_a_worker_loses_no_warning(app: Flask, clock: FixedClock, school: dict[str, UUID]):
    with app.app_context():
        file_request(clock, school["student"])
        for day in (date(2026, 9, 27), date(2026, 10, 13)):  # nothing runs in between
            clock.set(at(day))
            sweep(clock)
        assert {key.split(":")[0] for key in sent()} == {
            "half_way",
            "seven_days",
            "draft_extension",
            "two_days",
            "due_today",
            "overdue",
        }
        overdue = sorted(key for key in sent() if key.startswith("overdue"))
        assert [key[-5:] for key in overdue] == ["10-06", "10-07", "10-08", "10-09", "10-12", "10-13"]
        before = sum(sent().values())
        sweep(clock)
        assert sum(sent().values()) == before


def test_overdue_tells_the_director_each_working_day_and_the_student_once(
    app: Flask, clock: FixedClock, school: dict[str, UUID]
):
    with app.app_context():
        case_id = file_request(clock, school["student"])
        for number in range(28, 36):
            clock.set(at(RECEIVED + timedelta(days=number)))
            sweep(clock)
        overdue = {key: count for key, count in sent().items() if key.startswith("overdue")}
        assert len(overdue) == 5, "6 to 12 October has five working days"
        assert set(overdue.values()) == {2}
        assert readers() == {school["handler"], school["director"]}
        assert sent("late") == {"late": 1}
        kinds = Counter(db.session.execute(select(CaseEvent.kind).where(CaseEvent.case_id == case_id)).scalars())
        assert (kinds["told_late"], kinds["escalated"]) == (1, 5)


def test_a_holiday_has_no_overdue_warning(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        clock.set(at(date(2026, 11, 26)))
        make_staff("officer", Role.PRIVACY_OFFICER)
        file_request(clock, received=date(2026, 11, 26))  # due on Thursday 24 December
        clock.set(at(date(2026, 12, 28)))
        sweep(clock)
        assert [key for key in sent() if key.startswith("overdue")] == ["overdue:2026-12-28"]


@pytest.mark.parametrize("state", ["decided", "closed", "taken_back", "duplicate", "abuse"])
def test_a_decided_or_ended_case_warns_nobody(app: Flask, clock: FixedClock, school: dict[str, UUID], state: str):
    with app.app_context():
        case_id = file_request(clock, school["student"])
        begin_write()
        db.session.execute(update(Case).where(Case.id == case_id).values(state=state))
        db.session.commit()
        clock.set(at(RECEIVED + timedelta(days=40)))
        assert sweep(clock).cases == 0
        assert not sent()


def test_an_unmatched_request_warns_the_privacy_officers(app: Flask, clock: FixedClock, school: dict[str, UUID]):
    with app.app_context():
        officer = make_staff("officer", Role.PRIVACY_OFFICER)
        file_request(clock)
        clock.set(at(RECEIVED + timedelta(days=14)))
        sweep(clock)
        assert readers() == {officer}


def test_a_new_handler_is_not_sent_the_old_warnings_again(app: Flask, clock: FixedClock, school: dict[str, UUID]):
    with app.app_context():
        case_id = file_request(clock, school["student"])
        clock.set(at(RECEIVED + timedelta(days=14)))
        sweep(clock)
        second = make_staff("second", Role.CASE_HANDLER, branch=make_branch("alkmaar"))
        begin_write()
        db.session.execute(update(Case).where(Case.id == case_id).values(handler_id=second))
        db.session.commit()
        clock.set(at(RECEIVED + timedelta(days=21)))
        sweep(clock)
        assert sent() == {"half_way:2026-09-21": 1, "seven_days:2026-09-28": 1}
        assert second in readers()


def test_a_letter_that_lay_for_weeks_warns_once_for_the_time_before_it_was_entered(
    app: Flask, clock: FixedClock, school: dict[str, UUID]
):
    with app.app_context():
        clock.set(at(RECEIVED + timedelta(days=35)))
        file_request(clock, school["student"])
        sweep(clock)
        assert {key.split(":")[0]: count for key, count in sent().items()} == {"overdue": 2}
        assert sent("late") == {"late": 1}


def test_a_student_without_mail_is_sent_none_about_being_late(app: Flask, clock: FixedClock, school: dict[str, UUID]):
    with app.app_context():
        student = make_student(make_branch("alkmaar"), email=None)
        file_request(clock, student)
        clock.set(at(RECEIVED + timedelta(days=29)))
        sweep(clock)
        assert not sent("late")
        assert any(key.startswith("overdue") for key in sent())


def test_an_extended_case_warns_by_its_new_date_and_gets_no_second_draft(
    app: Flask, clock: FixedClock, school: dict[str, UUID]
):
    with app.app_context():
        case_id = file_request(clock, school["student"])
        clock.set(at(RECEIVED + timedelta(days=14)))
        sweep(clock)
        begin_write()
        new_due = RECEIVED + timedelta(days=42)
        db.session.execute(update(Case).where(Case.id == case_id).values(due_on=new_due, extended_days=14))
        db.session.commit()
        clock.set(at(RECEIVED + timedelta(days=36)))
        sweep(clock)
        assert sent() == {"half_way:2026-09-21": 1, f"seven_days:{new_due - timedelta(days=7)}": 1}


def test_only_cases_that_can_have_something_due_are_looked_at(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch):
    from portal.services import warn

    clock = sqlite_app.extensions["clock"]
    seen: list[int] = []
    with sqlite_app.app_context():
        clock.set(at(RECEIVED))
        file_request(clock)
        begin_write()
        db.session.execute(update(Case).values(due_on=RECEIVED + timedelta(days=90)))
        db.session.commit()
        found = warn.sent_keys
        monkeypatch.setattr(warn, "sent_keys", lambda session, ids: seen.append(len(ids)) or found(session, ids))
        assert sweep(clock).cases == 0
        assert seen == []
