"""The office on its pages: an export goes in, differences are decided on, students come and go; no command line."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role
from portal.records import items
from portal.records.db import db
from portal.records.tables.people import ImportFinding, Student
from portal.services.unit import writing
from tests import factories
from tests.intake.exports import as_zip, person, programme, write_export
from tests.services.intakes import worked
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

PAST = "Zij heeft nog een klacht lopen."


@pytest.fixture
def office(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        factories.make_staff("handler", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    return sqlite_app


@pytest.fixture
def export(tmp_path: Path) -> Path:
    people = [person("C1"), person("C2", **{"E-mail": "anna-at-example.org"}), person("C3")]
    programmes = [programme("C1"), programme("C2", "T2"), programme("C3", "T3", "01-01-2010", "01-06-2021")]
    return write_export(tmp_path / "export", cursisten=people, trajecten=programmes)


def send(visitor: Visitor, files: Mapping[str, bytes]) -> Visitor:
    """Uploads through the form of the page."""
    visitor.get("/staff/intake")
    form = next(form for form in visitor.page.forms if "files" in form.names)
    data = {**form.values, "files": [(io.BytesIO(content), name) for name, content in files.items()]}
    response = visitor.client.post(
        urljoin(visitor.url, form.action), data=data, content_type="multipart/form-data", follow_redirects=True
    )
    return visitor._read(response)


def work(app: Flask) -> None:
    with app.app_context():
        worked()
        db.session.remove()


def students(app: Flask) -> int:
    with app.app_context():
        return len(db.session.execute(select(Student.id)).all())


def correct_town(app: Flask, value: str) -> UUID:
    with app.app_context(), writing(SYSTEM, app.extensions["clock"]) as work:
        (student_id,) = work.vault.find("student_number", "c1")
        person = items.persons(work.session, work.vault, [student_id])[student_id]
        items.change_value(work.session, work.vault, person, "town", value, "standard", work.now)
        return student_id


def test_an_export_goes_in_by_the_pages_alone(office: Flask, export: Path) -> None:
    visitor = send(enter(office, "officer"), {"export.zip": as_zip(export)})
    assert "De proef begint over een paar tellen." in visitor.text
    page = visitor.url
    work(office)
    visitor.link("Kijk hoe ver het is")
    assert visitor.url == page
    assert "wacht op u" in visitor.h1
    assert "Dit is geen e-mailadres." in visitor.text
    assert "a… (≤31)" in visitor.text
    assert "anna-at-example" not in visitor.html
    assert students(office) == 0
    visitor.link("Bekijk wie het zijn").press("Bewaar", people=["C3"], reason="")
    assert visitor.status == 422
    visitor.press("Bewaar", people=["C3"], reason=PAST)
    assert "De proef wordt opnieuw gedaan" in visitor.text
    work(office)
    assert "U neemt 1 cursist toch op." in visitor.get(page).text
    visitor.press("Lees dit in")
    assert "De import begint over een paar tellen." in visitor.text
    work(office)
    assert "klaar" in visitor.get(page).h1
    assert students(office) == 2
    assert "Eerdere imports" in visitor.get("/staff/intake").text


def test_nothing_chosen_is_told_beside_the_field_and_a_second_upload_is_refused(office: Flask, export: Path) -> None:
    visitor = enter(office, "officer").get("/staff/intake").press("Upload")
    assert visitor.status == 422
    assert "Kies een bestand." in visitor.text
    second = enter(office, "officer").get("/staff/intake")
    send(visitor, {each.name: each.read_bytes() for each in export.iterdir() if each.is_file()})
    token = second.page.forms[-1].values["csrf_token"][0]
    data = {"csrf_token": token, "files": (io.BytesIO(b"x"), "x.csv")}
    answer = second.client.post("/staff/intake", data=data, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "Er loopt al een import." in answer.get_data(as_text=True)


def test_an_upload_that_is_stopped_is_wiped(office: Flask, export: Path) -> None:
    visitor = send(enter(office, "officer"), {"export.zip": as_zip(export)})
    visitor.press("Stop en wis het bestand")
    assert "gestopt" in visitor.h1
    work(office)
    assert students(office) == 0
    assert "Upload en doe een proef" in visitor.get("/staff/intake").html


def test_a_wrong_or_hostile_file_is_refused_in_words(office: Flask, export: Path) -> None:
    visitor = send(enter(office, "officer"), {"export.zip": b"PK\x03\x04" + b"x" * 300})
    page = visitor.url
    work(office)
    assert "Dit zipbestand is beschadigd of geen zipbestand." in visitor.get(page).text
    (export / "trajecten.csv").unlink()
    send(visitor, {"export.zip": as_zip(export)})
    page = visitor.url
    work(office)
    visitor.get(page)
    assert "trajecten.csv" in visitor.text
    assert "Dit bestand ontbreekt." in visitor.text


def test_a_difference_is_decided_on_and_goes_to_the_administration(office: Flask, tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export")
    visitor = enter(office, "officer")
    for town in ("", "Langedijk"):
        if town:
            correct_town(office, town)
        send(visitor, {"export.zip": as_zip(folder)})
        page = visitor.url
        work(office)
        visitor.get(page).press("Lees dit in")
        work(office)
    visitor.get("/staff/intake").link("1 verschil met een import")
    handler = enter(office, "handler").get("/staff/students").link("Verschillen met de import")
    assert "Ayşe Öztürk" in handler.text, "a handler of the branch decides as well"
    visitor.link("Bekijk en besluit")
    assert "Langedijk" in visitor.text
    assert "Alkmaar" in visitor.text
    visitor.press("Besluit", choice="ours", reason="")
    assert visitor.status == 422
    visitor.press("Besluit", choice="ours", reason="Gezien in de brief.")
    assert "Er zijn geen verschillen." in visitor.text
    assert "C1" in visitor.get("/staff/changes").text
    with office.app_context():
        assert db.session.execute(select(ImportFinding.state)).scalars().all() == ["kept"]


def test_a_student_is_added_and_the_programme_ends(office: Flask) -> None:
    visitor = enter(office, "handler").get("/staff/students").link("Nieuwe cursist")
    visitor.press("Voeg de cursist toe")
    assert visitor.status == 422
    assert "Achternaam: Vul hier iets in." in visitor.text
    visitor.press(
        "Voeg de cursist toe",
        person_student_number="C1",
        person_branch="hoorn",
        person_family_name="Öztürk",
        person_given_names="Ayşe",
        programme_programme_number="T1",
        programme_training="B1-route",
        programme_start_date="1-9-2026",
    )
    assert "De cursist is toegevoegd." in visitor.text
    student = visitor.url
    visitor.get(f"{student}/end")
    assert visitor.url == student, "only with the file open"
    visitor.press("Dossier openen", reason="data_check").link("Traject beëindigen")
    visitor.press("Beëindig het traject", on="24-11-2026")
    assert "Deze dag is nog niet geweest." in visitor.text
    visitor.press("Beëindig het traject", on="20-11-2026")
    assert "Het traject is beëindigd." in visitor.text
    assert "20-11-2026" in visitor.text
    assert "Er loopt geen traject." in visitor.get(f"{student}/end").text
