"""The application of a test of services, in whose context the whole test runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """On each engine in turn."""
    with app.app_context():
        yield app


@pytest.fixture
def small(sqlite_app: Flask) -> Iterator[Flask]:
    """On SQLite, for what does not depend on the engine."""
    with sqlite_app.app_context():
        yield sqlite_app
