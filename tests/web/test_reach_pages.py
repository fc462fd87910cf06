"""The pages of address changes, representatives and post, as a person walks them without JavaScript."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.vocabulary import Level, RequestKind, Role
from portal.records.db import db
from portal.records.tables.access import Login
from portal.services.add_representative import Asked, record_representative
from portal.services.representing import Relation
from portal.services.take_case import take
from portal.services.to_post import letters_to_post
from tests import factories
from tests.services import cases
from tests.web.principals import bounced
from tests.web.staff_door import enter
from tests.web.visitor import Visitor, mails, sign_in

OLD, NEW, LAWYER = "old@example.org", "new@example.org", "lawyer@example.org"


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return sqlite_app


def lawyer_for(*kinds: RequestKind) -> Asked:
    today = cases.clock().today()
    facts = {"relation": Relation.LAWYER, "kinds": frozenset(kinds), "ends_on": today, "shown_on": today}
    return Asked("mr. Jansen", LAWYER, **facts)


def student_of(app: Flask, **more) -> UUID:
    with app.app_context():
        return factories.make_student(**{"email": OLD, **more})


def raise_to(app: Flask, level: int) -> None:
    """As if a code by another way than mail had been typed."""
    with app.app_context():
        db.session.execute(Login.__table__.update().where(Login.kind == "student").values(level=level))
        db.session.commit()


def opened(app: Flask, student: UUID) -> Visitor:
    visitor = enter(app, "officer").get(f"/staff/students/{student}")
    reason = visitor.html.split('name="reason" value="')[1].split('"')[0]
    return visitor.press(reason=reason, form=next(i for i, f in enumerate(visitor.page.forms) if "reason" in f.names))


def test_a_student_asks_for_another_address_and_the_old_one_stops_it(school: Flask) -> None:
    student_of(school)
    visitor = sign_in(school, OLD).get("/nl/me/email")
    assert OLD in visitor.text
    assert "email" not in visitor.page.forms[-1].names
    raise_to(school, 3)
    visitor.get("/nl/me/email").press("Verander mijn adres", email="nobody")
    assert "Dit is geen e-mailadres" in visitor.text
    visitor.press("Verander mijn adres", email=NEW)
    assert "30 november 2026" in visitor.text
    assert NEW in visitor.text
    link = "/nl/" + str(mails(school, "email_change_asked")[0]["arguments"]["page"])
    scanner = Visitor(school).get(link)
    assert scanner.status == 200
    assert NEW not in scanner.text
    assert visitor.get("/nl/me/email").status == 200
    assert NEW in visitor.text
    scanner.press("Houd mijn oude adres")
    assert scanner.h1 == "Uw adres blijft zoals het was"
    assert visitor.get("/nl/me/email").url.startswith("/nl/sign-in")


def test_a_guessed_stop_link_says_only_that_it_does_not_work(school: Flask) -> None:
    visitor = Visitor(school).get("/nl/stop-email/guess")
    assert visitor.h1 == "Deze link werkt niet"


def test_at_the_desk_the_address_works_at_once_and_silence_needs_a_reason(school: Flask) -> None:
    student = student_of(school)
    visitor = opened(school, student).link("E-mailadres")
    fields = {"email": NEW, "where": "desk", "way": "show_id_at_desk", "silent": "y"}
    visitor.press("Adres vastleggen", **fields)
    assert visitor.status == 422
    assert "Schrijf waarom het oude adres geen bericht krijgt" in visitor.text
    visitor.press("Adres vastleggen", **fields, reason="De ex-partner leest mee.")
    assert "Het nieuwe adres geldt vanaf 23-11-2026" in visitor.text
    assert OLD not in {each["to"] for each in mails(school)}
    assert [each["to"] for each in mails(school, "email_new")] == [NEW]
    visitor.press("Voortaan per post", why="Het postvak is vol.")
    assert "alles gaat per post" in visitor.text


def test_without_a_stated_reason_the_pages_about_a_student_lead_to_the_question_why(school: Flask) -> None:
    student = student_of(school)
    visitor = enter(school, "officer")
    for page in ("contact", "representatives", "representatives/new"):
        assert "Waarom opent u dit dossier?" in visitor.get(f"/staff/students/{student}/{page}").text
        assert OLD not in visitor.text


def test_a_parent_of_a_grown_student_is_refused_with_the_day_as_it_is_written_here(school: Flask) -> None:
    student = student_of(school, birth_date="1990-04-02")
    visitor = opened(school, student).link("Vertegenwoordigers").link("Vertegenwoordiger opschrijven")
    visitor.press(
        "Vastleggen", name="K. Hassan", relation="parent", email=LAWYER, kinds=["access"], shown_on="20-11-2026"
    )
    assert "Een ouder mag tot en met 01-04-2006" in visitor.text


def test_a_lawyer_is_written_down_files_follows_and_is_seen_and_ended_by_the_student(school: Flask) -> None:
    student = student_of(school)
    visitor = opened(school, student).link("Vertegenwoordigers").link("Vertegenwoordiger opschrijven")
    visitor.press(
        "Vastleggen", name="mr. Jansen", relation="lawyer", email=LAWYER, kinds=["access"], shown_on="20-11-2026"
    )
    assert "mr. Jansen" in visitor.text
    assert "getoond op" in visitor.text
    lawyer = sign_in(school, LAWYER)
    assert "U doet dit voor: Hanan Al Hassan" in lawyer.text
    for page in ("/nl/me", "/nl/me/views", "/nl/me/consents", "/nl/me/helpers", "/nl/me/email"):
        assert lawyer.get(page).status == 403, page
    lawyer.get("/nl/new")
    assert "Er staat iets fout" not in lawyer.text
    lawyer.press("Ga verder", kind="access")
    lawyer.press(scope=["all"])
    lawyer.press("Stuur mijn vraag")
    assert lawyer.get("/nl/me/requests").status == 200
    assert "Gegevens zien" in lawyer.text
    lawyer.link("Gegevens zien")
    assert lawyer.status == 200
    me = sign_in(school, OLD).get("/nl/me/helpers")
    assert "mr. Jansen" in me.text
    assert "Iemand vroeg dit voor u." in me.text
    me.press("Stop dit nu")
    assert "Gestopt" in me.text
    assert lawyer.get("/nl/me/requests").url.startswith("/nl/sign-in")


def test_a_representative_reads_what_the_request_waits_for_and_mends_it(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        officer = factories.staff_actor(db.session.execute(select_officer()).scalar())
        record_representative(officer, cases.clock(), student, lawyer_for(RequestKind.ACCESS))
    lawyer = sign_in(school, LAWYER).get("/nl/new").press("Ga verder", kind="access").press(scope=["all"])
    assert "Voor wie? Hanan Al Hassan" in lawyer.text
    lawyer.press("Stuur mijn vraag").link("Bekijk mijn vraag")
    page, reference = lawyer.url, lawyer.url.rpartition("/")[2]
    assert "Wij kregen uw vraag." in lawyer.text
    with school.app_context():
        take(officer, cases.clock(), reference)
        cases.decided(reference, officer)
    for said in ("Wij moeten zeker weten dat u het bent.", "Daarna maken wij uw kopie."):
        assert said in lawyer.get(page).text
    assert "Wij maken uw kopie." not in lawyer.text
    me = sign_in(school, OLD).get(page)
    me.link("Laat weten wie u bent").press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    assert "Iemand vroeg dit voor u." in me.text
    assert "Vroeg u dit zelf?" not in me.text
    lawyer.get(page).link("Laat weten wie u bent").press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    assert lawyer.url == page
    assert "Wij maken uw kopie." in lawyer.text
    assert "Ja, dit wil ik ook" not in me.get(page).text


def test_whoever_acts_for_another_comes_from_the_start_page_to_the_others_requests(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        officer = factories.staff_actor(db.session.execute(select_officer()).scalar())
        record_representative(officer, cases.clock(), student, lawyer_for(RequestKind.ACCESS))
    lawyer = Visitor(school).get("/nl/").link("Mijn gegevens zien").press("Stuur", email=LAWYER)
    code = next(str(mail["arguments"]["code"]) for mail in reversed(mails(school, "sign_in")))
    assert lawyer.press(code=code).h1 == "Vragen voor een ander"


def test_the_student_is_asked_for_proof_first_and_comes_back_to_say_yes(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        officer = factories.staff_actor(db.session.execute(select_officer()).scalar())
        asked = replace(lawyer_for(RequestKind.ACCESS), shown_on=None)
        record_representative(officer, cases.clock(), student, asked)
    me = sign_in(school, OLD).get("/nl/me/helpers").link("Laat weten wie u bent")
    me.press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    assert me.url == "/nl/me/helpers"
    assert "Deze persoon mag nu voor u vragen." in me.press("Ja, deze persoon mag dit").text


def test_the_student_names_a_helper_at_level_two(school: Flask) -> None:
    student_of(school)
    visitor = sign_in(school, OLD).get("/nl/me/helpers/new")
    visitor.press("Ga verder", birth_date="2-4-1990", known="1723AB")
    visitor.press(
        "Deze persoon mag dit", name="Omar", relation="family", email="omar@example.org", ends_on="31-12-2030"
    )
    assert "Kies wat deze persoon mag." in visitor.text
    visitor.press("Deze persoon mag dit", kinds=["access"], ends_on="٣١-١٢-٢٠٢٦")
    assert "Mag nu voor u vragen" in visitor.text
    assert sign_in(school, "omar@example.org").h1 == "Vragen voor een ander"


def test_a_code_that_asks_to_sign_in_first_is_offered_only_to_who_can(school: Flask) -> None:
    for email, offered in ((OLD, True), (None, False)):
        student = student_of(school, email=email)
        with school.app_context():
            reference = cases.opened(RequestKind.ACCESS, student, level=Level.ADDRESS)
        visitor = opened(school, student)
        assert ("Identiteitsbewijs gezien" in visitor.text) is offered
        visitor.get(f"/staff/cases/{reference}")
        assert ("Identiteitsbewijs gezien" in visitor.text) is offered
        assert "Vaststellen" in visitor.text


def test_who_has_no_mail_gets_every_letter_by_post_and_the_day_counts(school: Flask) -> None:
    student = student_of(school, email=None)
    with school.app_context():
        reference = cases.opened(RequestKind.PORTABILITY, student)
        officer = factories.staff_actor(db.session.execute(select_officer()).scalar())
        due = [(each.letter.value, each.reference) for each in letters_to_post(officer, cases.clock())]
    assert due == [("receipt", reference)]
    visitor = enter(school, "officer").get("/staff/post")
    assert "De ontvangstbevestiging" in visitor.text
    assert "Kerkplein" not in visitor.text
    visitor.press("Print de brief")
    assert visitor.response.mimetype == "application/pdf"
    assert visitor.response.data.startswith(b"%PDF")
    assert visitor.get("/staff/post").press("Papier met nieuwe code").response.mimetype == "application/pdf"
    visitor.get("/staff/post").link("Gepost op").press("Vastleggen")
    assert visitor.url == "/staff/post"
    assert "De ontvangstbevestiging" not in visitor.text
    with school.app_context():
        cases.decided(reference, officer)
    visitor.get("/staff/post")
    assert "Het antwoord" in visitor.text
    visitor.press("Print de brief")
    assert visitor.response.data.startswith(b"%PDF")
    visitor.get("/staff/post").link("Gepost op").press("Vastleggen", on="23-11-2026")
    with school.app_context():
        assert cases.steps_of(reference)["post", "answer"].state == "done"
        assert mails(school) == [each for each in mails(school) if str(each["kind"]).startswith("staff")]


def test_a_notice_that_did_not_arrive_is_on_the_list_until_it_was_told(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        bounced(school, student)
    visitor = enter(school, "officer").get("/staff/post")
    assert "Nog zelf te vertellen" in visitor.text
    assert "Hanan Al Hassan" in visitor.text
    visitor.press("Dit is verteld")
    assert "Vastgelegd dat dit is verteld." in visitor.text
    assert "Nog zelf te vertellen" not in visitor.text


def select_officer():
    from portal.records.tables.access import Staff

    return select(Staff.id).where(Staff.username == "officer")
