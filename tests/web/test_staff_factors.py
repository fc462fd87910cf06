"""The second factor on the pages: set up, given, lost; and what half a sign-in reaches."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask, url_for

from portal.domain.vocabulary import Role
from portal.services import passkeys, passwords
from portal.services.limits import LIMITS
from portal.web.access import rules
from tests import factories
from tests.services.factors import SoftKey, audited, code_now, wrong_code
from tests.services.factors import mails as mails_of
from tests.web.principals import STAGES, make_school
from tests.web.principals import enter as enter_as
from tests.web.staff_door import enter, give_code, give_password, with_app
from tests.web.visitor import Visitor

KEY = re.compile(r"(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}")
CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b")
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
OF_STAGE = {
    "enrol": {"staff.enrol", "staff.enrol_qr", "staff.sign_out"},
    "factor": {"staff.factor", "staff.sign_out"},
    "password": {"staff.password", "staff.sign_out"},
    "confidentiality": {"staff.confidentiality", "staff.sign_out"},
}


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def officer(app: Flask, username: str = "officer", role: Role = Role.PRIVACY_OFFICER) -> None:
    with app.app_context():
        factories.make_staff(username, role)


def set_up(visitor: Visitor, app: Flask) -> tuple[str, list[str]]:
    """From the page that asks for a second step to the recovery codes; the app's secret and the codes."""
    visitor.press("Opnieuw beginnen" if "Opnieuw beginnen" in visitor.text else "Een app instellen")
    found = KEY.search(visitor.text)
    assert found
    secret = found[0].replace(" ", "")
    visitor.press("App instellen", code=code_now(app.extensions["clock"], secret=secret))
    return secret, CODE.findall(visitor.text)


@pytest.mark.parametrize("who", STAGES)
def test_half_a_sign_in_reaches_the_pages_of_its_stage_and_no_other(sqlite_app: Flask, who: str) -> None:
    with sqlite_app.app_context():
        school = make_school(sqlite_app)
    staff = {endpoint for endpoint, rule in rules().items() if rule.audience != "public"}
    stage, reached = STAGES[who], set()
    for rule in sqlite_app.url_map.iter_rules():
        if rule.endpoint not in staff:
            continue
        known = school.arguments()
        with sqlite_app.test_request_context():
            url = url_for(rule.endpoint, **{name: known.get(name, "x") for name in rule.arguments})
        client = enter_as(sqlite_app, school, who)
        token = re.search(
            r'name="csrf_token"[^>]*value="([^"]+)"', client.get(f"/staff/{stage}").get_data(as_text=True)
        )
        assert token
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = client.open(url, method=method, data={"csrf_token": token[1]} if method == "POST" else None)
            location = answer.headers.get("Location", "")
            sent_on = location.startswith((f"/staff/{stage}", "/nl/code")) or "/sign-in" in location
            if rule.endpoint == "staff.sign_out" or not sent_on:
                reached.add(rule.endpoint)
    assert reached == OF_STAGE[stage]
    assert len(reached) <= 3


