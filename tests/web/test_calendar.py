"""The calendar of due dates as its owner and a calendar program meet it."""

from __future__ import annotations

import re

from flask import Flask

from portal.domain.vocabulary import Role
from tests import factories
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

ADDRESS = re.compile(r"http://127\.0\.0\.1:5000(/staff/calendar/[\w-]{43}\.ics)")


def address_of(visitor: Visitor) -> str:
    found = ADDRESS.search(visitor.text)
    assert found is not None
    return found.group(1)


def test_the_address_is_shown_once_works_without_signing_in_and_dies_when_withdrawn(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("anna", Role.CASE_HANDLER, branch=factories.make_branch("langedijk"))
    visitor = enter(sqlite_app, "anna").get("/staff/me").press("Adres voor uw agenda maken")
    path = address_of(visitor)
    program = sqlite_app.test_client()
    answer = program.get(path)
    assert (answer.status_code, answer.content_type) == (200, "text/calendar; charset=utf-8")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.text.startswith("BEGIN:VCALENDAR")
    assert not answer.headers.getlist("Set-Cookie")
    visitor.get("/staff/me")
    assert not ADDRESS.search(visitor.text), "never again"
    newer = address_of(visitor.press("Nieuw adres maken"))
    assert (program.get(path).status_code, program.get(newer).status_code) == (404, 200)
    visitor.get("/staff/me").press("Adres intrekken")
    assert "werkt niet meer" in visitor.text
    assert program.get(newer).status_code == 404


def test_an_address_that_nobody_made_is_not_found(sqlite_app: Flask) -> None:
    for token in ("x", "x" * 43, "%00", "a/b"):
        assert sqlite_app.test_client().get(f"/staff/calendar/{token}.ics").status_code == 404
