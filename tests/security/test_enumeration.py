"""Whether somebody is a student of this school is sensitive by itself: known and unknown people get the same answer, of
the same length, after the same time (ASVS 6.3.8)."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable

import pytest
from flask import Flask

from portal.records.db import begin_write, db
from portal.records.tables.access import Staff
from portal.services import limits, passwords
from portal.services.sign_in import ask, enter_by_code
from portal.services.staff_sign_in import sign_in
from tests import factories, proofs
from tests.web.visitor import Visitor

EACH = proofs.rounds(40, 2000)  # of each class
KNOWN, UNKNOWN = "hanan@example.org", "hanne@example.org"
LIKELY = (0.45, 0.55)  # what the area under the curve of 2,000 against 2,000 equal ones stays in
GROSS = (0.2, 0.8)  # 40 against 40 equal ones leave it once in 300,000 times
VARYING = re.compile(r'(name="csrf_token"[^>]*value=")[^"]+|(name="once"[^>]*value=")[^"]+')


def auc(ones: list[float], others: list[float]) -> float:
    """The chance that one of the first class is larger than one of the second; 0.5 tells nothing apart."""
    ranked = sorted([(value, 0) for value in ones] + [(value, 1) for value in others])
    ranks, place = 0.0, 0
    while place < len(ranked):
        end = place
        while end < len(ranked) and ranked[end][0] == ranked[place][0]:
            end += 1
        middle = (place + end + 1) / 2
        ranks += middle * sum(1 for _, which in ranked[place:end] if which == 0)
        place = end
    return (ranks - len(ones) * (len(ones) + 1) / 2) / (len(ones) * len(others))


def timed(act: Callable[[bool, int], object], each: int = EACH) -> tuple[list[float], list[float]]:
    """Seconds for known and for unknown ones, in random order."""
    order = [True, False] * each
    random.Random(7).shuffle(order)
    found: dict[bool, list[float]] = {True: [], False: []}
    for number, known in enumerate(order):
        began = time.perf_counter()
        act(known, number)
        found[known].append(time.perf_counter() - began)
    return found[True], found[False]


def figures(name: str, known: list[float], unknown: list[float]) -> None:
    """Fails where the times tell the classes apart; with few rounds only where they do so grossly, as when work is left
    out for one of them."""
    value = auc(known, unknown)
    medians = [round(statistics.median(each) * 1000, 2) for each in (known, unknown)]
    proofs.keep(f"enumeration-{name}", each=len(known), auc=round(value, 3), median_ms=medians)
    if len(known) < 40:  # what is slow on purpose: left out, it would take a fiftieth
        assert max(medians) < 3 * min(medians)
        return
    low, high = LIKELY if proofs.LONG and len(known) >= 2000 else GROSS
    assert low <= value <= high, medians


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts as ever, and never says no: thousands of tries come from one place here."""
    more = {name: limits.Limit(10**9, each.window, each.why) for name, each in limits.LIMITS.items()}
    monkeypatch.setattr(limits, "LIMITS", more)


def answers(app: Flask, email: str, place: str) -> list[tuple[int, str, int]]:
    visitor = Visitor(app, place)
    found = []
    visitor.get("/nl/sign-in").press("link", email=email)
    for page in (visitor, visitor.press("Inloggen", code="12345678")):
        html = VARYING.sub(r"\1\2", page.html).replace(email, "")
        found.append((page.status, html, len(html)))
    return found


def test_asking_for_a_link_and_typing_a_wrong_code_look_the_same_for_known_and_unknown(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=KNOWN)
    assert answers(sqlite_app, KNOWN, "192.0.2.1") == answers(sqlite_app, UNKNOWN, "192.0.2.2")


def test_the_fourth_ask_in_an_hour_looks_like_the_first(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=KNOWN)
    first = answers(sqlite_app, KNOWN, "192.0.2.1")
    for _ in range(4):
        last = answers(sqlite_app, KNOWN, "192.0.2.1")
    assert last == first


def test_a_wrong_staff_name_looks_like_a_wrong_password(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer")
    pages = []
    for number, name in enumerate(("officer", "offices")):
        visitor = Visitor(sqlite_app, f"192.0.2.{number + 1}").get("/staff/sign-in")
        visitor.press("Inloggen", username=name, password="not the password")
        pages.append((visitor.status, VARYING.sub(r"\1\2", visitor.html).replace(name, "")))
    assert pages[0] == pages[1]


@pytest.mark.proof
def test_asking_for_a_link_takes_as_long_for_known_and_unknown(sqlite_app: Flask, unlimited: None) -> None:
    with sqlite_app.app_context():
        emails = [f"student{number}@known.example" for number in range(50)]
        for email in emails:
            factories.make_student(email=email)
        clock = sqlite_app.extensions["clock"]

        def act(known: bool, number: int) -> None:
            host = "known.example" if known else "other.example"
            ask(clock, f"student{number % 50}@{host}", "nl", f"browser {number}", "192.0.2.1")

        figures("ask", *timed(act))


@pytest.mark.proof
def test_a_wrong_code_takes_as_long_for_known_and_unknown(
    sqlite_app: Flask, unlimited: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.services.sign_in.MOST_TRIES", 10**9)
    with sqlite_app.app_context():
        factories.make_student(email=KNOWN)
        clock = sqlite_app.extensions["clock"]
        ask(clock, UNKNOWN, "nl", "unknown", "192.0.2.1")
        ask(clock, KNOWN, "nl", "known", "192.0.2.1")
        times = timed(
            lambda known, _number: enter_by_code(clock, "12345678", "known" if known else "unknown", "192.0.2.1")
        )
        figures("code", *times)


@pytest.mark.proof
def test_a_wrong_staff_name_takes_as_long_as_a_wrong_password(sqlite_app: Flask, unlimited: None) -> None:
    """argon2 is slow on purpose: a tenth of the rounds."""
    with sqlite_app.app_context():
        staff_id = factories.make_staff("officer")
        clock = sqlite_app.extensions["clock"]
        begin_write()
        db.session.get_one(Staff, staff_id).password_hash = passwords.hash_password("as the portal hashes it")
        db.session.commit()

        def act(known: bool, number: int) -> None:
            sign_in(clock, "officer" if known else f"nobody{number}", "wrong wrong wrong", "192.0.2.1")

        figures("staff", *timed(act, EACH // 10))


def test_the_area_under_the_curve_tells_equal_from_different() -> None:
    dice = random.Random(1)
    first, second = ([dice.gauss(10, 1) for _ in range(2000)] for _ in range(2))
    assert LIKELY[0] < auc(first, second) < LIKELY[1]
    assert auc([each + 0.5 for each in first], second) > 0.6
    assert auc([1.0] * 9, [1.0] * 9) == 0.5
