"""How long a session lives, and what it takes to end it (ASVS 7.2, 7.3, 7.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.web.principals import enter, make_school

PAGES = {
    "student_l1": ("/nl/me", timedelta(minutes=30), timedelta(hours=8)),
    "representative": ("/nl/me/requests", timedelta(minutes=30), timedelta(hours=8)),
    "case_code": ("/nl/case", timedelta(minutes=30), timedelta(hours=8)),
    "handler": ("/staff/", timedelta(minutes=60), timedelta(hours=10)),
}


@pytest.mark.parametrize("who", PAGES)
def test_a_session_ends_when_nothing_is_done_for_too_long_and_at_the_end_of_a_day(sqlite_app: Flask, who: str) -> None:
    page, idle, absolute = PAGES[who]
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    second = timedelta(seconds=1)

    client = enter(sqlite_app, school, who)
    clock.advance(idle - second)
    assert client.get(page).status_code == 200
    clock.advance(idle)
    assert client.get(page).status_code == 302

    client = enter(sqlite_app, school, who)
    spent, step = timedelta(), idle - timedelta(minutes=2)
    while spent + step < absolute:
        clock.advance(step)
        spent += step
        assert client.get(page).status_code == 200, spent
    clock.advance(absolute - spent)
    assert client.get(page).status_code == 302


def test_a_copied_cookie_is_worth_nothing_after_signing_out_or_in_again(sqlite_app: Flask) -> None:
    """A new id at every sign-in and step, of 256 bits; the row of the old one is gone."""
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    client = enter(sqlite_app, school, "student_l2")
    with client.session_transaction() as cookie:
        first = dict(cookie)
    assert len(str(first["_user_id"])) >= 43
    thief = sqlite_app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(first)
    assert thief.get("/nl/me").status_code == 200
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    client.post("/nl/sign-out")
    assert thief.get("/nl/me").status_code == 302
