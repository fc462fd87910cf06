"""Signing in, proving more, signing out, as a browser meets it."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.factories import make_student
from tests.web.visitor import Visitor, mails, sign_in

EMAIL = "hanan@example.org"


@pytest.fixture
def app(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        make_student(email=EMAIL)
    return sqlite_app


def link_in_mail(app: Flask) -> str:
    arguments = mails(app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    return str(arguments["path"])


def test_a_known_and_an_unknown_address_get_the_same_answer(app: Flask) -> None:
    pages = []
    for email in (EMAIL, "ghost@example.org"):
        visitor = Visitor(app).get("/nl/sign-in").press("link", email=email)
        pages.append((visitor.status, visitor.url, re.sub(r'value="[^"]{40,}"', "", visitor.html)))
    assert pages[0] == pages[1]
    assert "Kijk in uw e-mail" in pages[0][2]


def test_the_mailed_link_shows_a_button_and_only_the_button_signs_in(app: Flask) -> None:
    visitor = Visitor(app).get("/nl/sign-in").press("link", email=EMAIL)
    for _ in range(3):
        visitor.get(link_in_mail(app))
        assert visitor.h1 == "Inloggen"
    visitor.press("log mij in")
    assert visitor.h1 == "Mijn gegevens"
    assert "U blijft ingelogd tot" in visitor.text
    visitor.get(link_in_mail(app))
    assert "al gebruikt" in visitor.text
    assert "Vraag een nieuwe link" in visitor.text


def test_a_scanner_that_opens_and_submits_everything_neither_gets_in_nor_burns_the_link(app: Flask) -> None:
    person = Visitor(app).get("/nl/sign-in").press("link", email=EMAIL)
    path = link_in_mail(app)
    scanner = Visitor(app, "203.0.113.9")
    scanner.client.head(path)
    scanner.get(path)
    assert "andere browser" in scanner.text
    for form in list(scanner.page.forms):
        scanner.client.post(form.action or path, data=form.values)
    assert scanner.client.post(path).status_code == 400
    assert scanner.post_anywhere(path).status == 200
    assert scanner.get("/nl/me").h1 == "Uw e-mailadres"
    assert person.get(path).press("log mij in").h1 == "Mijn gegevens"


def test_a_link_opened_elsewhere_says_why_and_the_code_works_where_it_was_asked(app: Flask) -> None:
    asking = Visitor(app).get("/nl/sign-in").press("link", email=EMAIL)
    phone = Visitor(app).get(link_in_mail(app))
    assert "U opent deze link in een andere browser." in phone.text
    arguments = mails(app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    code = str(arguments["code"])
    assert "Deze code werkt niet meer" in phone.get("/nl/sign-in/code").press("Inloggen", code=code).text
    assert asking.get("/nl/sign-in/code").press("Inloggen", code=f"{code[:4]} {code[4:]}").h1 == "Mijn gegevens"


def test_a_wrong_code_is_refused_in_words_and_the_sixth_time_a_new_one_is_offered(app: Flask) -> None:
    visitor = Visitor(app).get("/nl/sign-in").press("link", email=EMAIL)
    for _ in range(4):
        visitor.press("Inloggen", code="0000 0000")
        assert "Deze code klopt niet." in visitor.text
        assert 'value="0000 0000"' in visitor.html
    assert "Vraag een nieuwe code." in visitor.press("Inloggen", code="00000000").text
    assert "Een code heeft 8 cijfers." in visitor.press("Inloggen", code="12").text
    assert "Fout:" in visitor.html


@pytest.mark.parametrize("typed", ["", "geen adres", "a@b", "a b@c.nl", "@example.org", "x" * 300 + "@example.org"])
def test_what_cannot_be_an_address_is_said_and_kept(app: Flask, typed: str) -> None:
    visitor = Visitor(app).get("/nl/sign-in").press("link", email=typed)
    assert "Er gaat iets niet goed" in visitor.text
    assert f'value="{typed}"' in visitor.html
    assert mails(app) == []


def test_after_signing_in_one_is_where_one_wanted_to_go(app: Flask) -> None:
    visitor = Visitor(app).get("/nl/me/consents")
    assert visitor.h1 == "Uw e-mailadres"
    assert "Daarna gaat u verder" in visitor.text
    visitor.press("link", email=EMAIL).get(link_in_mail(app)).press("log mij in")
    assert visitor.h1 == "Mijn toestemming"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_way_leads_outside_after_signing_in(app: Flask, target: str) -> None:
    visitor = Visitor(app).get(f"/nl/sign-in?next={target}").press("link", email=EMAIL)
    assert visitor.get(link_in_mail(app)).press("log mij in").url == "/nl/me"


def test_signing_out_kills_a_copied_cookie(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    visitor.press("Uitloggen")
    assert "U bent uitgelogd." in visitor.text
    thief = Visitor(app)
    thief.client.set_cookie("session", cookie.value)
    assert thief.get("/nl/me").h1 == "Uw e-mailadres"


def test_more_proof_opens_what_was_hidden_and_wrong_answers_do_not(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    assert "1723 AB" not in visitor.html
    visitor.link("Laat weten wie u bent")
    visitor.press("Ga verder", birth_date="2-4-1991", known="1723 AB")
    assert "Dit klopt niet met onze gegevens." in visitor.text
    assert 'value="2-4-1991"' in visitor.html
    visitor.press("Ga verder", birth_date="31-31-1990", known="")
    assert "Deze geboortedatum bestaat niet." in visitor.text
    assert "Vul uw postcode of uw cursistnummer in." in visitor.text
    visitor.press("Ga verder", birth_date="٢-٤-١٩٩٠", known="1723 ab")
    assert visitor.h1 == "Mijn gegevens"
    assert "1723 AB" in visitor.html
    assert "999900006" not in visitor.html


def test_answering_too_often_is_stopped_for_this_session(app: Flask) -> None:
    visitor = sign_in(app, EMAIL).get("/nl/confirm?level=2")
    for _ in range(5):
        visitor.press("Ga verder", birth_date="2-4-1991", known="1723 AB")
    visitor.press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    assert visitor.status == 429
    assert "U probeerde het te vaak" in visitor.h1


def test_what_is_extra_private_is_explained_honestly_and_not_shown(app: Flask) -> None:
    visitor = sign_in(app, EMAIL)
    visitor.get("/nl/confirm?level=2").press("Ga verder", birth_date="2-4-1990", known="1723 AB")
    href = next(href for href, text in visitor.page.links if "Laat zien" in text and "BSN" in text)
    visitor.get(href)
    assert "999900006" not in visitor.html
    visitor.press("Laat zien")
    assert visitor.h1 == "Dit is extra privé"
    assert "Een brief met een code" in visitor.text
    assert "Kom naar kantoor" in visitor.text
    assert "999900006" not in visitor.html
