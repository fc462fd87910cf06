"""The declared limits at the doors themselves: each trips at its own count, none lets somebody lock another out, and a
database that cannot count lets nobody sign in."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from config import ROOT
from portal.domain.clock import FixedClock
from portal.domain.permissions import ANONYMOUS, SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.services import limits
from portal.services.casework import Asked, Contact, NewCase, open_case
from portal.services.sign_in import ask, enter_by_code
from portal.services.staff_sign_in import sign_in
from portal.services.unit import writing
from portal.web.place import place_of
from tests import factories
from tests.web.visitor import Visitor, mails

EMAIL = "hanan@example.org"
VICTIM, PLACE = "192.0.2.1", "198.51.100.9"


@pytest.fixture
def clock(sqlite_app: Flask) -> FixedClock:
    found: FixedClock = sqlite_app.extensions["clock"]
    return found


def named_in_code() -> set[str]:
    """Every text in the code beside the table: a limit that is counted stands among them."""
    found = set()
    for path in [*Path(ROOT / "portal").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name != "limits.py":
                found.add(node.value)
    return found


def test_every_declared_limit_is_counted_somewhere_and_says_why() -> None:
    by_kind = {"second_post", "second_call"}  # services/second_channel_use.py counts under the channel's name
    assert set(limits.LIMITS) - named_in_code() - by_kind == set(), "this limit is declared and never counted"
    assert all(each.why for each in limits.LIMITS.values())


def attack(app: Flask, times: int, place: str = PLACE) -> None:
    with app.app_context():
        for number in range(times):
            try:
                ask(app.extensions["clock"], EMAIL, "nl", f"attacker {number}", place)
            except limits.TooMany:
                return


def test_a_stranger_who_asks_for_somebodys_links_does_not_use_up_those_of_the_person(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)
    attack(sqlite_app, 100)
    before = len(mails(sqlite_app, "sign_in"))
    assert before == limits.LIMITS["sign_in_mail"].count
    visitor = Visitor(sqlite_app, VICTIM)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    assert len(mails(sqlite_app, "sign_in")) == before + 1
    code = str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    assert visitor.press("Inloggen", code=code).url == "/nl/me"


def test_strangers_from_everywhere_do_not_use_up_the_links_of_who_signed_in_from_a_place_before(
    sqlite_app: Flask,
) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)

    assert come_in(sqlite_app, VICTIM).url == "/nl/me"
    for number in range(30):
        attack(sqlite_app, 4, f"203.0.113.{number}")
    sqlite_app.extensions["clock"].advance(timedelta(hours=2))
    assert come_in(sqlite_app, VICTIM).url == "/nl/me"
    sqlite_app.extensions["clock"].advance(timedelta(days=31))
    assert come_in(sqlite_app, VICTIM).url == "/nl/me"


def test_a_stranger_who_types_wrong_codes_does_not_spend_the_code_of_the_person(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)
    visitor = Visitor(sqlite_app, VICTIM)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    code = str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    with sqlite_app.app_context():
        for number in range(30):
            enter_by_code(sqlite_app.extensions["clock"], "00000000", f"attacker {number}", PLACE)
    assert visitor.press("Inloggen", code=code).url == "/nl/me"


def test_a_stranger_who_guesses_a_staff_password_does_not_lock_the_browser_that_is_known(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer")
        clock = sqlite_app.extensions["clock"]
        refused = 0
        for number in range(limits.LIMITS["staff_sign_in_account"].count + 5):
            try:
                sign_in(clock, "officer", "wrong", f"203.0.113.{number}", "")
            except limits.TooMany:
                refused += 1
        assert refused > 0
        assert sign_in(clock, "officer", factories.PASSWORD, VICTIM, "a browser known before") is not None


@pytest.mark.parametrize(
    ("limit", "path", "button", "fields"),
    [
        ("sign_in_place", "/nl/sign-in", "link", {"email": "{number}@example.org"}),
        ("case_code_place", "/nl/code", "Bekijk", {"code": "123456789012"}),
        ("draft_place", "/nl/new", "Ga verder", {"kind": "access"}),
        ("sign_in_try_place", "/nl/sign-in/code", "Inloggen", {"code": "12345678"}),
        ("staff_sign_in_place", "/staff/sign-in", "Inloggen", {"username": "nobody{number}", "password": "wrong"}),
    ],
)
def test_a_limit_of_one_place_trips_there_at_its_count_and_nowhere_else(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, limit: str, path: str, button: str, fields: dict[str, str]
) -> None:
    declared = limits.LIMITS[limit]
    few = limits.Limit(min(declared.count, 8), declared.window, declared.why)
    monkeypatch.setitem(limits.LIMITS, limit, few)
    visitor = Visitor(sqlite_app, PLACE)
    statuses = []
    for number in range(few.count + 1):
        typed = {name: value.format(number=number) for name, value in fields.items()}
        statuses.append(visitor.get(path).press(button, **typed).status)
    assert statuses[-1] == 429
    assert 429 not in statuses[:-1]
    typed = {name: value.format(number=999) for name, value in fields.items()}
    assert Visitor(sqlite_app, VICTIM).get(path).press(button, **typed).status != 429
    sqlite_app.extensions["clock"].advance(2 * declared.window + timedelta(minutes=1))
    assert visitor.get(path).press(button, **typed).status != 429


def test_strangers_from_everywhere_shut_nobody_out_at_a_place_where_somebody_signed_in(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A botnet reaches every limit over the whole portal; whoever comes from a known place goes on, known or not."""
    for name in ("sign_in_all", "sign_in_try_all", "case_code_all", "file_all"):
        declared = limits.LIMITS[name]
        monkeypatch.setitem(limits.LIMITS, name, limits.Limit(5, declared.window, declared.why))
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)
    come_in(sqlite_app, VICTIM)
    with sqlite_app.app_context():
        for _ in range(10):
            for name in ("sign_in_all", "sign_in_try_all", "case_code_all", "file_all"):
                limits.hit(sqlite_app.extensions["clock"], name, limits.EVERYBODY)
    assert Visitor(sqlite_app, PLACE).get("/nl/sign-in").press("link", email=EMAIL).status == 429
    assert Visitor(sqlite_app, PLACE).get("/nl/code").press("Bekijk", code="123456789012").status == 429
    assert come_in(sqlite_app, VICTIM).url == "/nl/me"
    assert Visitor(sqlite_app, VICTIM).get("/nl/code").press("Bekijk", code="123456789012").status == 200
    for email in (EMAIL, "nobody@example.org"):
        visitor = Visitor(sqlite_app, VICTIM).get("/nl/sign-in").press("link", email=email)
        assert visitor.url == "/nl/sign-in/code", "known and unknown alike"


