"""The answer reaches the student: on the own page, by case code without data, and as a copy to whom is known well."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask

from portal.domain.lifecycle import Action
from portal.domain.vocabulary import Channel, Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.records.tables.cases import Case
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked, NewCase, move, open_case
from portal.services.own_cases import own_case
from portal.services.unit import writing
from tests.factories import make_student, student_actor
from tests.services import cases
from tests.services.test_own_data import statements
from tests.web.visitor import Visitor, sign_in

EMAIL = "hanan@example.org"


def release(app: Flask) -> str:
    """An access request, granted, searched and released."""
    with app.app_context():
        reference = cases.opened(RequestKind.ACCESS, make_student(email=EMAIL))
        officer = cases.officer()
        cases.decided(reference, officer)
        for step in list(cases.steps_of(reference).values()):
            if step.kind == StepKind.HOLDER:
                finish_step(officer, cases.clock(), reference, step.id, StepState.DONE, "Niets gevonden")
        carry_out(officer, cases.clock(), reference, cases.version_of(reference))
        return reference


def known_well(app: Flask) -> Visitor:
    visitor = sign_in(app, EMAIL)
    return visitor.get("/nl/confirm").press("Ga verder", birth_date="2-4-1990", known="1723AB")


def test_a_refusal_stands_on_the_page_with_its_reason_and_where_to_complain(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        student = make_student(email=EMAIL)
        reference = cases.opened(RequestKind.RECTIFICATION, student, [Asked(TargetKind.WORDS, words="Mijn cijfer")])
        cases.decided(reference, cases.officer(), Outcome.REFUSED, ground="opinion", reason="Wij keken het cijfer na.")
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    assert "Wij keken het cijfer na." in visitor.text
    assert "Autoriteit Persoonsgegevens" in visitor.text
    assert "Nee" in visitor.text
    visitor.link("Dien een klacht in").press("Ga verder").press("Ga verder", words="Ik ben het er niet mee eens")
    assert reference in visitor.text
    visitor.press("Stuur mijn klacht")
    assert "Wij hebben uw klacht" in visitor.h1


def test_the_page_of_a_request_asks_the_databases_once_for_each_thing_it_shows(sqlite_app: Flask) -> None:
    reference = release(sqlite_app)
    visitor = known_well(sqlite_app)
    visitor.get(f"/nl/me/requests/{reference}")
    with sqlite_app.app_context(), statements() as seen:
        visitor.client.get(f"/nl/me/requests/{reference}")
    asked = [statement.partition("\nFROM ")[2].split()[0].strip('"') for statement in seen if "FROM" in statement]
    lines = "case_event"  # and all else that a case has many of
    assert sorted(asked) == sorted(["login", "case", "data_key", lines, "case_step", "case_step"])


def test_by_case_code_the_decision_is_read_without_data(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        street = cases.person_of(student := make_student(email=EMAIL))
        asked = Asked(TargetKind.FIELD, dataset="person", item_id=street, field="street", asked="Dorpsstraat 5")
        new = NewCase(
            kind=RequestKind.RECTIFICATION,
            channel=Channel.PORTAL,
            language="nl",
            received_on=cases.RECEIVED,
            items=(asked,),
            words="Ik woon nu bij Omar",
            student_id=student,
        )
        with writing(student_actor(student), cases.clock()) as work:
            code = open_case(work, new)
            move(work.session.get_one(Case, code.case_id), Action.TAKE)
            work.session.get_one(Case, code.case_id).assured_level = 2
        cases.decided(code.reference, cases.officer(), reason="Uw nieuwe adres klopt.", checked="Dorpsstraat 5")
    visitor = Visitor(sqlite_app).get("/nl/code").press("Bekijk", code=code.code or "")
    assert "Ja" in visitor.text
    for secret in ("Dorpsstraat 5", "Kerkplein 24", "bij Omar", "Al Hassan", EMAIL):
        assert secret not in visitor.html, secret
    own = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{code.reference}")
    assert "Dorpsstraat 5" in own.text


def test_the_copy_goes_only_to_who_is_known_well_enough(sqlite_app: Flask) -> None:
    reference = release(sqlite_app)
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    assert not any("Haal mijn gegevens op" in button for form in visitor.page.forms for button in form.buttons)
    visitor.post(f"/nl/me/requests/{reference}/copy/json")
    assert visitor.h1 == "Laat weten wie u bent"
    visitor.press("Ga verder", birth_date="2-4-1990", known="1723AB")
    visitor.get(f"/nl/me/requests/{reference}").press("Bestand voor de computer")
    assert visitor.response.mimetype == "application/json"
    assert visitor.response.headers["Content-Disposition"] == f"attachment; filename={reference}.json"
    assert "sandbox" in visitor.response.headers["Content-Security-Policy"]
    copy = json.dumps(json.loads(visitor.html))
    assert "Kerkplein 24" in copy
    assert "999900006" not in copy, "level 3 only"


def test_the_copy_is_no_page_to_open_by_a_link(sqlite_app: Flask) -> None:
    reference = release(sqlite_app)
    assert known_well(sqlite_app).get(f"/nl/me/requests/{reference}/copy/json").status == 405


def test_a_copy_that_has_expired_is_made_again(sqlite_app: Flask) -> None:
    reference = release(sqlite_app)
    sqlite_app.extensions["clock"].advance(timedelta(days=15))
    visitor = known_well(sqlite_app).get(f"/nl/me/requests/{reference}")
    assert "Deze kopie is te oud." in visitor.text
    visitor.post(f"/nl/me/requests/{reference}/copy/html")
    assert "Vraag een nieuwe." in visitor.text
    visitor.press("Maak een nieuwe kopie")
    assert "Uw kopie staat weer klaar." in visitor.text
    assert visitor.press("Haal mijn gegevens op").response.mimetype == "text/html"


def test_there_is_no_copy_before_it_is_released(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        reference = cases.opened(RequestKind.ACCESS, make_student(email=EMAIL))
    visitor = known_well(sqlite_app).get(f"/nl/me/requests/{reference}")
    assert "Uw kopie" not in visitor.text
    visitor.post(f"/nl/me/requests/{reference}/copy/json")
    assert "Uw kopie staat nog niet klaar." in visitor.text


@pytest.mark.parametrize("outcome", [Outcome.GRANTED, Outcome.PARTLY])
def test_the_answer_is_there_as_soon_as_it_is_decided(sqlite_app: Flask, outcome: Outcome) -> None:
    with sqlite_app.app_context():
        student = make_student(email=EMAIL)
        reference = cases.opened(RequestKind.COMPLAINT, student, [Asked(TargetKind.WORDS, words="Te laat")])
        more = {} if outcome is Outcome.GRANTED else {"ground": "complaint_unfounded"}
        cases.decided(reference, cases.officer(), outcome, reason="Wij belden u te laat terug.", **more)
        assert own_case(student_actor(student), cases.clock(), reference).outcome is outcome
    visitor = sign_in(sqlite_app, EMAIL).get(f"/nl/me/requests/{reference}")
    assert "Wij belden u te laat terug." in visitor.text
