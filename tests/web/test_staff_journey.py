"""Staff at work, on the pages alone: signing in, queue, case, decision, carrying out."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import Flask

from portal.domain.vocabulary import Channel, Level, RequestKind, Role, TargetKind
from portal.records.tables.cases import Case
from portal.services.casework import Asked, Contact, NewCase, open_case
from portal.services.deliver_mail import deliver
from portal.services.erasures import COOLING
from portal.services.unit import writing
from tests import factories
from tests.mail.posts import Line
from tests.services.cases import case_of, events_of, person_of, values_of
from tests.web.staff_door import enter
from tests.web.visitor import mails

RECEIVED = date(2026, 11, 9)


def new_case(
    app: Flask,
    kind: RequestKind,
    student: UUID | None,
    *items: Asked,
    level: Level = Level.SECOND_CHANNEL,
    received_on: date = RECEIVED,
    contact: Contact | None = None,
) -> str:
    with app.app_context(), writing(factories.SYSTEM, app.extensions["clock"]) as work:
        opened = open_case(
            work,
            NewCase(kind, Channel.PORTAL, "nl", received_on, items, student_id=student, contact=contact or Contact()),
        )
        work.session.get_one(Case, opened.case_id).assured_level = int(level)
        return opened.reference


def test_a_handler_decides_a_rectification_and_the_record_changes(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("mdeboer", Role.CASE_HANDLER)
        student = factories.make_student()
        asked = Asked(TargetKind.FIELD, "person", person_of(student), "street", asked="Dorpsstraat 1", current="x")
    reference = new_case(sqlite_app, RequestKind.RECTIFICATION, student, asked)
    visitor = enter(sqlite_app, "mdeboer")
    assert visitor.h1 == "Verzoeken"
    assert "Hanan Al Hassan" in visitor.text
    assert "nog 14 dagen" in visitor.text
    visitor.link(reference)
    assert "Neem de zaak in behandeling" in visitor.text
    visitor.press("Neem in behandeling")
    assert "De zaak staat op uw naam" in visitor.text
    visitor.link("Besluit nemen")
    visitor.press("Besluit nemen", outcome_0="granted", checked_0="Dorpsstraat 11").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    assert [mail["kind"] for mail in mails(sqlite_app) if mail["kind"] == "decided"]
    assert "Dorpsstraat 11" in visitor.link("Antwoord lezen").text
    visitor.link("Terug").press("Voer uit in het portaal")
    assert "Het portaal heeft zijn deel uitgevoerd" in visitor.text
    with sqlite_app.app_context():
        assert values_of(student, "person")[0]["street"] == "Dorpsstraat 11"
    while any("Afvinken" in text for _, text in visitor.page.links):
        visitor.link("Afvinken").press("Stap bewaren", state="done", note="Gedaan")
    assert "Er is niets meer te doen" in visitor.text
    with sqlite_app.app_context():
        assert case_of(reference).state == "closed"


def test_an_erasure_needs_a_second_person_with_a_fresh_sign_in(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        factories.make_staff("director", Role.DIRECTOR)
        student = factories.make_student(last_programme_ended=date(2020, 1, 1))
        factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    reference = new_case(sqlite_app, RequestKind.ERASURE, student, Asked(TargetKind.EVERYTHING))
    officer = enter(sqlite_app, "officer").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    officer.link("Besluit nemen").press("Besluit nemen", outcome_0="granted").press("Verstuur")
    assert "Wacht op goedkeuring" in officer.text
    officer.link("Plan bekijken")
    assert "Iemand anders moet dit goedkeuren" in officer.text
    director = enter(sqlite_app, "director")
    sqlite_app.extensions["clock"].advance(timedelta(minutes=20))
    director.get(f"/staff/cases/{reference}/approve").press("Ik keur dit wissen goed")
    assert director.h1 == "Bent u het nog?"
    director.press("Verder", password=factories.PASSWORD)
    assert director.h1 == "Wissen goedkeuren"
    director.press("Ik keur dit wissen goed")
    assert "Het wissen is goedgekeurd" in director.text
    assert "Laat het de cursist eerst weten" in director.text
    with sqlite_app.app_context():
        deliver(sqlite_app.extensions["clock"], Line())
    assert "de cursist kan het wissen nog stoppen" in director.get(f"/staff/cases/{reference}").text
    sqlite_app.extensions["clock"].advance(COOLING)
    director = enter(sqlite_app, "director").get(f"/staff/cases/{reference}").press("Voer uit in het portaal")
    with sqlite_app.app_context():
        assert "erased" in events_of(reference)
        assert values_of(student, "bank") == []
