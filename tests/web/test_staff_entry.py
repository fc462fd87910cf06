"""Staff come in, are asked what is missing, prove themselves again and go out."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import update

from portal.domain.vocabulary import Role
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Staff
from portal.services import passwords
from portal.services.limits import LIMITS
from tests import factories
from tests.web.staff_door import enter, give_code, give_password, with_app
from tests.web.visitor import Visitor

NEW = "vier losse paarden in de regen"
WRONG = "Gebruikersnaam en wachtwoord horen niet bij elkaar."


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def make(app: Flask, username: str, *roles: Role, **values: object) -> UUID:
    with app.app_context():
        staff_id = factories.make_staff(username, *roles)
        begin_write()
        staff = db.session.get_one(Staff, staff_id)
        for name, value in values.items():
            setattr(staff, name, value)
        db.session.commit()
        return staff_id


def test_each_page_of_staff_leads_to_signing_in_and_back(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    with_app(sqlite_app, "officer")
    visitor = Visitor(sqlite_app).get("/staff/register?x=1")
    assert visitor.h1 == "Inloggen voor medewerkers"
    visitor.press("Inloggen", username="officer", password=factories.PASSWORD)
    assert visitor.h1 == "Tweede stap: de code uit uw app"
    give_code(visitor, sqlite_app)
    assert visitor.url == "/staff/register?x=1"
    assert visitor.get("/staff/sign-in").h1 == "Verzoeken"


def test_the_address_that_all_staff_know_leads_each_to_the_own_work(sqlite_app: Flask) -> None:
    make(sqlite_app, "keeper", Role.ADMINISTRATOR)
    keeper = enter(sqlite_app, "keeper").get("/staff/")
    assert keeper.url == "/staff/accounts"
    assert keeper.get("/staff/students").status == 403


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/nl/", "/staffx", "/staff\\@evil"])
def test_signing_in_leads_nowhere_else(sqlite_app: Flask, target: str) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    with_app(sqlite_app, "officer")
    visitor = Visitor(sqlite_app)
    visitor.get("/staff/sign-in")
    visitor.url = f"/staff/sign-in?next={target}"
    visitor.press("Inloggen", username="officer", password=factories.PASSWORD)
    give_code(visitor, sqlite_app)
    assert visitor.url == "/staff/"


def test_wrong_unknown_and_disabled_get_the_very_same_page(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    make(sqlite_app, "gone", Role.DIRECTOR, disabled_at=factories.CREATED)
    pages = set()
    for name in ("officer", "nobodyx", "gone"):
        visitor = give_password(Visitor(sqlite_app), name, "wrong password, sir")
        assert visitor.status == 422
        assert WRONG in visitor.text
        assert "Fout:" in visitor.html.split("</title>")[0]
        token = next(form.values["csrf_token"][0] for form in visitor.page.forms)
        pages.add(visitor.html.replace(token, "").replace(f'value="{name}"', ""))
    assert len(pages) == 1


def test_the_password_is_never_sent_back(sqlite_app: Flask) -> None:
    assert "a secret word" not in give_password(Visitor(sqlite_app), "officer", "a secret word").html


def test_a_form_without_its_token_does_nothing(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    answer = sqlite_app.test_client().post(
        "/staff/sign-in", data={"username": "officer", "password": factories.PASSWORD}
    )
    assert answer.status_code == 400


def test_the_first_sign_in_asks_for_a_password_and_the_clause_and_nothing_else_opens(sqlite_app: Flask) -> None:
    make(sqlite_app, "fresh", Role.PRIVACY_OFFICER, must_change_password=True, confidentiality_at=None)
    visitor = enter(sqlite_app, "fresh")
    assert visitor.h1 == "Kies een eigen wachtwoord"
    assert visitor.get("/staff/").h1 == "Kies een eigen wachtwoord"
    visitor.press("Wachtwoord bewaren", current=factories.PASSWORD, new="kort", again="kort")
    assert visitor.status == 422
    assert "minstens 12 tekens" in visitor.text
    visitor.press("Wachtwoord bewaren", current=factories.PASSWORD, new=NEW, again=NEW + "x")
    assert "niet gelijk" in visitor.text
    visitor.press("Wachtwoord bewaren", current=factories.PASSWORD, new=NEW, again=NEW)
    assert visitor.h1 == "Geheimhouding"
    assert visitor.get("/staff/students").h1 == "Geheimhouding"
    assert visitor.press("Bevestigen").status == 422
    visitor.press("Bevestigen", accept="y")
    assert visitor.h1 == "Cursisten"
    assert enter(sqlite_app, "fresh", NEW).h1 == "Verzoeken"


def test_signing_out_ends_the_session_even_of_a_copied_cookie(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    visitor = enter(sqlite_app, "officer")
    with visitor.client.session_transaction() as session:
        copied = dict(session)
    visitor.press("Uitloggen")
    assert "U bent uitgelogd" in visitor.text
    thief = Visitor(sqlite_app)
    with thief.client.session_transaction() as session:
        session.update(copied)
    assert thief.get("/staff/").h1 == "Inloggen voor medewerkers"


def test_too_many_guesses_are_told_and_the_known_browser_is_not_locked_out(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    own = enter(sqlite_app, "officer").press("Uitloggen")
    for number in range(LIMITS["staff_sign_in_account"].count):
        give_password(Visitor(sqlite_app, f"192.0.2.{number}"), "officer", "guess")
    stranger = give_password(Visitor(sqlite_app, "198.51.100.7"), "officer")
    assert stranger.status == 429
    assert "U probeerde dit te vaak" in stranger.text
    assert enter(sqlite_app, "officer", visitor=own).h1 == "Verzoeken"


def test_a_forged_browser_cookie_gives_no_counter_of_its_own(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    for number in range(LIMITS["staff_sign_in_account"].count):
        give_password(Visitor(sqlite_app, f"192.0.2.{number}"), "officer", "guess")
    stranger = Visitor(sqlite_app, "198.51.100.7")
    stranger.client.set_cookie("staff-browser", '{"x": "y"}.forged')
    assert give_password(stranger, "officer").status == 429


def test_idle_for_an_hour_means_signing_in_again(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    visitor = enter(sqlite_app, "officer")
    sqlite_app.extensions["clock"].advance(timedelta(minutes=59))
    assert visitor.get("/staff/").h1 == "Verzoeken"
    sqlite_app.extensions["clock"].advance(timedelta(minutes=61))
    assert visitor.get("/staff/").h1 == "Inloggen voor medewerkers"


def test_the_administrator_sees_accounts_and_nothing_of_students(sqlite_app: Flask) -> None:
    make(sqlite_app, "admin", Role.ADMINISTRATOR)
    with sqlite_app.app_context():
        student = factories.make_student()
    visitor = enter(sqlite_app, "admin")
    assert visitor.h1 == "Accounts van medewerkers"
    for url in ("/staff/record", "/staff/students?q=hanan", f"/staff/students/{student}"):
        assert visitor.get(url).status == 403, url
        assert "Hanan" not in visitor.text


def test_pages_speak_the_language_of_the_member_of_staff(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    visitor = enter(sqlite_app, "officer").get("/staff/me")
    assert '<html lang="nl"' in visitor.html
    visitor.press("Opslaan", language="en")
    assert '<html lang="en"' in visitor.html


def test_somebody_without_a_role_today_gets_nowhere(sqlite_app: Flask) -> None:
    make(sqlite_app, "nobody")
    with_app(sqlite_app, "nobody")
    assert give_password(Visitor(sqlite_app), "nobody").status == 403


def test_a_role_that_ends_while_working_leaves_the_own_page_only(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    visitor = enter(sqlite_app, "officer")
    with sqlite_app.app_context():
        begin_write()
        db.session.execute(update(Designation).values(ends_on=date(2026, 11, 22)))
        db.session.commit()
    assert "geen rol" in visitor.get("/staff/me").text
    assert visitor.get("/staff/").url == "/staff/me"
    for url in ("/staff/accounts", "/staff/students"):
        assert visitor.get(url).status == 403


def test_a_working_session_ends_after_ten_hours(sqlite_app: Flask) -> None:
    make(sqlite_app, "officer", Role.PRIVACY_OFFICER)
    visitor = enter(sqlite_app, "officer")
    for _ in range(11):
        sqlite_app.extensions["clock"].advance(timedelta(minutes=54))
        assert visitor.get("/staff/").h1 == "Verzoeken"
    sqlite_app.extensions["clock"].advance(timedelta(minutes=6, seconds=1))
    assert visitor.get("/staff/").h1 == "Inloggen voor medewerkers"


def test_whoever_does_not_work_on_cases_comes_in_where_their_work_is(sqlite_app: Flask) -> None:
    """An administrator types the address of the staff's pages, which is that of the queue."""
    with sqlite_app.app_context():
        factories.make_staff("admin", Role.ADMINISTRATOR)
    visitor = Visitor(sqlite_app).get("/staff/")
    with_app(sqlite_app, "admin")
    visitor.press("Inloggen", username="admin", password=factories.PASSWORD)
    assert give_code(visitor, sqlite_app).url == "/staff/accounts"
