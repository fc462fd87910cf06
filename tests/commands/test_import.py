"""`students import`: its report for people and for scripts, what it writes, its bar, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from portal.cli.students import Bar
from portal.records.db import db
from portal.records.tables.people import Record, Student
from tests.intake.exports import person, programme, write_export


def run(app: Flask, folder: Path, *options: str, code: int = 0) -> Result:
    result = app.test_cli_runner().invoke(args=["students", "import", str(folder), *options])
    assert result.exit_code == code, result.output
    return result


def facts(result: Result) -> dict[str, Any]:
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def kept(app: Flask) -> tuple[int, int]:
    with app.app_context():
        students = db.session.execute(select(func.count()).select_from(Student)).scalar_one()
        records = db.session.execute(select(func.count()).select_from(Record)).scalar_one()
        return students, records


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """One good student, one whose address is no address, one past the term."""
    people = [person("C1"), person("C2", **{"E-mail": "anna-at-example.org"}), person("C3")]
    programmes = [programme("C1"), programme("C2", "T2"), programme("C3", "T3", "01-01-2010", "01-01-2011")]
    return write_export(tmp_path / "export", cursisten=people, trajecten=programmes)


def test_a_dry_run_prints_the_same_report_and_writes_nothing(app: Flask, export: Path):
    tried = facts(run(app, export, "--dry-run", "--json"))
    assert kept(app) == (0, 0)
    done = facts(run(app, export, "--json"))
    assert tried | {"dry_run": False} == done
    assert (done["new_students"], done["bad"], done["past_term"]["count"]) == (1, 2, 1)
    assert kept(app)[0] == 1


def test_a_second_import_changes_nothing(app: Flask, export: Path):
    first = facts(run(app, export, "--json"))
    before = kept(app)
    again = facts(run(app, export, "--json"))
    assert kept(app) == before
    assert (again["new_students"], again["new"], again["changed"]) == (0, 0, 0)
    assert again["unchanged"] == first["new"]


def test_a_bad_row_is_told_with_its_place_and_a_masked_value(sqlite_app: Flask, export: Path):
    told = run(sqlite_app, export)
    assert "cursisten.csv, regel 3, E-mail: Dit is geen e-mailadres. [a" in told.stdout
    assert "anna-at-example.org" not in told.output
    assert "Bewaartermijn voorbij, wacht op een besluit: 1 cursisten" in told.stdout


def test_strict_writes_nothing_when_one_row_is_bad(app: Flask, export: Path):
    refused = run(app, export, "--strict", "--json", code=1)
    found = json.loads(refused.stdout)
    assert found["refused"] == "bad_rows"
    first = found["findings"][0]
    assert (first["file"], first["line"], first["column"]) == ("cursisten.csv", 3, "E-mail")
    assert "Niets is geschreven" in refused.stderr
    assert kept(app) == (0, 0)


def test_somebody_past_the_term_is_taken_in_by_number_only(sqlite_app: Flask, export: Path):
    assert facts(run(sqlite_app, export, "--admit", "C3", "--json"))["new_students"] == 2


def test_a_missing_column_stops_it_before_anything_is_written_and_names_every_fault(app: Flask, export: Path):
    people = export / "cursisten.csv"
    people.write_bytes(people.read_bytes().replace(b"BSN", b"BNS", 1))
    (export / "ontheffingen.csv").unlink()
    refused = run(app, export, "--json", code=1)
    found = json.loads(refused.stdout)
    assert found["refused"] == "bad_structure"
    assert {(each["file"], each["column"], each["reason"]) for each in found["faults"]} == {
        ("cursisten.csv", "BSN", "missing_column"),
        ("ontheffingen.csv", "", "file_missing"),
    }
    assert "cursisten.csv, BSN: Deze kolom ontbreekt." in refused.stderr
    assert kept(app) == (0, 0)


def test_a_folder_that_is_not_there_is_a_wrong_use(sqlite_app: Flask, tmp_path: Path):
    run(sqlite_app, tmp_path / "nowhere", code=2)
    run(sqlite_app, tmp_path, "--mapping", str(tmp_path / "nowhere.toml"), code=2)


def test_the_bar_moves_for_a_person_and_is_silent_for_a_script(capsys: pytest.CaptureFixture[str]):
    for shown in (True, False):
        bar = Bar(shown)
        bar.to(10, 100)
        bar.to(60, 100)
        if shown:
            assert (bar.bar.pos, bar.bar.length) == (60, 100)
        bar.end()
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("Importing")) == ("", 1)
