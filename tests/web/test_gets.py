"""GET and HEAD change nothing, except by name: the view log (with its audit entry) and a session's last-seen."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from portal.records.db import db
from tests.web.fingerprints import EXCEPTED, changed, fingerprints
from tests.web.principals import PRINCIPALS, enter, make_school
from tests.web.test_matrix import address, routes


def test_a_crawl_of_every_get_by_everybody_changes_nothing(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    seen = 0
    for who in PRINCIPALS:
        client = enter(sqlite_app, school, who)
        with sqlite_app.app_context():
            before = fingerprints()
        for rule in routes(sqlite_app):
            if "GET" in (rule.methods or set()):
                for method in ("GET", "HEAD"):
                    client.open(address(sqlite_app, rule, school), method=method, buffered=True)
                    seen += 1
        with sqlite_app.app_context():
            assert changed(before) <= EXCEPTED, who
    print(f"{seen} GETs and HEADs")


def test_a_session_is_touched_at_most_once_a_minute(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    client = enter(sqlite_app, school, "student_l1")
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        before = fingerprints()
    client.get("/nl/me/requests")
    with sqlite_app.app_context():
        assert changed(before) == set()
    clock.advance(timedelta(minutes=2))
    client.get("/nl/me/requests")
    with sqlite_app.app_context():
        assert changed(before) == {"login"}


def test_the_detector_sees_a_planted_change(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        make_school(sqlite_app)
        before = fingerprints()
        with db.engines[None].begin() as connection:
            connection.execute(text("UPDATE branch SET name = 'planted'"))
        assert changed(before) == {"branch"}
