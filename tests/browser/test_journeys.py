"""Two journeys in Chromium without JavaScript: a student in Arabic on a phone, staff in Dutch at a desk."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask

from portal.domain.vocabulary import Role
from tests import factories
from tests.browser.conftest import Looker
from tests.services.factors import code_now, give_app
from tests.web.visitor import mails

EMAIL = "hanan@example.org"
SUBMIT = "main form button[type=submit]:not([name])"


def sign_in(app: Flask, student: Looker) -> None:
    student.go("/ar/sign-in")
    student.look("sign-in")
    student.page.fill("main input[name=email]", EMAIL)
    student.page.click(SUBMIT)
    student.look("code")
    code = next(mail["arguments"]["code"] for mail in reversed(mails(app)) if mail["to"] == EMAIL)
    arabic = str(code).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    student.page.fill("main input[name=code]", arabic)
    student.page.click(SUBMIT)


def ask_to_mend_the_name(student: Looker) -> str:
    """From the value itself to the receipt; returns the reference."""
    page = student.page
    assert page.get_attribute("html", "dir") == "rtl"
    page.locator("details:not([open]) > summary").first.click()
    student.look("my-data")
    page.locator("a[href*='/given_names/wrong']").first.click()
    student.look("wrong")
    page.fill("main input[name=value]", "Hanane حنان")
    page.click(SUBMIT)
    student.look("check")
    page.click(SUBMIT)
    student.look("receipt")
    found = re.search(r"V-2026-\d+", page.inner_text("main"))
    assert found
    assert "21-12-2026" in page.inner_text("main")
    page.reload()
    return found.group()


def decide(app: Flask, staff: Looker, reference: str) -> None:
    """From the queue to a closed case."""
    page = staff.page
    staff.look("queue")
    page.click(f"a:has-text('{reference}')")
    staff.look("case")
    page.locator("main form[action$='/take'] button").first.click()
    page.locator(f"main a[href$='/{reference}/decide']").first.click()
    staff.look("decide")
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    staff.look("decide-error")
    assert page.title().startswith("Fout:")
    page.locator("input[type=radio][value=granted]").check()
    checked = page.locator("main input[name*=checked]")
    if checked.count() and not checked.first.input_value():
        checked.first.fill("Hanane")
    page.locator("select[name^=evidence]").first.select_option("seen")
    page.locator("main form:has(textarea) button[type=submit]").first.click()
    staff.look("letter")
    while page.locator("main form[data-confirm] button[type=submit]").count():
        page.locator("main form[data-confirm] button[type=submit]").last.click()
    staff.look("decided")


def test_a_student_in_arabic_mends_a_name_and_staff_in_dutch_decide_it(
    live: tuple[Flask, str], looker: Callable[..., Looker]
) -> None:
    app, _ = live
    with app.app_context():
        here = factories.make_branch()
        factories.make_student(here, language="ar", email=EMAIL)
        give_app(app.extensions["clock"], factories.make_staff("anna", Role.CASE_HANDLER, branch=here))
    student = looker("student-ar", 360, "ar")
    student.go("/")
    student.look("choose")
    student.page.click("main a[lang=ar]")
    student.look("start")
    sign_in(app, student)
    reference = ask_to_mend_the_name(student)

    staff = looker("staff-nl", 1280, "nl")
    staff.go("/staff/")
    staff.look("sign-in")
    staff.page.fill("input[name=username]", "anna")
    staff.page.fill("input[name=password]", factories.PASSWORD)
    staff.page.click(SUBMIT)
    staff.look("second-factor")
    staff.page.fill("main input[name=code]", code_now(app.extensions["clock"]))
    staff.page.click(SUBMIT)
    decide(app, staff, reference)

    student.go(f"/ar/me/requests/{reference}")
    student.look("decision")
    text = student.page.inner_text("main")
    assert reference in text
    assert "Hanane" in text
