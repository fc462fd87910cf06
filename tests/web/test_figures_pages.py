"""The pages of figures: charts with tables, the period asked for, files that outside readers open, yearly reports."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import Outcome, RequestKind, Role, TargetKind
from portal.services.casework import Asked
from portal.services.close_year import close_years
from tests import factories
from tests.letters import paper
from tests.security.browsing import elements, parse, text_of
from tests.services import cases
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    """Six complaints of May 2025, answered; three requests of this month in Hoorn, one of them refused."""
    with sqlite_app.app_context():
        clock = sqlite_app.extensions["clock"]
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        director = factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))
        factories.make_staff("handler", Role.CASE_HANDLER, branch=there)
        factories.make_staff("admin", Role.ADMINISTRATOR)
        now = clock.now()
        clock.set(datetime(2025, 5, 12, 9, tzinfo=UTC))
        for _ in range(6):
            asked = [Asked(TargetKind.WORDS, words="Ik wachtte te lang.")]
            student = factories.make_student(here)
            reference = cases.opened(RequestKind.COMPLAINT, student, asked, received_on=date(2025, 5, 2))
            cases.decided(reference, director, Outcome.GRANTED, reason="Het spijt ons.")
        clock.set(now)
        close_years(FixedClock(datetime(2026, 2, 1, 9, tzinfo=UTC)))
        student = factories.make_student(there)
        refused, *_others = (cases.opened(RequestKind.ERASURE, student) for _ in range(3))
        cases.decided(refused, director, Outcome.REFUSED, ground="legal_duty", reason="DUO vraagt erom.")
    return sqlite_app


def table(visitor: Visitor, code: str) -> dict[str, list[str]]:
    """The rows of one figure's table, by their label."""
    rows = parse(visitor.html).findall(f".//section[@aria-labelledby='{code}']//tbody/tr")
    return {text_of(row.find("th")): [text_of(cell).strip() for cell in row.findall("td")] for row in rows}


def test_each_chart_stands_beside_a_table_with_the_same_numbers(school: Flask) -> None:
    visitor = enter(school, "director").get("/staff/figures")
    assert table(visitor, "received")["nov"] == ["3"]
    assert table(visitor, "answered")["nov"] == ["1", "0"]
    assert table(visitor, "kinds")["Wissen"] == ["3", "1", "0", "0", "14", "14"]
    assert table(visitor, "grounds") == {"Wij moeten dit van de wet bewaren": ["1"]}
    page, charts = parse(visitor.html), 0
    for section in page.iter("section"):
        for chart in section.findall(f".//{SVG}svg[@aria-label]"):
            caption = text_of(section.find(".//table/caption"))
            assert chart.get("aria-label") == f"Grafiek: {caption}. De tabel heeft dezelfde getallen."
            charts += 1
    assert charts == 6
    drawn = [text_of(each) for each in page.findall(f".//section[@aria-labelledby='received']//{SVG}text")]
    assert "3" in drawn
    assert not any("style" in each.attrib for each in elements(page))


def test_last_year_is_a_press_away_and_a_branch_can_be_chosen(school: Flask) -> None:
    visitor = enter(school, "director").get("/staff/figures").link("Vorig jaar")
    assert table(visitor, "received")["mei"] == ["6"]
    visitor.get("/staff/figures?first=01-01-2025&last=31-12-2025&branch=hoorn")
    assert "Niets in deze periode." in visitor.text
    visitor.get("/staff/figures?first=01-11-2026&last=30-11-2026&branch=hoorn")
    assert table(visitor, "received") == {"nov": ["3"]}


def test_a_handler_sees_the_own_branch_only_and_no_yearly_report(school: Flask) -> None:
    visitor = enter(school, "handler").get("/staff/figures?first=01-01-2025&last=23-11-2026")
    assert table(visitor, "kinds")["Klacht"][0] == "0"
    assert table(visitor, "kinds")["Wissen"][0] == "3"
    assert "Langedijk" not in visitor.text
    assert "Jaarverslagen" not in visitor.text
    assert visitor.get("/staff/figures?branch=langedijk").response.status_code == 422


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("first=01-02-2026&last=31-01-2026", "De laatste dag ligt voor de eerste."),
        ("first=01-01-2010&last=31-01-2026", "Kies hoogstens 6 kalenderjaren."),
        ("first=31-02-2026", "Deze datum bestaat niet."),
    ],
)
def test_a_period_that_cannot_be_is_said_beside_its_field(school: Flask, asked: str, said: str) -> None:
    visitor = enter(school, "director").get(f"/staff/figures?{asked}")
    assert visitor.response.status_code == 422
    assert said in visitor.text


def export(school: Flask, kind: str) -> Visitor:
    visitor = enter(school, "director").get("/staff/figures?first=01-01-2025&last=31-12-2025")
    return visitor.press(kind.upper(), format=kind)


def test_the_csv_has_every_number_on_a_line(school: Flask) -> None:
    response = export(school, "csv").response
    assert "cijfers-2025-01-01-2025-12-31.csv" in response.headers["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";")
    assert head == ["Cijfer", "Waarvan", "Maat", "Waarde"]
    assert ["Ontvangen per maand", "mei", "Aantal", "6"] in rows
    assert ["Per recht", "Klacht", "De helft binnen (dagen)", "10"] in rows


def test_the_workbook_has_numbers_that_are_numbers(school: Flask) -> None:
    sheet = load_workbook(io.BytesIO(export(school, "xlsx").response.data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("Cijfer", "Waarvan", "Maat", "Waarde")
    assert ("Ontvangen per maand", "mei", "Aantal", 6) in rows
    assert ("Per recht", "Klacht", "9 van de 10 binnen (dagen)", 10) in rows


def test_the_json_speaks_in_codes(school: Flask) -> None:
    found = json.loads(export(school, "json").response.data)
    assert (found["first"], found["last"], found["open_on"]) == ("2025-01-01", "2025-12-31", "2025-12-31")
    assert found["figures"]["received"]["2025-05"] == {"count": 6}
    assert found["figures"]["kinds"]["complaint"]["median"] == 10
    assert found["figures"]["summary"]["in_time_percent"] == {"count": 100}


def test_a_file_of_another_kind_does_not_exist(school: Flask) -> None:
    visitor = enter(school, "director").get("/staff/figures")
    visitor.post("/staff/figures/file", format="exe")
    assert visitor.response.status_code == 400


@paper.needs_poppler
def test_the_yearly_report_is_read_by_the_administrator_too(school: Flask, tmp_path: Path) -> None:
    visitor = enter(school, "admin").get("/staff/figures/years")
    assert "2026 wordt vastgesteld op 01-02-2027." in visitor.text
    visitor.link("PDF 2025")
    assert visitor.response.mimetype == "application/pdf"
    assert "Verzoeken ontvangen 6" in paper.text_of(visitor.response.data, tmp_path)
    assert visitor.get("/staff/figures/years/2024").response.status_code == 404
    assert visitor.get("/staff/figures").response.status_code == 403