def test_the_first_sign_in_sets_up_an_app_and_shows_ten_codes_once(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = give_password(Visitor(sqlite_app), "officer")
    assert visitor.h1 == "Stel uw tweede stap in"
    assert visitor.get("/staff/students").h1 == "Stel uw tweede stap in"
    assert visitor.get("/staff/enrol/qr.svg").status == 404
    visitor.get("/staff/enrol").press("Een app instellen")
    picture = sqlite_app.test_client()
    assert picture.get("/staff/enrol/qr.svg").status_code == 302, "only for who is signing in"
    page = visitor.url
    visitor.get("/staff/enrol/qr.svg")
    assert visitor.response.mimetype == "image/svg+xml"
    assert visitor.response.headers["Cache-Control"] == "no-store"
    assert visitor.html.startswith(("<?xml", "<svg"))
    visitor.get(page).press("App instellen", code=wrong_code(sqlite_app.extensions["clock"]))
    assert visitor.status == 422
    assert "Dit klopt niet" in visitor.text
    secret, codes = set_up(visitor, sqlite_app)
    assert visitor.h1 == "Uw herstelcodes"
    assert len(set(codes)) == 10
    assert visitor.response.headers["Cache-Control"] == "no-store"
    assert visitor.link("Verder").h1 == "Verzoeken"
    assert not CODE.search(visitor.get("/staff/me").text)
    assert "nog 10 codes" in visitor.text
    sqlite_app.extensions["clock"].advance(timedelta(seconds=60))
    again = give_password(Visitor(sqlite_app), "officer")
    assert again.press("Verder", code=code_now(sqlite_app.extensions["clock"], secret=secret)).h1 == "Verzoeken"


def test_the_same_code_does_not_work_twice(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    first = enter(sqlite_app, "officer")
    assert first.h1 == "Verzoeken"
    second = give_code(give_password(Visitor(sqlite_app), "officer"), sqlite_app)
    assert second.status == 422
    assert "het is al gebruikt" in second.text
    assert give_code(second, sqlite_app, steps=-1).status == 422, "nor does an earlier one"
    assert give_code(second, sqlite_app, steps=1).h1 == "Verzoeken"


def test_a_recovery_code_lets_in_once_and_the_owner_is_told(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = give_password(Visitor(sqlite_app), "officer")
    _, codes = set_up(visitor, sqlite_app)
    lost = give_password(Visitor(sqlite_app), "officer").link("herstelcode")
    assert lost.h1 == "Tweede stap: een herstelcode"
    lost.press("Verder", code=codes[0].lower().replace("-", " "))
    assert lost.h1 == "Verzoeken"
    assert "U hebt er nog 9" in lost.text
    with sqlite_app.app_context():
        assert mails_of("staff_sign_in_new") == 2
    thief = give_password(Visitor(sqlite_app), "officer").link("herstelcode")
    assert thief.press("Verder", code=codes[0]).status == 422
    assert thief.get("/staff/").h1.startswith("Tweede stap")


def test_signing_in_leads_on_through_the_second_step_to_where_one_wanted_to_go(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    with_app(sqlite_app, "officer")
    visitor = give_password(Visitor(sqlite_app), "officer").get("/staff/register?x=1")
    assert give_code(visitor, sqlite_app).url == "/staff/register?x=1"
    assert visitor.get("/staff/factor").h1 == "Verzoeken", "there is nothing to give any more"


def test_a_browser_is_known_only_after_the_second_step(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    with_app(sqlite_app, "officer")
    visitor = give_password(Visitor(sqlite_app), "officer")
    assert visitor.client.get_cookie("staff-browser") is None
    give_code(visitor, sqlite_app)
    assert visitor.client.get_cookie("staff-browser") is not None


def test_guessing_the_second_step_is_stopped_and_the_known_browser_still_comes_in(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    own = enter(sqlite_app, "officer").press("Uitloggen")
    with_app(sqlite_app, "officer")
    thief = give_password(Visitor(sqlite_app, "198.51.100.7"), "officer")
    wrong = wrong_code(sqlite_app.extensions["clock"])
    tries = LIMITS["staff_factor"].count - 1  # the owner used one, when this browser was not known yet
    for _ in range(tries):
        assert thief.press("Verder", code=wrong).status == 422
    assert give_code(thief, sqlite_app).status == 429
    with sqlite_app.app_context():
        assert audited("factor_refused") == tries
    assert enter(sqlite_app, "officer", visitor=own).h1 == "Verzoeken"


def test_another_app_and_new_codes_ask_for_a_fresh_sign_in(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = enter(sqlite_app, "officer")
    elsewhere = enter(sqlite_app, "officer")
    sqlite_app.extensions["clock"].advance(timedelta(minutes=16))
    assert visitor.get("/staff/enrol").h1 == "Bent u het nog?"
    assert visitor.get("/staff/me").press("Tien nieuwe codes").h1 == "Bent u het nog?"
    visitor.press("Verder", password=factories.PASSWORD)
    assert visitor.h1 == "Mijn account"
    visitor.press("Tien nieuwe codes")
    assert len(set(CODE.findall(visitor.text))) == 10
    set_up(visitor.get("/staff/enrol"), sqlite_app)
    assert visitor.h1 == "Mijn account"
    assert "Op andere apparaten bent u uitgelogd" in visitor.text
    assert elsewhere.get("/staff/").h1 == "Inloggen voor medewerkers"


def test_the_last_factor_stays(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = enter(sqlite_app, "officer").get("/staff/me")
    assert "App weghalen" not in visitor.text
    assert "laatste tweede stap" in visitor.post("/staff/me/app/remove").text


def test_own_sessions_are_listed_and_others_signed_out(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitors = [enter(sqlite_app, "officer") for _ in range(4)]
    here = visitors[0].get("/staff/me")
    assert "4 sessies" in here.text
    assert here.text.count("Daar uitloggen") == 3
    here.press("Daar uitloggen")
    assert "3 sessies" in here.text
    here.press("Overal anders uitloggen")
    assert "1 sessie " in here.text
    assert [each.get("/staff/").h1 for each in visitors] == ["Verzoeken", *["Inloggen voor medewerkers"] * 3]


def test_another_password_signs_out_elsewhere(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    here, there = enter(sqlite_app, "officer"), enter(sqlite_app, "officer")
    new = "vier losse paarden in de regen"
    here.get("/staff/password").press("Wachtwoord bewaren", current=factories.PASSWORD, new=new, again=new)
    assert here.h1 == "Verzoeken"
    assert there.get("/staff/").h1 == "Inloggen voor medewerkers"


@pytest.fixture
def passkey_app(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Where browsers offer passkeys: the base address is localhost."""
    monkeypatch.setattr(passkeys, "_base_url", lambda: "http://localhost:5000")
    return sqlite_app


def test_a_passkey_is_made_named_and_opens_the_next_time(passkey_app: Flask) -> None:
    officer(passkey_app)
    visitor = give_password(Visitor(passkey_app), "officer")
    assert 'data-passkey="create"' in visitor.html
    key = SoftKey("localhost", "http://localhost:5000")
    asked = fresh(visitor, "/staff/enrol", act="options")
    visitor.get("/staff/enrol").post("/staff/enrol", act="passkey", answer=key.create(asked), name="laptop")
    assert visitor.h1 == "Uw herstelcodes"
    assert "laptop" in visitor.get("/staff/me").text

    again = give_password(Visitor(passkey_app), "officer")
    assert again.h1 == "Tweede stap: uw passkey"
    answer = key.get(fresh(again, "/staff/factor", act="options"))
    again.get("/staff/factor").post("/staff/factor", act="passkey", answer=answer)
    assert again.h1 == "Verzoeken"
    thief = give_password(Visitor(passkey_app), "officer")
    assert thief.post("/staff/factor", act="passkey", answer=answer).status == 422, "an answer works once"


def fresh(visitor: Visitor, url: str, **fields: str) -> str:
    """The options that the script asks for, as JSON."""
    visitor.get(url).post(url, **fields)
    assert visitor.response.mimetype == "application/json"
    return visitor.html


def test_options_that_are_refused_say_so_in_words(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = give_password(Visitor(sqlite_app), "officer")
    visitor.post("/staff/enrol", act="options")
    assert visitor.status == 422
    assert visitor.response.json == {"error": "Passkeys werken niet op dit adres. Gebruik een app."}
    assert "data-passkey" not in visitor.get("/staff/enrol").html


def test_what_is_done_stands_in_the_log(sqlite_app: Flask) -> None:
    officer(sqlite_app)
    visitor = give_password(Visitor(sqlite_app), "officer")
    set_up(visitor, sqlite_app)
    with sqlite_app.app_context():
        assert (audited("staff_sign_in"), audited("set_up_factor")) == (1, 1)
