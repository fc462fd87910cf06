"""A student's own pages: foreign objects, shared addresses, consents, messages, taking back, a session that ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.vocabulary import RequestKind, Role
from portal.records.db import db
from portal.records.tables.cases import Case, CaseMessage
from portal.records.tables.people import Record
from tests.factories import add_record, make_staff, make_student
from tests.services.cases import opened
from tests.services.test_own_data import statements
from tests.web.visitor import mails, sign_in

EMAIL = "hanan@example.org"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        make_staff("anna", Role.CASE_HANDLER)
        student = make_student(email=EMAIL)
        for activity in ("training", "diploma_valuation"):
            add_record(student, "consent", activity=activity, date="2025-08-20", regulation_version="5.0")
        opened(RequestKind.ACCESS, student)
    return sqlite_app


def reference_of(app: Flask, email_student: bool = True) -> str:
    with app.app_context():
        return db.session.execute(select(Case.reference)).scalars().first() or ""


def test_every_own_page_opens_and_is_small(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    for path in ("", "/requests", "/consents", "/views", f"/requests/{reference_of(app)}"):
        visitor.get(f"/nl/me{path}")
        assert visitor.status == 200
        assert len(visitor.page.ids) == len(set(visitor.page.ids)), "an id stands twice"
        assert len(visitor.page.h1) == 1
        assert visitor.response.headers["Cache-Control"] == "no-store"
        assert len(visitor.html.encode()) < 120_000


def test_a_value_that_looks_like_a_hole_of_the_page_shows_as_it_is(app: Flask) -> None:
    values = "100% %(item)s {place}", "\ue000item\ue001", "<b>\ue000said\ue001</b>"
    with app.app_context():
        make_student(email="omar@example.org", given_names=values[0], initials=values[1], family_name=values[2])
    page = sign_in(app, "omar@example.org").get("/nl/me").html
    assert f"<bdi>{values[0]}</bdi>" in page
    assert f"<bdi>{values[1]}</bdi>" in page
    assert "<bdi>&lt;b&gt;\ue000said\ue001&lt;/b&gt;</bdi>" in page
    left = page.replace(values[1], "").replace("\ue000said\ue001", "")
    assert "\ue000" not in left, "a hole is not filled"


def test_two_hundred_lessons_do_not_make_a_big_page(app: Flask) -> None:
    with app.app_context():
        student = make_student(email="les@example.org")
        for number in range(200):
            add_record(
                student,
                "attendance",
                programme_number="T1",
                lesson_date=f"2025-{number // 28 + 1:02d}-{number % 28 + 1:02d}",
                status="present",
            )
    visitor = sign_in(app, "les@example.org")
    assert len(visitor.html.encode()) < 60_000
    assert "Lessen: 200" in visitor.text
    visitor.link("Bekijk ze allemaal")
    assert "Wij bewaren er 200." in visitor.text
    for _ in range(9):
        visitor.link("Volgende")
    assert "Les 200" in visitor.text
    assert not any("Volgende" in text for _, text in visitor.page.links)


def test_anothers_case_value_and_copy_are_not_found(app: Flask) -> None:
    with app.app_context():
        theirs = make_student(email="omar@example.org")
        foreign = opened(RequestKind.ACCESS, theirs)
        item = db.session.execute(select(Record.item_id).where(Record.student_id == theirs)).scalars().first()
    visitor = sign_in(app, EMAIL)
    visitor.get("/nl/confirm").press("Ga verder", birth_date="2-4-1990", known="1723AB")
    for path in (
        f"requests/{foreign}",
        f"requests/{foreign}/take-back",
        "requests/V-2026-0000000",
        f"value/{item}/bsn",
        f"value/{item}/bsn/wrong",
        f"value/{uuid4()}/bsn",
        "records/no_such/3",
        "records/person/99",
    ):
        assert visitor.get(f"/nl/me/{path}").status == 404, path
    visitor.get("/nl/me")
    for path in (
        f"requests/{foreign}/copy/json",
        f"requests/{foreign}/copy",
        f"requests/{foreign}",
        f"value/{item}/bsn/show",
        f"value/{item}/bsn/ask",
        f"value/{item}/bsn/wrong",
    ):
        assert visitor.get("/nl/me").post(f"/nl/me/{path}", text="x", kind="erasure", value="1").status == 404, path


def test_at_a_shared_address_only_states_and_dates_show_until_it_is_clear_who_it_is(app: Flask) -> None:
    with app.app_context():
        first = make_student(email="samen@example.org", birth_date="1985-00-00")
        second = make_student(email="samen@example.org", birth_date="2008-05-06", given_names="Omar")
        references = [opened(RequestKind.ERASURE, each) for each in (first, second)]
    visitor = sign_in(app, "samen@example.org")
    assert visitor.h1 == "Mijn vragen"
    assert all(reference in visitor.text for reference in references)
    assert "wissen" not in visitor.text
    assert "Omar" not in visitor.html
    assert visitor.get("/nl/me").h1 == "Laat weten wie u bent"
    assert visitor.get(f"/nl/me/requests/{references[1]}").h1 == "Laat weten wie u bent"
    visitor.get("/nl/me").press("Ga verder", birth_date="6-5-2008", known="1723 AB")
    assert visitor.h1 == "Mijn gegevens"
    assert "Omar" in visitor.text
    visitor.get("/nl/me/requests")
    assert references[1] in visitor.text
    assert references[0] not in visitor.text


def test_a_consent_stops_with_one_press_and_says_what_goes_on(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/me/consents")
    assert "U kunt die hier niet stoppen." in visitor.text
    visitor.press("Stop deze toestemming")
    assert "Uw toestemming is nu gestopt." in visitor.text
    assert "Gestopt" in visitor.text
    assert "Wat gaat door?" in visitor.text
    assert len(mails(app, "consent_withdrawn")) == 1
    visitor.post("/nl/me/consents", activity="training")
    assert "Deze toestemming kunt u niet stoppen." in visitor.text
    visitor.link("Bekijk wat wij nog doen")
    assert visitor.h1 == "Toestemming stoppen"


def test_choosing_to_stop_a_consent_leads_a_signed_in_student_to_the_button(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/new").press("Ga verder", kind="withdrawal")
    assert visitor.h1 == "Mijn toestemming"


def test_a_message_sent_twice_is_one_message(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get(f"/nl/me/requests/{reference_of(app)}")
    url, form = visitor.url, next(each for each in visitor.page.forms if "text" in each.names)
    for _ in range(2):
        visitor.client.post(url, data={**form.values, "text": "Hoe <b>lang</b> nog?"})
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(CaseMessage)).scalar_one() == 1
    visitor.get(url)
    assert "Hoe <b>lang</b> nog?" in visitor.text
    assert "<b>lang</b>" not in visitor.html


def test_a_request_is_taken_back_after_asking_once_more(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get(f"/nl/me/requests/{reference_of(app)}")
    visitor.link("Ik wil dit niet meer vragen")
    assert visitor.h1 == "Wilt u deze vraag stoppen?"
    visitor.press("Ja, stop deze vraag")
    assert "U stopte deze vraag" in visitor.text
    assert not any("niet meer vragen" in text for _, text in visitor.page.links)
    assert len(mails(app, "taken_back")) == 1


def test_a_request_that_changed_meanwhile_is_not_taken_back(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get(f"/nl/me/requests/{reference_of(app)}/take-back")
    visitor.press("Ja, stop deze vraag", version="0")
    assert visitor.status == 409
    assert "Dit is intussen veranderd" in visitor.h1


def test_an_impossible_correction_keeps_what_was_typed_and_says_why(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    href = next(href for href, text in visitor.page.links if "Dit klopt niet" in text and "E-mailadres" in text)
    visitor.get(href).press("Ga verder", value="geen adres", words="Ik heb een nieuw adres")
    assert visitor.text.count("Dit is geen e-mailadres.") == 2
    assert 'value="geen adres"' in visitor.html
    assert "Ik heb een nieuw adres" in visitor.html


def test_a_hidden_value_can_be_corrected_without_being_shown(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    href = next(href for href, text in visitor.page.links if "Dit klopt niet" in text and "BSN" in text)
    visitor.get(href)
    assert "Dit is verborgen." in visitor.text
    visitor.press("Ga verder", value="111222333")
    assert visitor.h1 == "Klopt dit?"
    assert "999900006" not in visitor.html
    visitor.press("Stuur mijn vraag")
    assert "Wij gebruiken dit gegeven nu even niet." in visitor.text


@pytest.mark.parametrize(("button", "kind"), [("Wis dit", "erasure"), ("Gebruik dit even niet", "restriction")])
def test_one_value_can_be_erased_or_restricted_from_its_page(app: Flask, button: str, kind: str) -> None:
    visitor = sign_in(app, EMAIL)
    href = next(href for href, text in visitor.page.links if "Laat zien" in text and "BSN" in text)
    visitor.get(href).press(button)
    assert visitor.h1 == "Wat betekent dit?"
    visitor.press("Ik begrijp het").press("Stuur mijn vraag")
    with app.app_context():
        assert kind in db.session.execute(select(Case.kind)).scalars().all()


def test_what_is_typed_when_the_session_ends_is_there_after_signing_in_again(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/new").press("Ga verder", kind="rectification")
    page = visitor.url
    app.extensions["clock"].advance(timedelta(minutes=31))
    visitor.press("Ga verder", words="Mijn naam is fout gespeld")
    assert visitor.h1 == "Uw e-mailadres"
    assert "Log weer in." in visitor.text
    assert "fout gespeld" not in visitor.html
    sign_in(app, EMAIL, visitor)
    assert visitor.url == page
    assert "Mijn naam is fout gespeld" in visitor.html


def test_after_signing_out_the_next_person_opens_no_draft_and_no_receipt(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/new").press("Ga verder", kind="access").press("Ga verder", scope=["all"])
    visitor.press("Stuur mijn vraag")
    receipt = visitor.url
    visitor.press("Uitloggen").get(receipt)
    assert visitor.h1 == "Uw e-mailadres"
    assert "V-2026-" not in visitor.text


def test_a_draft_is_opened_once_when_it_is_sent(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/new").press("Ga verder", kind="access").press("Ga verder", scope=["all"])
    with app.app_context(), statements() as seen:
        visitor.press("Stuur mijn vraag")
    assert "V-2026-" in visitor.text
    assert len([each for each in seen if "FROM draft" in each]) == 2, "the second time for the receipt"


def test_a_complaint_may_name_an_own_request(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/new?kind=complaint").press("Ga verder")
    reference = reference_of(app)
    visitor.press("Ga verder", words="Het duurt te lang", about=reference)
    assert reference in visitor.text
    visitor.press("Stuur mijn klacht")
    with app.app_context():
        complaint = db.session.execute(select(Case).where(Case.kind == "complaint")).scalar_one()
        assert complaint.about_case_id is not None
        assert complaint.student_id is not None


def test_a_value_that_is_kept_already_is_asked_for_again(app: Flask) -> None:
    """On the page of the value and when it is changed once more; what was explained stays."""
    visitor = sign_in(app, EMAIL)
    street = next(href for href, _ in visitor.page.links if href.endswith("/street/wrong"))
    visitor.get(street).press("Ga verder", value=" Kerkplein  24", words="Het klopt niet.")
    assert "Dit staat er nu al. Vul in wat het moet zijn." in visitor.text
    assert "Het klopt niet." in visitor.html
    visitor.press("Ga verder", value="Kerkplein 25")
    assert visitor.h1 == "Klopt dit?"
    visitor.link("Wijzig Wat moet").press("Ga verder", value="Kerkplein 24")
    assert "Dit staat er nu al." in visitor.text


def test_of_a_hidden_value_nobody_learns_whether_they_guessed_it(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    number = next(href for href, _ in visitor.page.links if href.endswith("/bsn/wrong"))
    pages = [visitor.get(number).press("Ga verder", value=value).h1 for value in ("999900006", "999990019")]
    assert pages == ["Klopt dit?"] * 2


def test_the_page_of_a_value_tells_each_purpose_once(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    assert "Waarom:" in visitor.text
    street = next(href for href, _ in visitor.page.links if href.endswith("/street/wrong"))
    visitor.get(street.removesuffix("/wrong"))
    assert visitor.text.count("Waarom hebben wij dit?") == 1
    assert "Waarom:" not in visitor.text
    assert "Tot wanneer:" in visitor.text
