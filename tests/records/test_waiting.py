"""Writers of SQLite wait in line: no longer than they must, and not for ever."""

from __future__ import annotations

import sqlite3

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.records import db as records
from portal.records.db import begin_write, db


def holding(app: Flask) -> sqlite3.Connection:
    """Somebody else who writes."""
    other = sqlite3.connect(str(app.extensions["sqlalchemy"].engines[None].url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    return other


def test_a_writer_looks_every_few_milliseconds_and_begins_once_the_one_before_it_ends(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own waiting would look ten times a second by then."""
    with sqlite_app.app_context():
        other, slept = holding(sqlite_app), []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 40:
                other.execute("ROLLBACK")

        monkeypatch.setattr(records.time, "sleep", sleep)
        begin_write()
        assert slept == [records.LOOKS_AGAIN] * 40
        assert records.LOOKS_AGAIN <= 0.005
        db.session.rollback()
        other.close()


def test_who_waited_long_enough_is_told_that_it_is_locked_and_waits_as_before_in_everything_else(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "BUSY_MILLISECONDS", 50)
    with sqlite_app.app_context():
        other = holding(sqlite_app)
        with pytest.raises(OperationalError, match="locked"):
            begin_write()
        other.execute("ROLLBACK")
        other.close()
        begin_write()
        (patience,) = db.session.connection().exec_driver_sql("PRAGMA busy_timeout").one()
        assert patience == 50
        db.session.rollback()
        db.engine.dispose()
