"""The register, the assumed points and the page of operations, as staff use them and as everybody reads them."""

from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO
from types import MappingProxyType

import pytest
from flask import Flask
from openpyxl import load_workbook

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import RequestKind, Role
from portal.services.keep_register import keep_register
from portal.services.register import BASES, SENSITIVITIES, SOURCES
from portal.web.staff.account_wording import ACCOUNT_REFUSALS
from portal.web.staff.assumed_wording import ACTS, CODES
from portal.web.staff.case_wording import CASE_REFUSALS
from portal.web.staff.reach_wording import REACH_REFUSALS
from portal.web.staff.register_wording import REGISTER_REFUSALS
from portal.web.staff.wording import REFUSALS
from tests import factories
from tests.web.principals import make_school
from tests.web.staff_door import enter
from tests.web.test_staff_journey import new_case
from tests.web.visitor import Visitor


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        factories.make_staff("director", Role.DIRECTOR)
        factories.make_staff("admin", Role.ADMINISTRATOR)
        factories.make_staff("handler", Role.CASE_HANDLER)
    return sqlite_app


def keep(app: Flask) -> None:
    with app.app_context():
        keep_register(app.extensions["clock"])


def test_a_new_version_is_seen_compared_and_confirmed(school: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    officer = enter(school, "officer").get("/staff/register")
    assert "nog geen versie" in officer.text
    assert "Functionaris gegevensbescherming Geen" in officer.text
    keep(school)
    assert "Versie 1" in officer.get("/staff/register").text
    policy = school.extensions["policy"]
    survey = replace(policy.activities["quality_survey"], recipients=("panteia",))
    after = replace(policy, activities=MappingProxyType({**policy.activities, "quality_survey": survey}))
    monkeypatch.setitem(school.extensions, "policy", after)
    keep(school)
    officer.get("/staff/register").link("Versies").link("Bevestigen")
    officer.link("Bekijk wat er veranderde sinds versie 1")
    assert officer.h1 == "Van versie 1 naar versie 2"
    assert "Onderzoek of u tevreden bent veranderd" in officer.text
    assert "Stond er Blik op Werk (Nederland)" in officer.text
    assert officer.get("/staff/register/compare?old=1&new=1").text.count("zeggen hetzelfde") == 1
    officer.get("/staff/register").link("Bevestig deze versie").press("Ik bevestig", note=" ")
    assert officer.status == 422
    officer.press("Ik bevestig", note="Blik op Werk krijgt niets meer.")
    assert "Versie 2 is bevestigd." in officer.text
    assert "Blik op Werk krijgt niets meer." in officer.get("/staff/register/versions").text
    assert (
        "Deze versie is al bevestigd." in officer.get("/staff/register/versions/2/confirm").press("Ik", note="x").text
    )
    handler = enter(school, "handler").get("/staff/register")
    assert "bevestigd Officer" in handler.text
    assert "Bevestig deze versie" not in handler.text
    assert handler.get("/staff/register/versions/1/confirm").status == 403


@pytest.mark.parametrize("query", ["", "?old=1", "?old=1&new=2", "?old=x&new=1", "?old=1&new=99999999999"])
def test_a_version_that_is_not_there_is_not_found(school: Flask, query: str) -> None:
    keep(school)
    assert enter(school, "handler").get(f"/staff/register/compare{query}").status == 404


def test_what_is_missing_and_what_nobody_confirmed_stands_on_one_page(
    school: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = enter(school, "admin").get("/staff/register/check")
    assert "elke verwerking noemt alles" in admin.text
    assert "Ontvanger: DUO" in admin.text
    policy = school.extensions["policy"]
    bare = replace(policy.activities["training"], security=())
    after = replace(policy, activities=MappingProxyType({**policy.activities, "training": bare}))
    monkeypatch.setitem(school.extensions, "policy", after)
    assert "bij 1 verwerking ontbreekt iets" in admin.get("/staff/register/check").text


def test_the_files_open_elsewhere_now_and_of_an_older_version(school: Flask) -> None:
    keep(school)
    visitor = enter(school, "handler")
    book = load_workbook(BytesIO(visitor.get("/staff/register/file/xlsx").response.data))
    assert book.worksheets[0]["A1"].value == "Naam van de verwerking"
    assert visitor.response.headers["Content-Disposition"] == 'attachment; filename="register-1.xlsx"'
    found = json.loads(visitor.get("/staff/register/file/json?version=1").response.data)
    assert found["version"]["number"] == 1
    assert school.test_client().get(found["$schema"], buffered=True).status_code == 200
    for wrong in ("/pdf", "/json?version=7", ""):
        assert visitor.get(f"/staff/register/file{wrong}").status == 404


def test_ticked_points_are_confirmed_and_the_terms_are_the_directors(school: Flask) -> None:
    officer = enter(school, "officer").get("/staff/register").link("Volledigheid").link("Aangenomen punten")
    boxes = [name for form in officer.page.forms for name in form.names]
    assert "item" in boxes
    assert "zelf verantwoordelijk" in officer.text
    assert "een nieuw e-mailadres opgeven" in officer.text
    assert "Medewerker voor privacy" in officer.text
    assert "/staff/retention/classes/" not in officer.html
    officer.press("Bevestig wat is aangevinkt")
    assert officer.status == 422
    assert "Vink minstens één punt aan." in officer.text
    value = officer.html.split('value="recipient.duo ')[1].split('"')[0]
    officer.press("Bevestig wat is aangevinkt", item=[f"recipient.duo {value}"])
    assert "1 punt is bevestigd." in officer.text
    assert "recipient.duo" not in officer.html
    assert "/staff/retention/classes/standard" in enter(school, "director").get("/staff/policy/assumed").html
    admin = enter(school, "admin").get("/staff/policy/assumed")
    assert "checkbox" not in admin.html


def test_every_act_that_asks_a_level_has_words(sqlite_app: Flask) -> None:
    assert set(ACTS) == set(sqlite_app.extensions["policy"].identity.levels)
    assert not set(ACTS) & {*BASES, *SOURCES, *SENSITIVITIES, *CODES}


def test_no_code_of_the_register_takes_the_words_of_another() -> None:
    assert not set(REGISTER_REFUSALS) & {*CASE_REFUSALS, *REACH_REFUSALS, *ACCOUNT_REFUSALS}
    assert REGISTER_REFUSALS.items() <= REFUSALS.items()


def test_operations_show_an_administrator_nothing_of_a_student(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app, family_name="Kanariegeel")
        secret = factories.make_student(given_names="Zandloper", email="zandloper@example.org")
        keep_register(clock)
    reference = new_case(sqlite_app, RequestKind.ERASURE, secret)
    admin = enter(sqlite_app, "admin").get("/staff/operations")
    assert admin.h1 == "Beheer"
    for shown in ("Vestigingen en hun behandelaars", "wacht op verzending", "Logboek ondertekenen", "Bewaartermijnen"):
        assert shown in admin.text
    pages = ("operations", "policy/assumed", "register", "register/check", "register/versions", "register/versions/1")
    for page in (*pages, "accounts", "accounts/review"):
        html = admin.get(f"/staff/{page}").html
        assert admin.status == 200, page
        for canary in ("Kanariegeel", "Zandloper", "zandloper@", "Al Hassan", reference, school.case.reference):
            assert canary not in html, page
        assert str(secret) not in html, page


def test_everybody_reads_the_register_in_plain_words_with_its_version(
    school: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Visitor(school).get("/nl/about")
    assert "Over deze lijst" not in page.text
    assert "Overal geldt dezelfde wet voor uw gegevens." in page.text
    keep(school)
    assert "Dit is versie 1." in page.get("/nl/about").text
    policy = school.extensions["policy"]
    far = replace(policy.recipients["bank"], country="Canada", safeguard="Modelcontract")
    moved = replace(policy, recipients=MappingProxyType({**policy.recipients, "bank": far}))
    monkeypatch.setitem(school.extensions, "policy", moved)
    assert "Bank (Canada): Modelcontract" in page.get("/nl/about").text