def come_in(app: Flask, place: str) -> Visitor:
    visitor = Visitor(app, place)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    code = str(mails(app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    return visitor.press("Inloggen", code=code)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("", "unknown"),
    ],
)
def test_a_household_with_countless_addresses_is_one_place(address: str, place: str) -> None:
    assert place_of(address) == place


def test_nobody_is_bombed_with_receipts_or_news_of_requests_that_strangers_file(sqlite_app: Flask) -> None:
    """Silently: the request is there, the receipt stands on the page, the queue shows it."""
    clock = sqlite_app.extensions["clock"]
    receipts, news = (limits.LIMITS[name].count for name in ("receipt_mail", "staff_news"))
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        for _ in range(news + 3):
            with writing(ANONYMOUS, clock) as work:
                assert open_case(work, request_of("victim@example.org")).code
        with writing(ANONYMOUS, clock) as work:
            open_case(work, request_of("Victim@Example.org"))
            open_case(work, request_of("other@example.org"))
        with writing(SYSTEM, clock) as work:  # whoever is known, or recorded by staff, is always told
            open_case(work, request_of("victim@example.org"))
    assert [mail["to"] for mail in mails(sqlite_app, "receipt")].count("victim@example.org") == receipts + 1
    assert len([mail for mail in mails(sqlite_app, "receipt") if mail["to"] == "other@example.org"]) == 1
    assert len(mails(sqlite_app, "staff_new_case")) == news + 1


def request_of(email: str) -> NewCase:
    return NewCase(
        kind=RequestKind.ACCESS,
        channel=Channel.PORTAL,
        language="nl",
        received_on=date(2026, 11, 23),
        items=(Asked(TargetKind.EVERYTHING),),
        contact=Contact(name="Somebody", email=email),
    )


def broken(*_given: object, **_more: object) -> None:
    raise OperationalError("INSERT INTO bucket", {}, Exception("planted"))


def test_nobody_signs_in_while_the_limits_cannot_be_counted(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL)
        factories.make_staff("officer")
    visitor = Visitor(sqlite_app)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    code = str(mails(sqlite_app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    staff = Visitor(sqlite_app).get("/staff/sign-in")
    by_code = Visitor(sqlite_app).get("/nl/code")
    monkeypatch.setattr(limits, "_increment", broken)
    assert visitor.press("Inloggen", code=code).status == 503
    assert "/sign-in" in visitor.get("/nl/me").url
    assert staff.press("Inloggen", username="officer", password=factories.PASSWORD).status == 503
    assert "/sign-in" in staff.get("/staff/").url
    assert by_code.press("Bekijk", code="123456789012").status == 503
    assert Visitor(sqlite_app).get("/nl/sign-in").press("link", email=EMAIL).status == 503
    assert len(mails(sqlite_app, "sign_in")) == 1
