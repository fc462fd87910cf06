"""Accounts on the pages: made, moved, shut and reviewed by the administrator, who sees nothing of a student."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select

from portal.domain.vocabulary import RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.access import Staff
from portal.services import passwords
from portal.services.casework import Asked
from tests import factories
from tests.services.factors import audited
from tests.services.factors import mails as mails_of
from tests.web.staff_door import enter, give_password, with_app
from tests.web.test_staff_journey import new_case
from tests.web.visitor import Visitor, mails

NEW = "vier losse paarden in de regen"
FIELDS = {"name": "M. de Boer", "username": "mdeboer", "email": "m@school.example.org"}


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        here = factories.make_branch("langedijk")
        factories.make_branch("hoorn")
        factories.make_staff("admin", Role.ADMINISTRATOR)
        factories.make_staff("handler", Role.CASE_HANDLER, branch=here)
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return sqlite_app


def id_of(app: Flask, username: str) -> UUID:
    with app.app_context():
        found = db.session.execute(select(Staff.id).where(Staff.username == username)).scalar_one()
        db.session.rollback()
        return found


def page_of(app: Flask, visitor: Visitor, username: str) -> Visitor:
    return visitor.get(f"/staff/accounts/{id_of(app, username)}")


def link_in_mail(app: Flask) -> str:
    arguments = mails(app, "staff_password_reset")[-1]["arguments"]
    assert isinstance(arguments, dict)
    return "/staff/reset/" + str(arguments.get("token") or str(arguments["path"]).rsplit("/", 1)[-1])


def test_a_new_colleague_chooses_the_password_by_mail_and_the_administrator_sees_none(school: Flask) -> None:
    visitor = enter(school, "admin")
    school.extensions["clock"].advance(timedelta(minutes=16))
    visitor.get("/staff/accounts/new")
    assert visitor.h1 == "Bent u het nog?"
    assert visitor.press("Verder", password="wrong").status == 422
    visitor.press("Verder", password=factories.PASSWORD)
    assert visitor.h1 == "Nieuw account"
    visitor.press("Account maken", **FIELDS, roles=["case_handler"])
    assert visitor.status == 422
    assert "Kies de vestiging" in visitor.text
    with school.app_context():
        branch = factories.make_branch("hoorn")
    visitor.press("Account maken", branches=[str(branch)])
    assert visitor.h1 == "M. de Boer"
    assert "Behandelaar Hoorn" in visitor.text
    link = link_in_mail(school)
    assert link.removeprefix("/staff/reset/") not in visitor.html

    assert mails(school, "staff_password_reset")[-1]["arguments"]["first"] == 1  # type: ignore[index]
    newcomer = Visitor(school).get(link)
    assert newcomer.h1 == "Kies een nieuw wachtwoord"
    assert "Uw gebruikersnaam is: mdeboer" in newcomer.text
    assert newcomer.press("Wachtwoord bewaren", new="kort", again="kort").status == 422
    newcomer.press("Wachtwoord bewaren", new=NEW, again=NEW)
    assert newcomer.h1 == "Inloggen voor medewerkers"
    assert "Met deze link is al een wachtwoord gekozen" in Visitor(school).get(link).text
    assert give_password(newcomer, "mdeboer", NEW).h1 == "Stel uw tweede stap in"


def test_a_reset_link_changes_nothing_by_being_opened_and_keeps_the_second_factor(school: Flask) -> None:
    with_app(school, "officer")
    page_of(school, enter(school, "admin"), "officer").press("Link voor een wachtwoord")
    link = link_in_mail(school)
    signed_in = enter(school, "officer")
    scanner = school.test_client()
    for method in ("GET", "HEAD"):
        assert scanner.open(link, method=method).status_code == 200
    assert scanner.post(link, data={"new": NEW, "again": NEW}).status_code == 400
    assert Visitor(school).get(link[:-1] + ("A" if link[-1] != "A" else "B")).status == 404
    visitor = Visitor(school).get(link).press("Wachtwoord bewaren", new=NEW, again=NEW)
    assert visitor.h1 == "Inloggen voor medewerkers"
    assert signed_in.get("/staff/").h1 == "Inloggen voor medewerkers"
    assert give_password(visitor, "officer").status == 422
    assert give_password(visitor, "officer", NEW).h1 == "Tweede stap: de code uit uw app"


def test_an_old_link_is_dead(school: Flask) -> None:
    visitor = page_of(school, enter(school, "admin"), "officer").press("Link voor een wachtwoord")
    first = link_in_mail(school)
    page_of(school, visitor, "officer").press("Link voor een wachtwoord")
    assert "nieuwere link" in Visitor(school).get(first).text
    second = link_in_mail(school)
    school.extensions["clock"].advance(timedelta(minutes=61))
    assert "verlopen" in Visitor(school).get(second).text


def test_a_lost_factor_is_taken_away_with_a_reason_and_set_up_anew(school: Flask) -> None:
    signed_in = enter(school, "officer")
    visitor = page_of(school, enter(school, "admin"), "officer").link("Tweede stap weghalen")
    assert visitor.press("Tweede stap weghalen").status == 422
    visitor.press("Tweede stap weghalen", reason="Telefoon in de sloot; zelf gesproken aan de balie.")
    assert "De tweede stap is weggehaald" in visitor.text
    assert signed_in.get("/staff/").h1 == "Inloggen voor medewerkers"
    assert give_password(Visitor(school), "officer").h1 == "Stel uw tweede stap in"
    with school.app_context():
        assert (audited("reset_factor"), mails_of("staff_factor_reset")) == (1, 1)


def test_every_change_of_an_account_asks_for_a_fresh_sign_in(school: Flask) -> None:
    visitor = page_of(school, enter(school, "admin"), "handler")
    school.extensions["clock"].advance(timedelta(minutes=16))
    assert page_of(school, visitor, "handler").press("Link voor een wachtwoord").h1 == "Bent u het nog?"
    for link in ("Uitzetten", "Rol geven", "Beëindigen", "Verplaatsen", "Tweede stap weghalen"):
        assert page_of(school, visitor, "handler").link(link).h1 == "Bent u het nog?"
    with school.app_context():
        assert (audited("disable_staff"), mails_of("staff_password_reset")) == (0, 0)


def test_somebody_who_is_moved_sees_the_other_branch_at_the_next_request(school: Flask) -> None:
    with school.app_context():
        student = factories.make_student(factories.make_branch("langedijk"))
    reference = new_case(school, RequestKind.RESTRICTION, student, Asked(TargetKind.EVERYTHING))
    handler = enter(school, "handler")
    assert handler.get(f"/staff/cases/{reference}").status == 200
    visitor = page_of(school, enter(school, "admin"), "handler").link("Verplaatsen")
    with school.app_context():
        there = factories.make_branch("hoorn")
    visitor.press("Verplaatsen", branch=str(there))
    assert "De medewerker is verplaatst" in visitor.text
    assert "Behandelaar Hoorn" in visitor.text
    assert "Voorbij" in visitor.text
    assert handler.get(f"/staff/cases/{reference}").status == 404
    assert reference not in handler.get("/staff/").text


def test_somebody_who_is_shut_out_is_out_at_the_next_request(school: Flask) -> None:
    with school.app_context():
        student = factories.make_student(factories.make_branch("langedijk"))
    handler = enter(school, "handler")
    reference = new_case(school, RequestKind.RESTRICTION, student, Asked(TargetKind.EVERYTHING))
    handler.get(f"/staff/cases/{reference}").press("Neem in behandeling")
    visitor = page_of(school, enter(school, "admin"), "handler").link("Uitzetten")
    assert "1 open verzoek staat nog op deze naam." in visitor.text
    assert reference not in visitor.html
    visitor.press("Uitzetten")
    assert "Het account staat uit" in visitor.text
    assert handler.get("/staff/").h1 == "Inloggen voor medewerkers"
    assert give_password(handler, "handler").status == 422


def test_a_role_is_given_for_a_time_and_ended(school: Flask) -> None:
    visitor = page_of(school, enter(school, "admin"), "officer").link("Rol geven")
    visitor.press("Rol geven", role="director", since="20-11-2026")
    assert "mag niet voorbij zijn" in visitor.text
    visitor.press("Rol geven", role="director", since="1-12-2026", until="30-11-2026")
    assert "De laatste dag ligt voor de eerste" in visitor.text
    visitor.press("Rol geven", role="director", since="1-12-2026", until="31-12-2026")
    assert "De rol is gegeven" in visitor.text
    assert "Directeur alle 01-12-2026 31-12-2026 Admin Komt nog" in visitor.text
    visitor.link("Beëindigen")
    assert visitor.press("Rol beëindigen", when="later", last_day="").status == 422
    visitor.press("Rol beëindigen", when="later", last_day="15-12-2026")
    assert "15-12-2026" in visitor.text
    with school.app_context():
        assert (audited("designate"), audited("end_designation")) == (1, 1)


def test_nobody_changes_the_own_account_and_an_administrator_remains(school: Flask) -> None:
    visitor = page_of(school, enter(school, "admin"), "admin")
    assert "Dit is uw eigen account" in visitor.text
    own = id_of(school, "admin")
    assert "gaat een andere beheerder" in visitor.post(f"/staff/accounts/{own}/disable").text
    with school.app_context():
        other = factories.make_staff("other", Role.ADMINISTRATOR)
    visitor.get(f"/staff/accounts/{other}").link("Beëindigen").press("Rol beëindigen", when="now")
    assert "Het einde van de rol is vastgelegd" in visitor.text


def test_roles_are_reviewed_twice_a_year_and_ended_by_the_administrator(school: Flask) -> None:
    officer = enter(school, "officer").get("/staff/accounts").link("Controle")
    assert "Alles is beoordeeld" not in officer.text, "the factories made the designations long ago"
    assert officer.text.count("Blijft nodig") == 2, "the own role is somebody else's to review"
    assert "Nu beëindigen" not in officer.text
    officer.press("Moet eindigen")
    assert "deze rol moet eindigen" in officer.text
    officer.press("Blijft nodig")
    assert "blijft nodig" in officer.text
    admin = enter(school, "admin").get("/staff/accounts/review")
    assert "Moet eindigen" in admin.text
    before = admin.text.count("Blijft nodig")
    admin.press("Nu beëindigen")
    assert admin.text.count("Blijft nodig") == before - 1
    with school.app_context():
        assert audited("review_access") == 3


def test_the_pages_of_accounts_show_nothing_of_students(school: Flask) -> None:
    with school.app_context():
        student = factories.make_student()
    visitor = enter(school, "admin")
    seen = set()
    for url in ("/staff/accounts", "/staff/accounts/review", f"/staff/accounts/{id_of(school, 'handler')}"):
        seen.add(visitor.get(url).status)
        assert "Hanan" not in visitor.text
    assert seen == {200}
    assert visitor.get("/staff/").url == "/staff/accounts"
    for url in ("/staff/record", "/staff/students?q=hanan", f"/staff/students/{student}"):
        assert visitor.get(url).status == 403


def test_a_colleague_without_the_administrators_role_only_looks(school: Flask) -> None:
    visitor = enter(school, "officer")
    handler = id_of(school, "handler")
    page_of(school, visitor, "handler")
    assert "Uitzetten" not in visitor.text
    for path in ("disable", "link"):
        assert visitor.post_anywhere(f"/staff/accounts/{handler}/{path}").status == 403
        visitor.get("/staff/me")
    for path in ("factor", "designations"):
        assert visitor.get(f"/staff/accounts/{handler}/{path}").status == 403


def test_an_administrator_takes_the_branches_over_from_the_policy(school: Flask) -> None:
    officer = enter(school, "officer").get("/staff/accounts").link("Vestigingen")
    assert "2 vestigingen zijn anders dan in het beleid" in officer.text
    assert "Een beheerder neemt dit over." in officer.text
    visitor = enter(school, "admin").get("/staff/branches")
    assert "nieuw in het beleid" in visitor.text
    assert "Handler" in visitor.text
    visitor.press("Neem over wat in het beleid staat")
    assert "De vestigingen zijn nu gelijk aan het beleid." in visitor.text
    assert "anders dan in het beleid" not in visitor.text
    visitor.get(f"/staff/accounts/{id_of(school, 'handler')}/designations")
    assert "Den Helder" in visitor.text
