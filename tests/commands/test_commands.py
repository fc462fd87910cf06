"""The command line: what it prints, what it leaves behind, and its exit codes 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update

from portal.policy.model import Policy
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Staff
from portal.records.tables.proof import Audit
from portal.services.register import COLUMNS, content_of
from portal.services.register_files import as_workbook
from portal.services.register_versions import Kept
from tests import engines
from tests.conftest import build
from tests.mail.posts import case_of, file_case


def call(app: Flask, *arguments: str, code: int = 0) -> Result:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == code, result.output
    return result


def value(result: Result) -> Any:
    return json.loads(result.stdout)


NEW = ("staff", "create", "jan", "--name", "Jan Jansen", "--email", "jan@school.example.org")


def test_an_account_is_made_with_its_branches_and_a_password_shown_once(app: Flask):
    made = value(
        call(
            app,
            *NEW,
            "--role",
            "case_handler",
            "--role",
            "director",
            "--branch",
            "alkmaar",
            "--branch",
            "hoorn",
            "--json",
        )
    )
    assert made["username"] == "jan"
    assert len(made["password"]) >= 12
    with app.app_context():
        staff = db.session.execute(select(Staff)).scalar_one()
        assert staff.must_change_password
        assert made["password"] not in staff.password_hash
        roles = sorted(db.session.execute(select(Designation.role)).scalars())
        assert roles == ["case_handler", "case_handler", "director"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--role", "case_handler"), 1, "give --branch"),
        (("--role", "king"), 2, "king"),
        (("--role", "case_handler", "--branch", "atlantis"), 2, "atlantis"),
        ((), 2, "--role"),
    ],
)
def test_a_wrong_account_is_refused(sqlite_app: Flask, arguments: tuple[str, ...], code: int, says: str):
    assert says in call(sqlite_app, *NEW, *arguments, code=code).output
    with sqlite_app.app_context():
        assert db.session.execute(select(Staff.id)).first() is None


def test_an_account_is_shut_once_and_an_unknown_one_refused(app: Flask):
    call(
        app, "staff", "create", "els", "--name", "Els", "--email", "els@school.example.org", "--role", "privacy_officer"
    )
    assert value(call(app, "staff", "disable", "els", "--json"))["changed"] is True
    assert value(call(app, "staff", "disable", "els", "--json"))["changed"] is False
    assert "there is no account" in call(app, "staff", "disable", "nobody", code=1).output


def test_cases_are_listed_and_shown_without_a_name_or_address(app: Flask):
    with app.app_context():
        clock = app.extensions["clock"]
        reference = case_of(file_case(clock, "secret.person@example.org")).reference
    listed = value(call(app, "cases", "list", "--json"))
    assert [each["reference"] for each in listed] == [reference]
    assert listed[0]["days_left"] == 28
    shown = call(app, "cases", "show", reference.lower())
    assert "received" in shown.output
    assert "receipt" in shown.output
    for text in (
        shown.output,
        call(app, "cases", "list").output,
        call(app, "cases", "show", reference, "--json").output,
    ):
        assert "secret" not in text
        assert "Somebody" not in text
    assert call(app, "cases", "list", "--overdue", "--json").stdout.strip() == "[]"
    assert "there is no case" in call(app, "cases", "show", "V-2026-0000000", code=1).output


def test_the_log_is_verified_and_a_changed_entry_is_found(sqlite_app: Flask):
    call(sqlite_app, *NEW, "--role", "administrator")
    assert value(call(sqlite_app, "audit", "verify", "--json"))["whole"] is True
    with sqlite_app.app_context():
        begin_write()
        connection = db.session.connection()
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        db.session.execute(update(Audit).where(Audit.seq == 2).values(act="something_else"))
        db.session.commit()
    broken = call(sqlite_app, "audit", "verify", "--json", code=1)
    assert json.loads(broken.stdout)["broken_at"] == 2


def test_the_register_holds_every_activity_in_both_forms(sqlite_app: Flask, tmp_path: Path):
    policy: Policy = sqlite_app.extensions["policy"]
    found = value(call(sqlite_app, "register", "export", "--format", "json"))
    assert len(found["activities"]) == len(policy.activities)
    assert found["controller"]["place"] == policy.controller.town, "without a postcode no space before it"
    target = tmp_path / "register.xlsx"
    call(sqlite_app, "register", "export", "--format", "xlsx", "--output", str(target))
    sheet = load_workbook(target).worksheets[0]
    assert sheet.max_row == len(policy.activities) + 1
    assert [cell.value for cell in sheet[1]] == list(COLUMNS.values())
    call(sqlite_app, "register", "export", "--format", "pdf", code=2)
    assert value(call(sqlite_app, "register", "keep", "--json")) == {"version": 1, "new": True}
    assert "since version 1" in call(sqlite_app, "register", "keep").output
    assert value(call(sqlite_app, "register", "export", "--format", "json"))["version"]["number"] == 1


@pytest.mark.parametrize("start", "=+-@\t\r\n\0")
def test_no_cell_is_taken_for_a_formula(sqlite_app: Flask, start: str):
    content = content_of(sqlite_app.extensions["policy"])
    titles = ("Verwerkingen", "Wie verantwoordelijk is")
    book = load_workbook(
        BytesIO(
            as_workbook(Kept(content, None, frozenset()), lambda text: text if text in titles else f"{start}{text}")
        )
    )
    for sheet in book.worksheets[:1]:
        for row in sheet.iter_rows(min_row=2):
            for cell in row:
                assert cell.data_type != "f"
                assert "\0" not in str(cell.value)
                assert cell.value is None or str(cell.value).startswith("'") == (start != "\0")


def test_the_doctor_finds_a_healthy_installation_and_an_open_key_file(sqlite_app: Flask):
    settings = sqlite_app.config["SETTINGS"]
    found = value(call(sqlite_app, "doctor", "--json"))
    grades = {each["check"]: each["grade"] for each in found}
    assert grades["main database"] == grades["keys database"] == "good"
    assert "bad" not in grades.values()
    settings.key_file.chmod(0o644)
    try:
        broken = call(sqlite_app, "doctor", "--json", code=1)
    finally:
        settings.key_file.chmod(0o600)
    assert [each["check"] for each in json.loads(broken.stdout) if each["grade"] == "bad"] == ["key file"]


def test_databases_without_tables_get_a_sentence_not_a_traceback(tmp_path: Path):
    from portal import create_app
    from tests.engines import settings_for

    app = create_app(settings_for(f"sqlite:///{tmp_path / 'main.sqlite3'}", f"sqlite:///{tmp_path / 'keys.sqlite3'}"))
    result = call(app, "cases", "list", code=1)
    assert "make setup" in result.output
    assert "Traceback" not in result.output


def test_a_job_is_run_by_name_and_an_unknown_one_refused(app: Flask):
    with app.app_context():
        file_case(app.extensions["clock"])
    assert value(call(app, "jobs", "run", "deliver", "--json"))["sent"] == 1
    assert value(call(app, "jobs", "run", "deliver", "--json"))["sent"] == 0
    call(app, "jobs", "run", "nothing", code=2)


def test_an_import_of_a_folder_that_is_no_export_writes_nothing(sqlite_app: Flask, tmp_path: Path):
    refused = call(sqlite_app, "students", "import", str(tmp_path), "--json", code=1)
    assert json.loads(refused.stdout)["refused"] == "bad_structure"
    call(sqlite_app, "students", "import", str(tmp_path / "nowhere"), code=2)


def test_a_first_run_whose_mail_would_leave_opens_no_demonstration_and_goes_on():
    with engines.sqlite_settings(MAIL_URL="smtp://127.0.0.1:9") as settings:
        for app in build(settings):
            assert "would leave the house" in call(app, "demo", "--first-run").output
            assert "would leave the house" in call(app, "demo", code=1).output


def test_the_command_line_can_migrate(own_app: Flask, monkeypatch: pytest.MonkeyPatch):
    """Migrations are loaded for commands only, so the command adds itself then."""
    from portal import create_app

    assert "db" not in own_app.cli.commands
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    assert "upgrade" in create_app(own_app.config["SETTINGS"]).cli.commands["db"].commands  # type: ignore[attr-defined]
