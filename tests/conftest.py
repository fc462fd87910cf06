"""Fixtures: one application a test, on SQLite and on PostgreSQL; CSRF stays on."""

from __future__ import annotations

import atexit
import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from werkzeug.serving import make_server

from config import Settings
from portal.domain.clock import FixedClock
from tests import engines
from tests.chromium import chromium

__all__ = ["chromium"]  # one for every folder of tests

atexit.register(shutil.rmtree, engines.SCRATCH, ignore_errors=True)
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Amsterdam

# How long an example takes tells of the machine and of what else runs there.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.together import Together

    return Together(config, log)


MAKERS = {"sqlite": engines.sqlite_settings, "postgres": engines.postgres_settings}


def build(settings: Settings) -> Iterator[Flask]:
    """An application of its own, for a test that hooks into it or sets it up otherwise."""
    from portal import create_app
    from portal.i18n import load_languages

    load_languages()  # as web processes do: they know less of the world than a fresh Babel
    app = create_app(settings)
    app.config["TESTING"] = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.extensions["clock"] = FixedClock(NOW)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled()))
    engines.spare_the_disk(app)
    yield app
    close(app)


def close(app: Flask) -> None:
    from portal.records.db import db

    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@cache
def compiled() -> Path:
    """Where the templates' code is kept, so that each application does not compile them anew."""
    folder = engines.SCRATCH / "templates"
    folder.mkdir()
    return folder


@cache
def kept(settings: Settings) -> tuple[Flask, dict[str, Any], dict[str, Any]]:
    """The one application of this process with these settings, and what it was like."""
    app = next(build(settings))
    return app, dict(app.config), dict(app.extensions)


def ready(engine: str) -> Iterator[Flask]:
    """The kept application on fresh databases: making one costs more than most tests."""
    with MAKERS[engine](name=engine) as settings:
        app, config, extensions = kept(settings)
        assert kept.cache_info().currsize <= len(MAKERS), "the settings differ each time: nothing is kept"
        app.config.clear()
        app.config.update(config)
        app.extensions.clear()
        app.extensions.update(extensions, clock=FixedClock(NOW))
        yield app
        close(app)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on each engine in turn."""
    yield from ready(request.param)


@pytest.fixture
def sqlite_app() -> Iterator[Flask]:
    """The application on SQLite, for what does not depend on the engine."""
    yield from ready("sqlite")


@pytest.fixture(params=[pytest.param("postgres", marks=pytest.mark.postgres)])
def postgres_app(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """The application on PostgreSQL, for what only that does."""
    yield from ready(request.param)


@pytest.fixture
def own_app() -> Iterator[Flask]:
    """One that no other test has used yet: for hooking into it."""
    with engines.sqlite_settings() as settings:
        yield from build(settings)


@pytest.fixture
def live() -> Iterator[tuple[Flask, str]]:
    """An application of its own on a port of 127.0.0.1, and its address: for a browser."""
    with engines.sqlite_settings() as settings:
        for app in build(settings):
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield app, f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def clock(app: Flask) -> FixedClock:
    found: FixedClock = app.extensions["clock"]
    return found
