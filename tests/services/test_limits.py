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


@pytest.mark.parametrize("name", sorted(limits.LIMITS))
def test_each_limit_trips_alone_at_its_own_count(sqlite_app: Flask, name: str) -> None:
    clock = sqlite_app.extensions["clock"]
    most = limits.LIMITS[name].count
    with sqlite_app.app_context():
        tried = [limits.hit(clock, name, "key") for _ in range(min(most, 60) + 1)]
        assert all(tried[:most])
        assert tried[-1] is (most > 60)
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
