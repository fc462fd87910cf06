"""Letters, pictures under review and the package on the pages of students and staff, without JavaScript."""

from __future__ import annotations

import io

import PIL.Image
import pytest
from flask import Flask

from portal.domain.vocabulary import RequestKind, Role
from portal.services.build_packages import build_waiting
from portal.services.write_letters import write_waiting
from tests import factories
from tests.intake.hostile import photo
from tests.services import cases
from tests.services.test_packages import lesson
from tests.web.staff_door import enter
from tests.web.test_student_answer import EMAIL, known_well
from tests.web.visitor import Visitor, sign_in


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        factories.make_staff("handler", Role.CASE_HANDLER)
        factories.make_staff("officer2", Role.PRIVACY_OFFICER)
    return sqlite_app


def work(app: Flask) -> None:
    with app.app_context():
        write_waiting(cases.clock(), lambda: False)
        build_waiting(cases.clock(), lambda: False)


def asked(app: Flask) -> str:
    """An access request, granted; with one lesson picture that shows others."""
    with app.app_context():
        student = factories.make_student(email=EMAIL)
        lesson(student)
        reference = cases.opened(RequestKind.ACCESS, student)
        cases.decided(reference, cases.officer())
        return reference


def attached(visitor: Visitor, media_type: str) -> bytes:
    response = visitor.response
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert response.headers["Content-Security-Policy"].startswith("sandbox")
    assert "no-store" in response.headers["Cache-Control"]
    return response.data


def test_staff_look_at_a_picture_and_cover_the_cells_they_choose(school: Flask) -> None:
    reference = asked(school)
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}").link("Beelden bekijken")
    assert "Nog bekijken" in visitor.text
    visitor.link("Foto van de les op 02-03-2026")
    page = visitor.url
    visitor.press("Besluit bewaren")
    assert visitor.status == 422
    visitor.press("Besluit bewaren", verdict="redact")
    assert visitor.status == 422
    assert "Kies eerst welke vakken zwart worden." in visitor.text
    visitor.press("Besluit bewaren", verdict="redact", boxes="10 20 30")
    assert visitor.status == 422
    assert "10 20 30" in visitor.html
    left = [f"{row}-{column}" for row in range(8) for column in range(6)]
    visitor.press("Besluit bewaren", verdict="redact", boxes="", cells=left)
    assert "Vrijgeven met vlakken erover" in visitor.text
    raw = attached(visitor.get(f"{page}/picture"), "image/png")
    covered = attached(visitor.get(f"{page}/picture?as=shown"), "image/png")
    colours = [PIL.Image.open(io.BytesIO(each)).convert("RGB").getpixel((5, 20)) for each in (raw, covered)]
    assert colours == [(10, 200, 10), (0, 0, 0)]
    assert PIL.Image.open(io.BytesIO(covered)).convert("RGB").getpixel((45, 20)) == (10, 200, 10)


def test_pages_of_a_search_are_added_on_its_step_and_the_search_says_what_it_came_to(school: Flask) -> None:
    reference = asked(school)
    with school.app_context():
        step = cases.steps_of(reference)["search", "paper_file"].id
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}/steps/{step}")
    visitor.press("Stap bewaren", note="Map 12")
    assert visitor.status == 422, "a search says what it came to"
    assert "Map 12" in visitor.text
    visitor.press("Stap bewaren", state="copy")
    assert "Voeg eerst toe wat is gevonden." in visitor.text
    token = next(form.values["csrf_token"][0] for form in visitor.page.forms if "csrf_token" in form.values)
    for content, said in ((photo(), "1 bladzijde is toegevoegd."), (b"<html>", "Stuur een PDF, een JPEG of een PNG.")):
        response = visitor.client.post(
            f"/staff/cases/{reference}/steps/{step}/found",
            data={"csrf_token": token, "file": (io.BytesIO(content), "scan.jpg")},
            follow_redirects=True,
        )
        assert said in response.get_data(as_text=True)
    visitor.get(f"/staff/cases/{reference}/steps/{step}").link("bladzijde 1").press("Wis deze bladzijde")
    assert "De bladzijde is gewist." in visitor.text
    visitor.get(f"/staff/cases/{reference}/steps/{step}")
    visitor.press("Stap bewaren", state="look", note="")
    with school.app_context():
        assert cases.steps_of(reference)["search", "paper_file"].state == "done"


def test_the_student_sees_the_packing_and_takes_package_and_letters(school: Flask) -> None:
    reference = asked(school)
    visitor = enter(school, "officer2")
    with school.app_context():
        steps = {target: step.id for (task, target), step in cases.steps_of(reference).items() if task == "search"}
    for step in steps.values():
        visitor.get(f"/staff/cases/{reference}/steps/{step}").press("Stap bewaren", state="nothing")
    visitor.get(f"/staff/cases/{reference}")
    assert "Niets gevonden" in visitor.text
    assert "Voer uit in het portaal" not in visitor.text, "what shows others is looked at first"
    visitor.link("Beelden bekijken").link("Foto van de les")
    visitor.press("Besluit bewaren", verdict="withhold", reason="Er zit een klasgenoot op.")
    visitor.get(f"/staff/cases/{reference}").press("Voer uit in het portaal")
    student = known_well(school).get(f"/nl/me/requests/{reference}")
    assert "Wij pakken uw gegevens in." in student.text
    assert "Wij maken deze brief nu." in student.text
    work(school)
    student.link("Kijk opnieuw")
    assert "Wij maken deze brief nu." not in student.text
    student.press("Haal alles op in één bestand")
    assert attached(student, "application/zip").startswith(b"PK")
    for title in ("Wij hebben uw vraag", "Ons antwoord", "Uw gegevens"):
        student.get(f"/nl/me/requests/{reference}").press(title)
        assert attached(student, "application/pdf").startswith(b"%PDF")
    visitor.get(f"/staff/cases/{reference}").press("Ons antwoord")
    assert attached(visitor, "application/pdf").startswith(b"%PDF")


def test_a_letter_with_a_sensitive_value_leads_to_the_lightest_way_of_being_known(school: Flask) -> None:
    with school.app_context():
        student = factories.make_student(email=EMAIL)
        reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "bsn", "111222333")])
        cases.decided(reference, cases.officer(), checked="111222333")
    work(school)
    visitor = sign_in(school, EMAIL).get(f"/nl/me/requests/{reference}").press("Ons antwoord")
    assert visitor.response.mimetype == "text/html"
    assert "/confirm" in visitor.url
