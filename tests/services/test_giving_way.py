"""A job leaves the database alone for as long as it held it, so that people's own writes get their turn."""

from __future__ import annotations

import pytest
from flask import Flask

from portal import jobs
from portal.domain.clock import SystemClock
from portal.domain.permissions import SYSTEM
from portal.services import giving_way
from portal.services.unit import writing


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    moments = iter(range(0, 1_000_000, 1))
    monkeypatch.setattr(giving_way.time, "monotonic", lambda: next(moments) / 100)
    monkeypatch.setattr(giving_way.time, "sleep", found.append)
    return found


def write(app: Flask) -> None:
    with app.app_context(), writing(SYSTEM, SystemClock()) as work:
        work.note("back_up", "installation", None)


def test_a_job_rests_on_sqlite_after_each_write_and_a_person_does_not(app: Flask, rests: list[float]) -> None:
    write(app)
    assert rests == []
    with giving_way.giving_way():
        write(app)
        write(app)
    sqlite = app.config["SETTINGS"].database_url.startswith("sqlite")
    assert len(rests) == (2 if sqlite else 0)
    assert all(0 < each <= giving_way.LONGEST for each in rests)
    write(app)
    assert len(rests) == (2 if sqlite else 0)


def test_every_job_gives_way(sqlite_app: Flask, rests: list[float]) -> None:
    jobs.run(sqlite_app, jobs.BY_NAME["checkpoint"])
    assert rests
