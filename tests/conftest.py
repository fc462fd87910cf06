"""Fixtures: one application a test, on SQLite and on PostgreSQL; CSRF stays on."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from config import Settings
from portal.domain.clock import FixedClock
from tests import engines

atexit.register(shutil.rmtree, engines.SCRATCH, ignore_errors=True)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Amsterdam


def build(settings: Settings) -> Iterator[Flask]:
    from portal import create_app
    from portal.records.db import db

    app = create_app(settings)
    app.config["TESTING"] = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.extensions["clock"] = FixedClock(NOW)
    yield app
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on each engine in turn."""
    make = engines.sqlite_settings if request.param == "sqlite" else engines.postgres_settings
    with make() as settings:
        yield from build(settings)


@pytest.fixture
def sqlite_app() -> Iterator[Flask]:
    """The application on SQLite, for what does not depend on the engine."""
    with engines.sqlite_settings() as settings:
        yield from build(settings)


@pytest.fixture
def clock(app: Flask) -> FixedClock:
    found: FixedClock = app.extensions["clock"]
    return found
