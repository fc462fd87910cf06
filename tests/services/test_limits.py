"""Rate limits: each trips alone, slides with time, and counts in rows that all processes share."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.records.db import db
from portal.records.tables.access import Bucket
from portal.services import limits

pytestmark = pytest.mark.slow


HOUR, DAY, MONTH = 3600, 24 * 3600, 30 * 24 * 3600
PROMISED = {  # written down by hand: at most so often in so many seconds
    "sign_in_mail": (3, HOUR),
    "sign_in_mail_place_day": (5, DAY),
    "sign_in_mail_day": (10, DAY),
    "sign_in_mail_known": (5, DAY),
    "sign_in_place": (60, HOUR),
    "sign_in_all": (600, HOUR),
    "sign_in_try_place": (200, HOUR),
    "sign_in_try_all": (3000, HOUR),
    "case_code_place": (20, HOUR),
    "case_code_all": (600, HOUR),
    "step_up_session": (5, HOUR),
    "step_up_subject": (15, DAY),
    "second_code_session": (10, HOUR),
    "second_code_student": (20, DAY),
    "second_post": (3, MONTH),
    "second_call": (5, DAY),
    "second_made": (60, HOUR),
    "upload": (10, HOUR),
    "reveal": (60, HOUR),
    "email_change": (3, DAY),
    "email_stop_place": (60, HOUR),
    "representative": (5, DAY),
    "file_place": (30, HOUR),
    "file_all": (1200, HOUR),
    "receipt_mail": (10, DAY),
    "staff_news": (60, HOUR),
    "draft_place": (120, HOUR),
    "message": (30, HOUR),
    "staff_sign_in_known": (20, HOUR),
    "staff_sign_in_account": (20, HOUR),
    "staff_sign_in_place": (40, HOUR),
    "staff_sign_in_all": (600, HOUR),
    "staff_password": (10, HOUR),
    "staff_factor_known": (15, HOUR),
    "staff_factor": (15, HOUR),
    "staff_factor_set_up": (30, HOUR),
    "staff_reset": (5, HOUR),
    "staff_reset_place": (30, HOUR),
    "staff_reset_all": (300, HOUR),
}


def test_every_limit_is_as_low_as_was_promised() -> None:
    assert {name: (each.count, each.window.total_seconds()) for name, each in limits.LIMITS.items()} == PROMISED


@pytest.mark.parametrize("name", sorted(limits.LIMITS))
def test_each_limit_trips_alone_at_its_own_count(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    declared, clock = limits.LIMITS[name], sqlite_app.extensions["clock"]
    few = limits.Limit(min(declared.count, 20), declared.window, declared.why)
    monkeypatch.setitem(limits.LIMITS, name, few)
    with sqlite_app.app_context():
        tried = [limits.hit(clock, name, "key") for _ in range(few.count + 1)]
        assert all(tried[: few.count])
        assert not tried[-1]
        assert limits.hit(clock, name, "another key")
        others = sorted(set(limits.LIMITS) - {name})
        assert all(limits.hit(clock, other, "key") for other in others)


def test_a_limit_slides_instead_of_starting_anew_with_each_hour(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        clock.set(clock.now().replace(minute=58))
        assert [limits.hit(clock, "sign_in_mail", "a") for _ in range(4)] == [True, True, True, False]
        clock.advance(timedelta(minutes=4))
        assert not limits.hit(clock, "sign_in_mail", "a")
        clock.advance(timedelta(hours=2))
        assert limits.hit(clock, "sign_in_mail", "a")


def test_the_key_of_a_counter_is_a_hash_and_old_counters_go(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        limits.hit(clock, "sign_in_mail_day", "hanan@example.org")
        row = db.session.execute(select(Bucket)).scalar_one()
        assert len(row.digest) == 32
        assert b"hanan" not in row.digest
        db.session.rollback()
        assert limits.expire(clock) == 0
        clock.advance(timedelta(days=3))
        assert limits.expire(clock) == 1


def test_parallel_tries_are_all_counted(app: Flask, clock: FixedClock) -> None:
    def tried(_number: int) -> bool:
        with app.app_context():
            return limits.hit(clock, "step_up_session", "one")

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(tried, range(24))) == limits.LIMITS["step_up_session"].count
    with app.app_context():
        assert db.session.execute(select(func.sum(Bucket.count))).scalar_one() == 24


def test_an_unknown_limit_is_a_fault_not_a_free_pass(sqlite_app: Flask) -> None:
    with sqlite_app.app_context(), pytest.raises(KeyError):
        limits.hit(sqlite_app.extensions["clock"], "no_such_limit", "key")
