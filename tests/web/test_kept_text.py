"""What a student typed when the session ended is there after signing in again, and for nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from portal.domain.vocabulary import RequestKind, Role
from tests.factories import add_record, make_staff, make_student
from tests.services.cases import opened
from tests.web.visitor import Visitor, sign_in

EMAIL, OTHER = "hanan@example.org", "omar@example.org"
TYPED = "Ik schreef dit al حنان"
WARNING = "Wat u typte, staat er nog."


@pytest.fixture
def reference(sqlite_app: Flask) -> str:
    with sqlite_app.app_context():
        make_staff("anna", Role.CASE_HANDLER)
        student = make_student(email=EMAIL)
        add_record(student, "consent", activity="training", date="2025-08-20", regulation_version="5.0")
        make_student(email=OTHER, given_names="Omar")
        return opened(RequestKind.ACCESS, student)


def time_passes(app: Flask) -> None:
    app.extensions["clock"].advance(timedelta(hours=2))


def test_a_message_is_back_after_signing_in_and_is_sent_once(sqlite_app: Flask, reference: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    time_passes(sqlite_app)
    visitor.press("Stuur bericht", text=TYPED)
    assert visitor.h1 == "Uw e-mailadres"
    sign_in(sqlite_app, EMAIL, visitor)
    assert visitor.url == f"/nl/me/requests/{reference}?kept=1"
    assert WARNING in visitor.text
    visitor.press("Stuur bericht")
    assert "Wij hebben uw bericht." in visitor.text
    assert TYPED in visitor.text
    assert WARNING not in visitor.get(f"/nl/me/requests/{reference}?kept=1").text


def test_a_correction_is_back_too(sqlite_app: Flask, reference: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL)
    href = next(href for href, text in visitor.page.links if "Dit klopt niet" in text and "Adres" in text)
    visitor.get(href)
    time_passes(sqlite_app)
    visitor.press("Ga verder", value="Dorpsstraat 5", words=TYPED)
    sign_in(sqlite_app, EMAIL, visitor)
    assert "Dorpsstraat 5" in visitor.html
    assert TYPED in visitor.text
    visitor.press("Ga verder")
    assert visitor.h1 == "Klopt dit?"


def test_another_person_at_the_same_computer_reads_nothing_of_it(sqlite_app: Flask, reference: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    time_passes(sqlite_app)
    visitor.press("Stuur bericht", text=TYPED)
    sign_in(sqlite_app, OTHER, visitor)
    assert visitor.status == 404
    assert TYPED not in visitor.html


def test_nothing_is_kept_after_signing_out(sqlite_app: Flask, reference: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    stale = Visitor(sqlite_app)
    stale.client, stale.page, stale.url = visitor.client, visitor.page, visitor.url
    visitor.press("Uitloggen")
    stale.press("Stuur bericht", text=TYPED)
    sign_in(sqlite_app, EMAIL, visitor)
    assert TYPED not in visitor.get(f"/nl/me/requests/{reference}?kept=1").html


def test_who_holds_the_code_of_a_case_types_it_again_and_goes_on(sqlite_app: Flask) -> None:
    visitor = Visitor(sqlite_app).get("/nl/new").press("Ga verder", kind="complaint")
    visitor.press("Ga verder", words="Niemand belt mij terug")
    visitor.press("Ga verder", name="Hanan", phone="0612345678").press("Stuur mijn klacht")
    code = "".join(each for each in visitor.text.split("Uw code")[1][:24] if each.isdigit())
    visitor.get("/nl/code").press("Bekijk mijn vraag", code=code)
    time_passes(sqlite_app)
    visitor.press("Stuur bericht", text=TYPED)
    assert visitor.h1 == "Uw code"
    visitor.press("Bekijk mijn vraag", code=code)
    assert TYPED in visitor.text
    assert WARNING in visitor.text


def test_the_page_says_until_when_one_stays_signed_in(sqlite_app: Flask, reference: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL)
    assert "U blijft ingelogd tot 10:30." in visitor.text
    assert "Wat u typte, blijft dan bewaard." in visitor.text
