"""The workbench on its pages: searching, handing over, taking the list out, notes, and ends without an answer."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask, current_app
from openpyxl import load_workbook
from sqlalchemy import update

from portal.domain.lifecycle import Action
from portal.domain.vocabulary import Outcome, RequestKind, Role, TargetKind
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.services.answer import answer_of
from portal.services.casework import Asked, move
from portal.services.decide_case import ItemDecision, decide, rehearse
from portal.services.unit import reading, writing
from tests import factories
from tests.services.cases import case_of, events_of, items_of, person_of, version_of, within
from tests.web.staff_door import enter
from tests.web.test_staff_journey import RECEIVED, new_case
from tests.web.visitor import Visitor, mails, sign_in

HOME = "langedijk"
EVERYTHING = Asked(TargetKind.EVERYTHING)


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        here = factories.make_branch(HOME)
        factories.make_staff("handler", Role.CASE_HANDLER, branch=here)
        factories.make_staff("second", Role.CASE_HANDLER, branch=here)
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return sqlite_app


def student_of(app: Flask, **person: str) -> UUID:
    with app.app_context():
        return factories.make_student(factories.make_branch(HOME), **person)


def access_case(app: Flask, student: UUID, **more: object) -> str:
    return new_case(app, RequestKind.ACCESS, student, EVERYTHING, **more)


def state_of(app: Flask, reference: str) -> str:
    with app.app_context():
        return case_of(reference).state


def downloaded(visitor: Visitor, kind: str) -> bytes:
    visitor.press("CSV", format=kind)
    assert f".{kind}" in visitor.response.headers["Content-Disposition"]
    return visitor.response.get_data()


def test_the_search_box_leads_to_a_case_or_a_list_and_leaves_no_name_in_the_address(school: Flask) -> None:
    reference = access_case(school, student_of(school, given_names="Olena", family_name="Tkachuk"))
    visitor = enter(school, "handler").press("Zoek", q=reference[-7:])
    assert visitor.url == f"/staff/cases/{reference}"
    visitor.get("/staff/").press("Zoek", q="olena tkachuk")
    assert visitor.url.startswith("/staff/?tab=everything&who=")
    assert "tkachuk" not in visitor.url.lower()
    assert reference in visitor.text
    assert "Gezocht op" in visitor.text
    visitor.get("/staff/").press("Zoek", q="niemand zo")
    assert "0 resultaten voor" in visitor.text
    assert "niemand zo" in visitor.text


def test_ticked_cases_are_handed_over_in_one_press(school: Flask) -> None:
    student = student_of(school)
    one, two, other = (access_case(school, student) for _ in range(3))
    with school.app_context():
        boxes = {each: f"{each}|{version_of(each)}" for each in (one, two)} | {other: f"{other}|77"}
        colleague = str(factories.make_staff("third", Role.CASE_HANDLER, branch=factories.make_branch(HOME)))
    visitor = enter(school, "handler")
    visitor.press("Draag over", staff="", case=[boxes[one]])
    assert visitor.status == 422
    assert "Kies een collega." in visitor.text
    assert f'value="{boxes[one]}" aria-label="Vink aan: {one}" checked' in visitor.html
    visitor.get("/staff/").press("Draag over", staff=colleague, case=[])
    assert "Vink eerst een of meer zaken aan." in visitor.text
    visitor.press("Draag over", staff=colleague, case=list(boxes.values()), note="Voor vrijdag")
    assert "2 zaken staan nu op naam van Third." in visitor.text
    assert f"{other} is niet overgedragen." in visitor.text
    with school.app_context():
        assert [str(case_of(each).handler_id) for each in (one, two)] == [colleague, colleague]
        assert case_of(other).handler_id is None
    assert "Voor vrijdag" in visitor.get(f"/staff/cases/{one}").text


def test_the_list_opens_in_a_spreadsheet_and_runs_nothing(school: Flask) -> None:
    """Read back by readers that are not ours: the csv module and openpyxl."""
    reference = access_case(school, student_of(school, given_names="=HYPERLINK(1)", family_name="Omar\u200f عمر"))
    visitor = enter(school, "handler")
    lines = list(csv.reader(io.StringIO(downloaded(visitor, "csv").decode("utf-8-sig")), delimiter=";"))
    assert lines[0][:3] == ["Kenmerk", "Verzoek", "Cursist"]
    assert (lines[1][0], lines[1][5]) == (reference, RECEIVED.isoformat())
    assert lines[1][2].startswith("'=HYPERLINK")
    book = load_workbook(io.BytesIO(downloaded(enter(school, "handler"), "xlsx")))
    cells = next(iter(book.active.iter_rows(min_row=2, max_row=2)))
    assert (cells[0].value, cells[5].value.date(), cells[8].value) == (reference, RECEIVED, 14)
    assert cells[2].data_type == "s"
    assert str(cells[2].value).startswith("'=")


def test_a_note_is_said_to_belong_to_the_student_before_it_is_written(school: Flask) -> None:
    reference = access_case(school, student_of(school))
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}")
    assert "hoort bij de gegevens van de cursist" in visitor.text
    visitor.press("Notitie bewaren", note="  ")
    assert visitor.status == 422
    visitor.press("Notitie bewaren", note="Belt dinsdag terug.")
    assert "De notitie is bewaard." in visitor.text
    assert "Belt dinsdag terug." in visitor.text


def test_a_duplicate_is_merged_and_its_student_reads_where_the_answer_comes(school: Flask) -> None:
    student = student_of(school, email="hanan@example.org")
    first, second = access_case(school, student), access_case(school, student)
    visitor = enter(school, "handler").get(f"/staff/cases/{second}")
    assert "zelfde soort verzoek, nog open" in visitor.text
    visitor.link("Samenvoegen met een ander verzoek").press("Voeg samen", into="")
    assert visitor.status == 422
    visitor.press("Voeg samen", into=first, words="Tweemaal verstuurd.")
    assert "De verzoeken zijn samengevoegd." in visitor.text
    assert "Tweemaal verstuurd." in visitor.text
    assert state_of(school, second) == "duplicate"
    reader = sign_in(school, "hanan@example.org").get(f"/nl/me/requests/{second}")
    assert "U vroeg dit al eerder." in reader.text
    assert first in reader.text
    assert "Tweemaal" not in reader.text
    assert len(mails(school, "changed")) == 1
    for page in (reader.get(f"/nl/me/requests/{first}/take-back"), visitor.get(f"/staff/cases/{first}/take-back")):
        assert second in page.text
    visitor.get(f"/staff/cases/{second}")
    visitor.link("Zaak heropenen").press("Heropen", reason="our_mistake")
    assert state_of(school, second) == "in_progress"
    assert second not in visitor.get(f"/staff/cases/{first}/take-back").text
    assert "Wij maakten een fout." in reader.get(f"/nl/me/requests/{second}").text


def test_a_duplicate_of_a_request_that_stopped_promises_no_answer(school: Flask) -> None:
    student = student_of(school, email="hanan@example.org")
    first, second = access_case(school, student), access_case(school, student)
    visitor = enter(school, "handler").get(f"/staff/cases/{second}/merge").press("Voeg samen")
    assert "De cursist krijgt antwoord in" in visitor.get(f"/staff/cases/{second}").text
    reader = sign_in(school, "hanan@example.org").get(f"/nl/me/requests/{second}")
    assert "U krijgt antwoord bij dit nummer:" in reader.text
    reader.get(f"/nl/me/requests/{first}/take-back").press("Ja, stop deze vraag")
    reader.get(f"/nl/me/requests/{second}")
    assert "Maar die vraag is gestopt. Daarom krijgt u geen antwoord." in reader.text
    assert "U krijgt antwoord bij dit nummer:" not in reader.text
    visitor.get(f"/staff/cases/{second}")
    assert "Ook dat andere verzoek sloot zonder antwoord:" in visitor.text
    assert "De cursist krijgt antwoord in" not in visitor.text
    with school.app_context():
        db.session.execute(update(Case).where(Case.reference == first).values(reference="V-2020-0000000"))
        db.session.commit()
    assert reader.get(f"/nl/me/requests/{second}").status == 200, "its main request is not kept any more"


def test_only_the_officer_sees_and_can_close_for_abuse(school: Flask) -> None:
    student = student_of(school, email="hanan@example.org")
    reference = access_case(school, student)
    handler = enter(school, "handler").get(f"/staff/cases/{reference}")
    assert "Sluiten wegens misbruik" not in handler.text
    assert handler.get(f"/staff/cases/{reference}/abuse").status == 403
    officer = enter(school, "officer").get(f"/staff/cases/{reference}").link("Sluiten wegens misbruik")
    officer.press("Sluit wegens misbruik", reason="excessive")
    assert "De zaak is gesloten wegens misbruik." in officer.text
    reader = sign_in(school, "hanan@example.org").get(f"/nl/me/requests/{reference}")
    assert "Dezelfde vraag komt steeds opnieuw." in reader.text
    assert "U kunt hierover klagen." in reader.text
    assert "Dit kan niet meer" in officer.get(f"/staff/cases/{reference}/merge").text
    assert officer.url.endswith(f"/staff/cases/{reference}")


def test_a_case_that_nobody_took_cannot_be_decided_and_says_what_comes_first(school: Flask) -> None:
    reference = access_case(school, student_of(school))
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}/decide")
    assert visitor.url.endswith(f"/staff/cases/{reference}")
    assert "Neem de zaak eerst in behandeling." in visitor.text
    visitor.press("Neem in behandeling").link("Besluit nemen")
    assert visitor.h1 == "Besluit nemen"


def test_only_what_is_open_waits_to_be_matched(school: Flask) -> None:
    reference = new_case(school, RequestKind.ACCESS, None, EVERYTHING)
    officer = enter(school, "officer").get("/staff/")
    assert "nog niet gekoppeld" in officer.text
    officer.get(f"/staff/cases/{reference}/abuse").press("Sluit wegens misbruik", reason="not_a_person")
    assert "nog niet gekoppeld" not in officer.get("/staff/?tab=closed").text
    assert reference in officer.text


def test_two_people_at_one_case_the_second_loses_no_word(school: Flask) -> None:
    reference = access_case(school, student_of(school))
    second = enter(school, "second").get(f"/staff/cases/{reference}/take-back")
    enter(school, "handler").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    second.press("Trek het verzoek in", how="phone", words="Zij belde: het hoeft niet meer.")
    assert second.status == 409
    assert "intussen veranderd" in second.text
    assert "Zij belde: het hoeft niet meer." in second.html
    assert state_of(school, reference) == "in_progress"
    second.press("Trek het verzoek in")
    assert state_of(school, reference) == "taken_back"
    with school.app_context():
        assert "taken_back" in events_of(reference)


def test_an_absence_is_arranged_on_a_page_and_ended_there(school: Flask) -> None:
    visitor = enter(school, "handler").get("/staff/absence")
    with school.app_context():
        deputy = str(factories.make_staff("third", Role.CASE_HANDLER, branch=factories.make_branch(HOME)))
    visitor.get("/staff/absence").press("Bewaren", starts_on="23-11-2026", ends_on="1-11-2026", deputy=deputy)
    assert visitor.status == 422
    assert 'value="1-11-2026"' in visitor.html
    visitor.press("Bewaren", ends_on="30-11-2026")
    assert "De vervanging is opgeschreven." in visitor.text
    visitor.press("Weer aanwezig")
    assert "De vervanging is gestopt." in visitor.text
    assert "Er staat niemand als afwezig." in visitor.text


def correction(app: Flask, student: UUID) -> str:
    with app.app_context():
        asked = Asked(TargetKind.FIELD, "person", person_of(student), "birth_date", asked="1991-01-02", current="x")
    return new_case(app, RequestKind.RECTIFICATION, student, asked)


def test_the_letter_is_shown_in_both_languages_before_anything_is_sent(school: Flask) -> None:
    student = student_of(school, email="hanan@example.org")
    reference = correction(school, student)
    with school.app_context(), writing(factories.SYSTEM, school.extensions["clock"]) as work:
        within(work, reference).language = "ar"
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    visitor.link("Besluit nemen").press("Besluit nemen", outcome_0="granted", reply="Groet uit Alkmaar")
    assert visitor.status == 422
    assert "kies waaruit het blijkt" in visitor.text
    visitor.press("Besluit nemen", evidence_0="seen")
    assert visitor.h1 == "De brief, voordat die weggaat"
    assert 'lang="ar"' in visitor.html
    assert 'lang="nl"' in visitor.html
    assert visitor.text.count("Groet uit Alkmaar") == 2
    assert state_of(school, reference) == "in_progress"
    assert mails(school, "decided") == []
    visitor.press("Terug om te wijzigen")
    assert visitor.h1 == "Besluit nemen"
    assert "Groet uit Alkmaar" in visitor.html
    visitor.press("Besluit nemen", reply="Tot dinsdag").press("Verstuur")
    assert "Het besluit is genomen" in visitor.text
    assert "Het papier is gezien; er is geen kopie van gemaakt" in visitor.text
    assert "Tot dinsdag" in visitor.link("Antwoord lezen").text


def test_a_rehearsed_letter_is_the_letter_that_goes_out(school: Flask) -> None:
    reference = correction(school, student_of(school))
    clock = school.extensions["clock"]
    with school.app_context():
        actor = factories.staff_actor(factories.make_staff("decider", Role.PRIVACY_OFFICER))
        move_on(reference)
        [item] = items_of(reference)
        decisions = [ItemDecision(item.id, Outcome.GRANTED, checked="1991-01-02")]
        version = version_of(reference)
        rehearsed = rehearse(actor, clock, reference, version, decisions, "Dag")
        assert version_of(reference) == version
        decide(actor, clock, reference, version, decisions, "Dag")
        with reading(actor, clock) as work:
            given = answer_of(work, within(work, reference))
        assert given is not None
        assert replace(given, progress=()) == replace(rehearsed, progress=())


def move_on(reference: str) -> None:
    with writing(factories.SYSTEM, current_app.extensions["clock"]) as work:
        move(within(work, reference), Action.TAKE)


def test_a_draft_waits_at_the_case_for_a_colleague_and_is_gone_when_sent(school: Flask) -> None:
    reference = access_case(school, student_of(school))
    visitor = enter(school, "handler").get(f"/staff/cases/{reference}").press("Neem in behandeling")
    other = enter(school, "second").get(f"/staff/cases/{reference}/decide")
    visitor.link("Besluit nemen").press("Bewaar als concept", act="draft", reply="Half af", outcome_0="granted")
    assert "Het concept is bewaard" in visitor.text
    assert "Concept bewaard" in visitor.text
    assert "Verder met het concept" in visitor.text
    other.press("Bewaar als concept", act="draft", reply="Van mij")
    assert other.status == 409
    assert "Van mij" in other.html
    other.get(f"/staff/cases/{reference}/decide")
    assert "Hieronder staat het concept van Handler" in other.text
    assert "Half af" in other.html
    other.press("Besluit nemen").press("Verstuur")
    with school.app_context():
        case = case_of(reference)
        assert case.outcome == "granted"
        assert "draft" not in casebook.contents(factories.vault(), case)


def test_whoever_tells_a_recipient_finds_the_notice_there_and_says_how_and_when(school: Flask) -> None:
    student = student_of(school)
    with school.app_context():
        factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="gegevens")
    visitor = enter(school, "handler").get(f"/staff/cases/{correction(school, student)}").press("Neem in behandeling")
    visitor.link("Besluit nemen").press("Besluit nemen", outcome_0="granted", evidence_0="seen").press("Verstuur")
    visitor.press("Voer uit in het portaal").link("Laten weten aan: DUO")
    assert any("Bericht aan DUO" in button for form in visitor.page.forms for button in form.buttons)
    visitor.press("Stap bewaren", state="done", note="")
    assert "Schrijf wat u hebt verteld, hoe en wanneer." in visitor.text
    visitor.press("Stap bewaren", note="Brief van 29 november")
    assert "De stap is bijgewerkt." in visitor.text
