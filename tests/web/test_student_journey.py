"""A student signs in, reads the own data, asks to mend a value, and follows the request."""

from __future__ import annotations

from flask import Flask

from tests.factories import make_student
from tests.web.visitor import Visitor, mails, sign_in


def student(app: Flask, **values: object) -> str:
    email = str(values.pop("email", "hanan@example.org"))
    with app.app_context():
        make_student(email=email, **values)  # type: ignore[arg-type]
    return email


def test_a_student_mends_a_value_from_its_own_page_in_at_most_seven_pages(sqlite_app: Flask) -> None:
    visitor = sign_in(sqlite_app, student(sqlite_app))
    assert visitor.h1 == "Mijn gegevens"
    assert "Kerkplein 24" in visitor.text
    href = next(href for href, text in visitor.page.links if "Dit klopt niet" in text and "Adres" in text)
    visitor.get(href)
    assert "Adres" in visitor.h1
    visitor.press("Ga verder", value="Dorpsstraat 5")
    assert visitor.h1 == "Klopt dit?"
    assert "Dorpsstraat 5" in visitor.text
    assert "Kerkplein 24" in visitor.text
    visitor.press("Stuur mijn vraag")
    assert "Wij hebben uw vraag" in visitor.h1
    assert "21 december 2026" in visitor.text
    assert "21-12-2026" in visitor.text
    reference = next(word for word in visitor.text.split() if word.startswith("V-2026-"))
    visitor.link("Bekijk mijn vraag")
    assert visitor.status == 200
    assert "Dorpsstraat 5" in visitor.text, "what was asked, word for word"
    assert reference in visitor.text
    assert "Even niet gebruikt" in Visitor.get(visitor, "/nl/me").text
    assert [mail["kind"] for mail in mails(sqlite_app) if mail["to"] == "hanan@example.org"][-1] == "receipt"
