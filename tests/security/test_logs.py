"""Canaries: what people type, hold or are sent never comes to stand in a log line, an address or an error page."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from urllib.parse import unquote_plus

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal.domain.vocabulary import Role
from portal.logs import JsonLines
from portal.records.db import db
from portal.web import request_log
from tests import factories
from tests.mail.posts import file_case
from tests.security import estate
from tests.security.browsing import Form, Page, page_of, read, walk_all
from tests.web.principals import enter, make_school
from tests.web.staff_door import with_app
from tests.web.visitor import Visitor, mails

NAME, EMAIL, BSN = "Qanaryna", "qanary.one@example.org", "111222333"
IBAN, WORDS, PHONE = "NL20INGB0001234567", "qanarywoord", "+31687654321"
CANARIES = (NAME, EMAIL, BSN, IBAN, WORDS, PHONE, factories.PASSWORD)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Every line of every logger, as the portal writes it and as Python would."""
    said = io.StringIO()
    handlers = [logging.StreamHandler(said), logging.StreamHandler(said)]
    handlers[0].setFormatter(JsonLines())
    root = logging.getLogger()
    before = {name: logging.getLogger(name).level for name in ("", "portal", "portal.request", "sqlalchemy.engine")}
    for handler in handlers:
        root.addHandler(handler)
    for name in ("portal", "portal.request"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield said
    for handler in handlers:
        root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def told(said: str, more: tuple[str, ...] = ()) -> list[str]:
    plain = unquote_plus(said)
    return [each for each in (*CANARIES, *more) if each and each.casefold() in plain.casefold()]


def canary(most: int) -> str:
    return f"{NAME} {WORDS} {BSN} {IBAN}"[:most]


@pytest.mark.proof
def test_nothing_that_people_type_or_are_sent_comes_into_a_log_or_an_address(
    own_app: Flask, lines: io.StringIO
) -> None:
    school, references = estate.build(own_app, canary)
    secrets: list[str] = []
    addresses: list[str] = []

    @own_app.after_request
    def note(response: Response) -> Response:
        addresses.extend((request.full_path, response.headers.get("Location", "")))
        return response

    visitor = Visitor(own_app)
    with own_app.app_context():
        factories.make_student(email=EMAIL, given_names=NAME, bsn=BSN, phone=PHONE)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    arguments = mails(own_app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    secrets += [str(arguments["code"])]
    visitor.press("Inloggen", code=str(arguments["code"]))
    visitor.get("/nl/confirm").press("Ga verder", birth_date="2-4-1990", known="1723AB")
    Visitor(own_app).get("/staff/sign-in").press("Inloggen", username=NAME, password=WORDS)
    who = ("anonymous", "case_code", "student_l2", "student_l3", "handler", "officer", "administrator")
    typed = 0
    for each, (client, pages) in walk_all(own_app, school, estate.addresses(references), who).items():
        for form in {form.shape: form for page in pages for form in page.forms}.values():
            if not form.text_fields or form.method != "post" or form.action.endswith(("/sign-out", "/password")):
                continue
            typed += fill(client, each, form)
    said = lines.getvalue()
    ways = [each for each in addresses if each]
    assert told(said, tuple(secrets)) == []
    assert [way for way in ways if told(way, tuple(secrets))] == []
    print(f"canaries: {typed} forms, {len(said.splitlines())} log lines, {len(ways)} addresses, 0 told")
    assert typed > 30
    assert '"endpoint": "staff.case"' in said


def fill(client: FlaskClient, who: str, form: Form) -> int:
    page = read(client, who, form.url)
    fresh = next((each for each in page.forms if each.shape == form.shape), None)
    if fresh is None:
        return 0
    filled = fresh.filled(**dict.fromkeys(fresh.text_fields, canary(150)))
    page_of(who, client.post(fresh.action, data=filled, follow_redirects=True, buffered=True))
    return 1


def test_an_unexpected_error_tells_neither_the_visitor_nor_the_log_what_the_value_was(
    sqlite_app: Flask, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    client = enter(sqlite_app, school, "student_l2")

    def fails(*_given: object, **_more: object) -> None:
        db.session.execute(text("SELECT * FROM nothing WHERE name = :name"), {"name": NAME})

    monkeypatch.setattr("portal.services.own_data.own_data", fails)
    page = page_of("student", client.get("/nl/me"))
    assert_safe(page, lines)
    monkeypatch.setattr("portal.services.own_data.own_data", lambda *_: int(f"{NAME} {BSN}"))
    page = page_of("student", client.get("/nl/me"))
    assert page.status == 500
    assert_safe(page, None)
    json_lines = [line for line in lines.getvalue().splitlines() if line.startswith("{")]
    fault = next(json.loads(line) for line in json_lines if "exception" in line and "ValueError" in line)
    assert NAME not in json.dumps(fault)
    assert fault["exception"][0]["type"] == "builtins.ValueError"
    assert fault["request_id"] == page.headers["X-Request-ID"]
    assert page.headers["X-Request-ID"] in page.html, "the number that a person reads out on the phone"


def assert_safe(page: Page, lines: io.StringIO | None) -> None:
    assert page.status in {500, 503}
    for said in (page.html, str(page.headers), lines.getvalue() if lines else ""):
        assert told(said) == []
    for word in ("Traceback", "sqlalchemy", "SELECT", ".py"):
        assert word not in page.html


def test_a_request_leaves_one_line_with_the_endpoint_and_no_id_of_anything(
    sqlite_app: Flask, lines: io.StringIO
) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
        file_case(sqlite_app.extensions["clock"])
    client = enter(sqlite_app, school, "handler")
    answer = client.get(f"/staff/cases/{school.case.reference}?q={NAME}", headers={"X-Request-ID": "forged {}"})
    found = json.loads(next(line for line in lines.getvalue().splitlines() if "staff.case" in line))
    assert set(found) == {"at", "level", "logger", "message", "request_id", "method", "endpoint", "status", "ms"}
    assert (found["method"], found["endpoint"], found["status"]) == ("GET", "staff.case", 200)
    assert found["request_id"] == answer.headers["X-Request-ID"]
    assert len(found["request_id"]) == 16
    for secret in (school.case.reference, NAME, "forged", "127.0.0.1"):
        assert secret not in lines.getvalue()


def test_a_wrong_password_or_code_leaves_a_line_that_says_refused_and_not_what_was_typed(
    sqlite_app: Flask, lines: io.StringIO
) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        with_app(sqlite_app, "officer")
    visitor = Visitor(sqlite_app).get("/staff/sign-in")
    visitor.press("Inloggen", username="officer", password="wrong geheim9")
    visitor.press("Inloggen", username="officer", password=factories.PASSWORD)
    visitor.press("", code="000000")
    Visitor(sqlite_app).get("/nl/code").press("Bekijk", code="123456789012")
    Visitor(sqlite_app).get("/nl/sign-in/code").press("Inloggen", code="12345678")
    found = [json.loads(line) for line in lines.getvalue().splitlines() if '"refused"' in line]
    assert [line["endpoint"] for line in found] == ["staff.sign_in", "staff.factor", "public.code", "account.code"]
    for typed in ("geheim9", "000000", "123456789012", "12345678", "officer"):
        assert typed not in lines.getvalue()


@pytest.mark.parametrize("method", ["GET", "PROPFIND", 'X"}\\n{"level":"error'])
def test_a_made_up_method_does_not_reach_the_log(sqlite_app: Flask, lines: io.StringIO, method: str) -> None:
    answer: TestResponse = sqlite_app.test_client().open("/nl/", method=method)
    assert answer.status_code in {200, 405}
    for line in lines.getvalue().splitlines():
        if line.startswith("{"):
            assert json.loads(line)["method"] in {*request_log.METHODS, "other"}


def test_probes_leave_no_line_unless_something_is_wrong(sqlite_app: Flask, lines: io.StringIO) -> None:
    client = sqlite_app.test_client()
    client.get("/healthz")
    assert "system.healthz" not in lines.getvalue()
    client.post("/healthz")
    assert '"status": 405' in lines.getvalue()
