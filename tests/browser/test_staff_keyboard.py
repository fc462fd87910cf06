"""What the office does now and then, with a keyboard alone: ask for consent, take in an export, read and take out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from portal.domain.vocabulary import RequestKind, Role
from portal.records.db import db
from tests import factories
from tests.browser.conftest import Looker
from tests.browser.test_staff_pages import press_enter, sign_in, tab_to
from tests.intake.exports import as_zip, person, programme, write_export
from tests.services import cases, registers
from tests.services.factors import give_app
from tests.services.intakes import students, worked


def choose(page: Any, selector: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("Space")


def write(page: Any, selector: str, text: str) -> None:
    tab_to(page, selector)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def go(page: Any, selector: str) -> None:
    """To a link or a button, and press it."""
    tab_to(page, selector)
    press_enter(page)


def taken_out(page: Any, selector: str) -> bytes:
    """The file that a link or a button gives."""
    tab_to(page, selector)
    with page.expect_download() as coming:
        page.keyboard.press("Enter")
    return Path(coming.value.path()).read_bytes()


def test_what_an_officer_does_now_and_then_by_keyboard_alone(
    live: tuple[Flask, str], looker: Callable[..., Looker], tmp_path: Path
) -> None:
    app, base = live
    with app.app_context():
        give_app(app.extensions["clock"], factories.make_staff("officer", Role.PRIVACY_OFFICER))
        student = factories.make_student(factories.make_branch("hoorn"), language="ar")
        cases.opened(RequestKind.ACCESS, student)
        registers.keep_two(app)
        db.session.remove()
    staff = looker("staff-now-and-then", 1280, "nl")
    staff.page.set_default_timeout(60_000)
    sign_in(app, staff.page, base, "officer")
    ask_for_consent(staff)
    take_in(app, staff, tmp_path)
    compare_the_register(staff)
    read_the_figures(staff)


def ask_for_consent(staff: Looker) -> None:
    page = staff.page
    go(page, "nav.menu a[href$='/campaigns']")
    go(page, "main a[href$='/campaigns/new']")
    choose(page, "input[name=activity]")
    write(page, "textarea[name=words]", "Vanaf januari.")
    choose(page, "input[name=who]")
    write(page, "input[name=closes_on]", "20-12-2026")
    go(page, "main form button[type=submit]")
    staff.look("question")
    assert "Vanaf januari." in page.inner_text("main")
    go(page, "main form[action$='/send'] button")
    staff.look("asked")
    assert "De vraag is verstuurd aan 1 cursist." in page.inner_text("main")


def take_in(app: Flask, staff: Looker, folder: Path) -> None:
    page = staff.page
    export = folder / "export.zip"
    export.write_bytes(as_zip(write_export(folder / "export", cursisten=[person("C1")], trajecten=[programme("C1")])))
    go(page, "nav.menu a[href$='/intake']")
    tab_to(page, "input[type=file]")
    page.locator(":focus").set_input_files(export)  # the dialog belongs to the browser, which has no window here
    go(page, "main form button[type=submit]")
    work(app)
    go(page, "main a[href*='/intake/']")
    staff.look("looked-at")
    go(page, "main form[action$='/confirm'] button")
    work(app)
    go(page, "main a[href*='/intake/']")
    staff.look("taken-in")
    assert "klaar" in page.inner_text("h1")
    with app.app_context():
        assert students() == 2


def work(app: Flask) -> None:
    with app.app_context():
        worked()
        db.session.remove()


def compare_the_register(staff: Looker) -> None:
    page = staff.page
    go(page, "nav.menu a[href$='/register']")
    register = json.loads(taken_out(page, "main a[href*='/register/file/json']"))
    assert register["activities"]
    go(page, "main a[href$='/register/versions']")
    go(page, "main form button[type=submit]")
    assert "versie 1 naar versie 2" in page.inner_text("h1")


def read_the_figures(staff: Looker) -> None:
    page = staff.page
    go(page, "nav.menu a[href$='/figures']")
    write(page, "input[name=first]", "01-11-2026")
    go(page, "main form button[type=submit]:not([name])")
    assert "01-11-2026" in page.inner_text("main")
    rows = list(
        csv.reader(io.StringIO(taken_out(page, "button[name=format][value=csv]").decode("utf-8-sig")), delimiter=";")
    )
    assert len(rows) > 20
