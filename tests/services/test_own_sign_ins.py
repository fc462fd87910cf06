"""When somebody signed in with the student's mail address, as the student sees it (security.md, "shared mailbox")."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import Level
from portal.services.expire import expire
from portal.services.own_sign_ins import own_sign_ins
from portal.services.sign_in import ask, enter_by_code
from tests.factories import make_student, student_actor
from tests.web.visitor import Visitor, mails

pytestmark = pytest.mark.slow

EMAIL = "hanan@example.org"


def sign_in(app: Flask, clock: FixedClock, email: str, browser: str) -> None:
    ask(clock, email, "nl", browser, "192.0.2.1")
    code = str(mails(app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    assert enter_by_code(clock, code, browser, "192.0.2.1").session_id


def test_each_sign_in_with_the_own_address_is_seen_for_thirty_days_and_nobody_elses(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        student = student_actor(make_student(email=EMAIL))
        make_student(email="other@example.org")
        first = clock.now()
        sign_in(app, clock, EMAIL, "own browser")
        sign_in(app, clock, "other@example.org", "another browser")
        ask(clock, EMAIL, "nl", "asked and never used", "192.0.2.1")
        clock.advance(timedelta(days=3))
        expire(clock)
        second = clock.now()
        sign_in(app, clock, EMAIL, "a browser of somebody who reads along")
        assert own_sign_ins(student, clock) == (second, first)
        clock.advance(timedelta(days=28))
        expire(clock)
        assert own_sign_ins(student_actor(student.id, Level.ADDRESS), clock) == (second,)
        clock.advance(timedelta(days=30))
        assert expire(clock)["sign_ins"] == 1


def test_without_an_address_on_file_there_is_nothing_to_see(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        assert own_sign_ins(student_actor(make_student(email=None)), clock) == ()


def test_the_page_about_the_address_shows_them(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        make_student(email=EMAIL)
    visitor = Visitor(sqlite_app)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    visitor.press("Inloggen", code=str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"]))  # type: ignore[index]
    visitor.get("/nl/me/email")
    assert "Op deze momenten logde iemand in met uw e-mail." in visitor.text
    assert "Was u dit niet?" in visitor.text


def test_the_student_ends_every_other_session_of_the_own_and_of_nobody_else(sqlite_app: Flask) -> None:
    def come_in(email: str) -> Visitor:
        visitor = Visitor(sqlite_app).get("/nl/sign-in").press("link", email=email)
        return visitor.press("Inloggen", code=str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"]))  # type: ignore[index]

    with sqlite_app.app_context():
        make_student(email=EMAIL)
        make_student(email="other@example.org")
    reader, other, own = come_in(EMAIL), come_in("other@example.org"), come_in(EMAIL)
    own.get("/nl/me/email").press("Log uit op andere plekken")
    assert "Op andere plekken bent u nu uitgelogd." in own.text
    assert own.get("/nl/me").url == other.get("/nl/me").url == "/nl/me"
    assert "/sign-in" in reader.get("/nl/me").url
