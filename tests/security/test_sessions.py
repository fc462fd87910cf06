"""How long a session lives, and what it takes to end it (ASVS 7.2, 7.3, 7.4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import factories
from tests.web.principals import enter, make_school
from tests.web.visitor import Visitor, mails

EMAIL = "hanan@example.org"

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


def test_a_copied_cookie_is_worth_nothing_after_signing_out(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    client = enter(sqlite_app, school, "student_l2")
    thief = copied(sqlite_app, client)
    assert thief.get("/nl/me").status_code == 200
    sqlite_app.config["WTF_CSRF_ENABLED"] = False
    client.post("/nl/sign-out")
    assert thief.get("/nl/me").status_code == 302


def test_each_sign_in_and_each_proof_takes_a_new_id_and_the_one_before_is_dead(sqlite_app: Flask) -> None:
    """256 bits; and what somebody had put into the browser before is worth nothing either (session fixation)."""
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL, birth_date="1990-04-02", postcode="1723 AB")
    ids, visitor = [], Visitor(sqlite_app)
    for _ in range(2):
        thief = copied(sqlite_app, visitor.client)
        visitor.get("/nl/sign-in").press("link", email=EMAIL)
        visitor.press("Inloggen", code=str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"]))  # type: ignore[index]
        assert visitor.url == "/nl/me"
        assert thief.get("/nl/me").status_code == 302
        ids.append(id_of(visitor.client))
    thief = copied(sqlite_app, visitor.client)
    assert thief.get("/nl/me").status_code == 200
    visitor.get("/nl/confirm?level=2").press("Ga verder", birth_date="02-04-1990", known="1723 AB")
    ids.append(id_of(visitor.client))
    assert visitor.get("/nl/me").status == 200
    assert thief.get("/nl/me").status_code == 302
    assert len(set(ids)) == 3
    assert all(len(each) >= 43 for each in ids)


def test_no_proof_in_between_makes_the_day_of_a_session_longer(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL, birth_date="1990-04-02", postcode="1723 AB")
    visitor, clock = Visitor(sqlite_app), sqlite_app.extensions["clock"]
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    visitor.press("Inloggen", code=str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"]))  # type: ignore[index]
    for _ in range(19):
        clock.advance(timedelta(minutes=25))
        assert visitor.get("/nl/me").url == "/nl/me"
    visitor.get("/nl/confirm?level=2").press("Ga verder", birth_date="02-04-1990", known="1723 AB")
    assert visitor.get("/nl/me").url == "/nl/me"
    clock.advance(timedelta(minutes=5))
    assert visitor.get("/nl/me").url.startswith("/nl/sign-in")


def copied(app: Flask, client: FlaskClient) -> FlaskClient:
    """Another browser with the same cookie."""
    thief = app.test_client()
    with client.session_transaction() as cookie:
        held = dict(cookie)
    with thief.session_transaction() as cookie:
        cookie.update(held)
    return thief


def id_of(client: FlaskClient) -> str:
    with client.session_transaction() as cookie:
        return str(cookie["_user_id"])
