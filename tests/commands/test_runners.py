"""What the two runners share: when a daily job still has to run, intervals, a clock that moves, failures."""

from __future__ import annotations

import time as machine
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from portal.domain.schedule import Timing, last_time, still_to_run
from portal.jobs import BY_NAME, JOBS, Job, nudge
from portal.runners.clock_watch import ClockWatch
from portal.runners.many_machines import cron_of

AT = time(6, 30)


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)  # in November Amsterdam is an hour ahead


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, moment(23, 9), True),
        (moment(23, 5, 31), moment(23, 9), False),
        (moment(23, 5, 29), moment(23, 9), True),
        (moment(22, 5, 31), moment(23, 5, 29), False),
        (moment(22, 5, 31), moment(23, 5, 31), True),
        (moment(16, 9), moment(23, 5, 29), True),
        (moment(25, 9), moment(23, 9), True),
    ],
    ids=["never", "today", "too early", "not yet", "its time", "a week ago", "noted by a clock that was put back"],
)
def test_a_daily_job_is_due_until_it_ended_well_since_its_time(last: datetime | None, now: datetime, due: bool):
    assert still_to_run(AT, last, now) is due


def test_the_time_of_day_is_that_of_amsterdam_in_summer_and_winter():
    assert last_time(AT, datetime(2026, 7, 1, 12, tzinfo=UTC)) == datetime(2026, 7, 1, 4, 30, tzinfo=UTC)
    assert last_time(AT, datetime(2026, 12, 1, 12, tzinfo=UTC)) == datetime(2026, 12, 1, 5, 30, tzinfo=UTC)
    assert last_time(AT, datetime(2026, 7, 1, 4, 29, tzinfo=UTC)) == datetime(2026, 6, 30, 4, 30, tzinfo=UTC)


def test_the_next_run_is_a_day_or_an_interval_on_and_now_when_it_is_due():
    daily, hourly = Timing("a", daily_at=AT), Timing("b", every=timedelta(hours=1))
    assert daily.next_run(moment(23, 5, 31), moment(23, 9)) == moment(24, 5, 30)
    assert daily.next_run(None, moment(23, 9)) == moment(23, 9)
    assert daily.next_run(moment(22, 5, 31), moment(23, 5, 29)) == moment(23, 5, 30)
    over = datetime(2026, 10, 24, 12, tzinfo=UTC)  # the night after it summer time ends
    assert daily.next_run(over, over) == datetime(2026, 10, 25, 5, 30, tzinfo=UTC)
    assert hourly.next_run(moment(23, 8, 30), moment(23, 9)) == moment(23, 9, 30)
    assert hourly.next_run(moment(23, 5), moment(23, 9)) == moment(23, 9)
    assert hourly.next_run(None, moment(23, 9)) == moment(23, 9)


def test_a_daily_job_that_failed_is_tried_again_and_one_that_ended_well_is_not(sqlite_app: Flask):
    clock, runs, broken = sqlite_app.extensions["clock"], [], [True]

    def work(*_: object) -> dict[str, int]:
        runs.append(clock.now())
        if broken:
            raise OSError("no disk")
        return {}

    job = replace(BY_NAME["warn"], run=work)
    nudge(sqlite_app, job)
    nudge(sqlite_app, job)
    assert len(runs) == 2
    broken.clear()
    for _ in range(3):
        nudge(sqlite_app, job)
    assert len(runs) == 3, "it ended well: not again today"
    clock.advance(timedelta(days=1))
    nudge(sqlite_app, job)
    assert len(runs) == 4


def test_every_job_of_the_table_has_a_schedule_on_both_runners():
    assert {cron_of(job.interval) for job in JOBS}
    assert all((job.every is None) != (job.daily_at is None) for job in JOBS)


def test_an_interval_becomes_a_schedule_and_an_odd_one_is_refused():
    wanted = {
        timedelta(seconds=3): "* * * * * */3",
        timedelta(seconds=30): "* * * * * */30",
        timedelta(minutes=1): "*/1 * * * *",
        timedelta(minutes=15): "*/15 * * * *",
        timedelta(hours=1): "0 */1 * * *",
        timedelta(hours=6): "0 */6 * * *",
    }
    assert {interval: cron_of(interval) for interval in wanted} == wanted
    for odd in (timedelta(seconds=7), timedelta(minutes=7), timedelta(hours=5), timedelta(0), timedelta(seconds=90)):
        with pytest.raises(ValueError, match="no even part"):
            cron_of(odd)


@pytest.mark.parametrize("hours", [1, -1, 48])
def test_a_clock_that_was_set_is_noticed_once(monkeypatch: pytest.MonkeyPatch, hours: int):
    watch, real = ClockWatch(), machine.time
    assert not watch.jumped()
    monkeypatch.setattr(machine, "time", lambda: real() + hours * 3600)
    assert watch.jumped()
    assert not watch.jumped()


def test_an_error_of_a_nudge_stays_inside(sqlite_app: Flask, caplog: pytest.LogCaptureFixture):
    def fail(*_: object) -> dict[str, int]:
        raise OSError("no disk")

    nudge(sqlite_app, Job("broken", fail, every=timedelta(seconds=1)))
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["job failed"]
