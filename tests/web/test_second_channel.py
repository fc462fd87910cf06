"""A second channel as a browser meets it: the student asks, staff act, the student types the code."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.domain.permissions import ANONYMOUS
from portal.domain.vocabulary import Channel, Level, RequestKind, Role, TargetKind
from portal.records.tables.cases import Case
from portal.services import limits
from portal.services.casework import Asked, NewCase, open_case
from portal.services.unit import writing
from tests import factories
from tests.services.cases import case_of, events_of
from tests.services.second_channels import Printed, wrong
from tests.services.uploads import PICTURE
from tests.web.staff_door import enter
from tests.web.visitor import Visitor, mails, sign_in

EMAIL = "hanan@example.org"
BSN = "999900006"


@pytest.fixture
def student(sqlite_app: Flask) -> UUID:
    with sqlite_app.app_context():
        factories.make_staff("mdeboer", Role.CASE_HANDLER)
        return factories.make_student(email=EMAIL, phone="+31687654321")


def staff(app: Flask) -> Visitor:
    return enter(app, "mdeboer")


def open_request(app: Flask, student: UUID, level: Level, kind: RequestKind = RequestKind.ERASURE) -> str:
    """An open request about everything."""
    with app.app_context(), writing(ANONYMOUS, app.extensions["clock"]) as work:
        opened = open_case(
            work,
            NewCase(
                kind,
                Channel.PORTAL,
                "nl",
                work.today,
                (Asked(TargetKind.EVERYTHING),),
                student_id=student,
            ),
        )
        work.session.get_one(Case, opened.case_id).assured_level = int(level)
        return opened.reference


def ask_to_see_the_bsn(app: Flask) -> Visitor:
    """A student at level 1 who presses "show" on what is extra private."""
    visitor = sign_in(app, EMAIL)
    href = next(href for href, said in visitor.page.links if "Laat zien" in said and "BSN" in said)
    return visitor.get(href).press("Laat zien")


def test_the_page_that_asks_for_more_says_why_and_names_the_lightest_way_first(sqlite_app: Flask, student) -> None:
    visitor = ask_to_see_the_bsn(sqlite_app)
    assert visitor.h1 == "Dit is extra privé"
    assert "Wij moeten zeker weten dat u het bent." in visitor.text
    ways = ["Een brief met een code", "Wij bellen u", "Kom naar kantoor"]
    places = [visitor.text.index(way) for way in ways]
    assert places == sorted(places)
    assert BSN not in visitor.html
    assert "31687654321" not in visitor.html


def test_a_call_back_from_the_question_to_the_revealed_value(sqlite_app: Flask, student) -> None:
    visitor = ask_to_see_the_bsn(sqlite_app).press("Bel mij")
    assert visitor.h1 == "Vul uw code in"
    assert "Wij bellen u als het kantoor open is." in visitor.text
    desk = staff(sqlite_app).link("Wie is het?")
    assert "Terugbellen" in desk.text
    desk.link("Hanan Al Hassan")
    assert "31687654321" not in desk.html
    desk.press("Toon het telefoonnummer")
    assert "+31687654321" in desk.html
    desk.press("Maak een code")
    assert desk.h1 == "Lees deze code voor"
    spoken = re.search(r'spoken-code"><bdi dir="ltr">(\d{4} \d{4})<', desk.html)
    assert spoken
    code = spoken[1]
    visitor.press("Ga verder", code=wrong(code))
    assert "Deze code klopt niet." in visitor.text
    visitor.press("Ga verder", code=code)
    assert "Wij weten nu zeker wie u bent." in visitor.text
    assert BSN not in visitor.html  # a press shows it, and the log tells of it
    visitor.press("Laat zien")
    assert BSN in visitor.html
    visitor.get("/nl/me/views")
    assert "Wij wilden zeker weten wie u bent." in visitor.text
    visitor.get("/nl/me")
    assert BSN not in visitor.html
    assert desk.link("Klaar").text.count("Gebruikt") == 1
    visitor.get("/nl/confirm/code").press("Ga verder", code=code)
    assert "Deze code werkt niet." in visitor.text


def test_after_half_an_hour_the_press_asks_again(sqlite_app: Flask, student, monkeypatch) -> None:
    printed = Printed(monkeypatch)
    visitor = ask_to_see_the_bsn(sqlite_app)
    desk = staff(sqlite_app).get(f"/staff/students/{student}/desk")
    assert desk.h1 == "Identiteitsbewijs gezien"
    desk.press("Vastleggen en papier printen", on="23-11-2026")
    assert "Zet een vinkje" in desk.text
    desk.press("Vastleggen en papier printen", on="23-11-2026", seen="y")
    assert desk.response.mimetype == "application/pdf"
    assert desk.response.headers["Cache-Control"] == "no-store"
    assert desk.response.headers["Content-Security-Policy"].startswith("sandbox")
    visitor.link("Vul uw code in").press("Ga verder", code=printed.code)
    clock = sqlite_app.extensions["clock"]
    clock.advance(timedelta(minutes=29))
    assert BSN in visitor.press("Laat zien").html
    clock.advance(timedelta(minutes=2))
    visitor.link("Terug")
    href = next(href for href, said in visitor.page.links if "Laat zien" in said and "BSN" in said)
    visitor.get(href).press("Laat zien")
    assert visitor.h1 == "Dit is extra privé"
    assert BSN not in visitor.html


def test_a_letter_is_asked_printed_and_posted_and_its_code_works(sqlite_app: Flask, student, monkeypatch) -> None:
    printed = Printed(monkeypatch)
    visitor = ask_to_see_the_bsn(sqlite_app).press("Stuur mij een brief")
    assert "Wij maken uw brief klaar." in visitor.text
    desk = staff(sqlite_app).link("Wie is het?").link("Hanan Al Hassan")
    page = desk.url
    assert "Print eerst de brief." in desk.press("Vastleggen").text
    desk.get(page).press("Print de brief")
    assert desk.response.mimetype == "application/pdf"
    desk.get(page).press("Vastleggen", on="24-11-2026")
    assert "Kies een dag" in desk.text
    desk.press("Vastleggen", on="23-11-2026")
    assert "Vastgelegd dat de brief is gepost." in desk.text
    visitor.get("/nl/confirm?level=3")
    assert "Uw brief is onderweg." in visitor.text
    visitor.link("Vul uw code in").press("Ga verder", code=printed.code)
    assert "Wij weten nu zeker wie u bent." in visitor.text


def test_who_follows_the_square_signs_in_first_and_comes_back_to_the_code(sqlite_app: Flask, student) -> None:
    visitor = Visitor(sqlite_app).get("/nl/confirm/code")
    assert visitor.h1 == "Uw e-mailadres"
    sign_in_here(sqlite_app, visitor)
    assert visitor.h1 == "Vul uw code in"


def sign_in_here(app: Flask, visitor: Visitor) -> None:
    visitor.press("link", email=EMAIL)
    arguments = mails(app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    visitor.press("Inloggen", code=str(arguments["code"]))


def test_level_two_falls_back_on_the_other_ways_where_nothing_can_be_asked(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_student(email=EMAIL, birth_date="")
    visitor = sign_in(sqlite_app, EMAIL).get("/nl/confirm?level=2")
    assert visitor.h1 == "Laat weten wie u bent"
    assert "Een brief met een code" in visitor.text
    assert "geboortedatum" not in visitor.text


@pytest.mark.parametrize("typed", ["", "1234", "123456789", "abcdefgh"])
def test_what_cannot_be_a_code_costs_no_try(sqlite_app: Flask, student, typed: str) -> None:
    visitor = sign_in(sqlite_app, EMAIL).get("/nl/confirm/code").press("Ga verder", code=typed)
    assert visitor.status == 200
    assert "Vul de code in." in visitor.text or "Een code heeft 8 cijfers." in visitor.text


def test_a_request_filed_without_signing_in_becomes_sure_by_saying_so(sqlite_app: Flask, student) -> None:
    reference = open_request(sqlite_app, student, Level.NONE)
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    assert "Vroeg u dit zelf?" in visitor.text
    visitor.press("Ja, dit vroeg ik")
    assert "Nu kunnen wij verder met uw vraag." in visitor.text
    assert "Vroeg u dit zelf?" not in visitor.text
    with sqlite_app.app_context():
        assert (case_of(reference).assured_level, case_of(reference).assured_how) == (1, "claimed")


def test_the_page_of_a_request_says_that_more_is_needed_and_leads_to_the_lightest_way(
    sqlite_app: Flask, student
) -> None:
    reference = open_request(sqlite_app, student, Level.ADDRESS, RequestKind.RESTRICTION)
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    assert "Daarna kunnen wij verder met uw vraag." in visitor.text
    visitor.link("Laat weten wie u bent")
    assert visitor.h1 == "Laat weten wie u bent"
    visitor.press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    assert visitor.url == f"/nl/me/requests/{reference}"
    assert "Daarna kunnen wij verder" not in visitor.text
    with sqlite_app.app_context():
        assert (case_of(reference).assured_level, case_of(reference).assured_how) == (2, "own_knowledge")


def test_a_new_paper_with_the_code_of_a_case_comes_from_its_page(sqlite_app: Flask, student) -> None:
    reference = open_request(sqlite_app, student, Level.ADDRESS)
    desk = staff(sqlite_app).get(f"/staff/cases/{reference}").press("Papier met nieuwe code")
    assert desk.response.mimetype == "application/pdf"
    assert desk.response.data.startswith(b"%PDF-")
    assert reference in desk.response.headers["Content-Disposition"]


def test_the_last_resort_from_the_reason_to_the_wiped_picture(sqlite_app: Flask, student) -> None:
    reference = open_request(sqlite_app, student, Level.ADDRESS)
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}/upload")
    assert "U hoeft hier niets te sturen." in visitor.text
    desk = staff(sqlite_app).get(f"/staff/cases/{reference}").link("laatste mogelijkheid")
    desk.press("Laat de cursist een kopie sturen", reason="")
    assert "Schrijf de reden op." in desk.text
    desk.press("Laat de cursist een kopie sturen", reason="Woont in het buitenland zonder telefoon.")
    visitor.get(f"/nl/me/requests/{reference}").link("Stuur een foto")
    assert "Leg een papiertje op uw foto." in visitor.text
    assert visitor.html.count("/static/mask-") == 3
    visitor.press("Stuur de foto")
    assert "Kies een bestand." in visitor.text
    assert "Bedek eerst uw BSN en uw foto." in visitor.text
    send(visitor, b"MZ no picture", "pas.exe")
    assert "Stuur een PDF, een JPEG of een PNG." in visitor.text
    with pytest.MonkeyPatch.context() as none:
        none.setitem(limits.LIMITS, "upload", limits.Limit(0, timedelta(hours=1), "none at all"))
        send(visitor, PICTURE, "pas.jpg")
        assert visitor.status == 429
    visitor.get(f"/nl/me/requests/{reference}/upload")
    send(visitor, PICTURE, "pas.jpg")
    assert "Wij hebben uw foto." in visitor.text
    assert "Wij hebben uw foto." in visitor.get(f"/nl/me/requests/{reference}").text
    assert "Dat sprak u af met de school." not in visitor.text
    desk.get(f"/staff/cases/{reference}")
    assert "Bekijk de kopie van het bewijs" in desk.text
    desk.link("Kopie bekijken")
    assert "geboren in 1990" in desk.text
    assert "/upload/" not in "".join(re.findall(r'<img[^>]+src="([^"]+)"', desk.html))
    desk.link("Bekijk bladzijde 1")
    shown = next(iter(re.findall(r'<img[^>]+src="([^"]+)"', desk.html)))
    page = desk.client.get(shown)
    assert page.mimetype == "image/jpeg"
    assert page.headers["Content-Security-Policy"].startswith("sandbox")
    assert page.headers["Content-Disposition"].startswith("attachment")
    desk.press("Besluit en wis de kopie", accept="yes", reason="Naam en geboortedatum kloppen.")
    assert "De kopie is gewist." in desk.text
    assert desk.client.get(shown).status_code == 404
    with sqlite_app.app_context():
        assert case_of(reference).assured_level == 3
        assert "upload_accepted" in events_of(reference)
    assert "Wij keken naar uw foto. Hij is gewist." in visitor.get(f"/nl/me/requests/{reference}").text


def send(visitor: Visitor, content: bytes, name: str) -> None:
    """Sends a file by the form on the page."""
    form = next(form for form in visitor.page.forms if "file" in form.names)
    data = {key: values[0] for key, values in form.values.items() if key != "file"}
    data |= {"covered": "y", "file": (io.BytesIO(content), name)}
    visitor._read(visitor.client.post(visitor.url, data=data, follow_redirects=True))


def test_who_holds_the_code_of_the_case_can_send_the_copy_too(sqlite_app: Flask, student) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        with writing(ANONYMOUS, sqlite_app.extensions["clock"]) as work:
            new = NewCase(RequestKind.ACCESS, Channel.PORTAL, "nl", work.today, student_id=student)
            opened = open_case(work, new)
    desk = enter(sqlite_app, "officer").get(f"/staff/cases/{opened.reference}/upload")
    desk.press("Laat de cursist een kopie sturen", reason="Er is geen e-mail, telefoon of adres.")
    visitor = Visitor(sqlite_app).get("/nl/code").press("", code=opened.code)
    visitor.link("Stuur een foto")
    send(visitor, PICTURE, "pas.jpg")
    assert "Wij hebben uw foto." in visitor.text
    assert "Wij wissen het uiterlijk op" in visitor.text
