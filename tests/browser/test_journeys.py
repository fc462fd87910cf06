"""Two journeys in Chromium without JavaScript that meet: a student in Arabic on a phone, staff in Dutch at a desk.

The student asks to mend a name from the value itself; staff decide it, carry it out and close it; the student reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask

from portal.domain.vocabulary import Role
from tests import factories
from tests.browser.conftest import Looker, press
from tests.services.factors import code_now, give_app
from tests.web.visitor import mails

EMAIL = "hanan@example.org"
SUBMIT = "main form button[type=submit]:not([name])"


def sign_in(app: Flask, student: Looker) -> None:
    student.go("/ar/sign-in")
    student.look("sign-in")
    student.page.fill("main input[name=email]", EMAIL)
    press(student.page, SUBMIT)
    student.look("code")
    code = next(mail["arguments"]["code"] for mail in reversed(mails(app)) if mail["to"] == EMAIL)
    arabic = str(code).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    student.page.fill("main input[name=code]", arabic)
    press(student.page, SUBMIT)


def ask_to_mend_the_name(student: Looker) -> str:
    """From the value itself to the receipt; returns the reference."""
    page = student.page
    assert page.get_attribute("html", "dir") == "rtl"
    page.locator("details:not([open]) > summary").first.click()
    student.look("my-data")
    press(page, "a[href*='/given_names/wrong']")
    student.look("wrong")
    page.fill("main input[name=value]", "Hanane حنان")
    press(page, SUBMIT)
    student.look("check")
    press(page, SUBMIT)
    student.look("receipt")
    found = re.search(r"V-2026-\d+", page.inner_text("main"))
    assert found
    assert "21-12-2026" in page.inner_text("main")
    page.reload()
    return found.group()


def decide(staff: Looker, reference: str) -> None:
    """From the queue to the decision, with a slip on the way."""
    page = staff.page
    staff.look("queue")
    press(page, f"a:has-text('{reference}')")
    staff.look("case")
    press(page, "main form[action$='/take'] button")
    press(page, f"main a[href$='/{reference}/decide']")
    staff.look("decide")
    press(page, "main form:has(textarea) button[type=submit]")
    staff.look("decide-error")
    assert page.title().startswith("Fout:")
    page.locator("input[type=radio][value=granted]").check()
    page.fill("main input[name^=checked]", "Hanane")
    page.locator("select[name^=evidence]").first.select_option("seen")
    press(page, "main form:has(textarea) button[type=submit]")
    staff.look("letter")
    press(page, "main form[data-confirm] button[type=submit]")
    assert "Het besluit is genomen" in page.inner_text("main")
    staff.look("decided")


def carry_out(staff: Looker) -> None:
    """The portal's own part in one press, then every step outside it, until the case closes by itself."""
    page, tick = staff.page, ".checklist a.do"
    press(page, "main a:has-text('Vaststellen wie het is')")
    staff.look("identity")
    page.locator("input[type=radio][name=way]").first.check()
    press(page, SUBMIT)
    press(page, "main form[action$='/carry-out'] button")
    assert "Het portaal heeft zijn deel uitgevoerd" in page.inner_text("main")
    staff.look("carried-out")
    press(page, tick)
    staff.look("step")
    while True:
        page.locator("input[type=radio][value=done]").check()
        page.fill("main textarea[name=note]", "Gedaan")
        press(page, SUBMIT)
        if not page.locator(tick).count():
            break
        press(page, tick)
    assert "Er is niets meer te doen" in page.inner_text("main")
    staff.look("closed")


def read(student: Looker, reference: str, what: str) -> list[str]:
    """The student reads the answer, in Arabic with the Dutch below; returns how far the four steps are."""
    student.go(f"/ar/me/requests/{reference}")
    student.look(what)
    answer = student.page.locator("#answer")
    assert answer.locator("[lang=ar]").count() > 0
    assert "Ons antwoord" in answer.locator("[lang=nl]").first.inner_text()
    assert "Hanane" in answer.inner_text()
    return [str(step.get_attribute("class")) for step in student.page.locator("main ol.steps > li").all()]


def test_the_looker_sees_pale_letters_and_what_is_too_wide(looker: Callable[..., Looker]) -> None:
    seen = looker("planted", 360, "nl")
    seen.go("/nl/")
    whole = seen.page.content()
    assert seen.faults(whole) == []
    planted = '<p style="color: #ccc; background: #fff">bleek</p><p style="inline-size: 30rem">breed</p></main>'
    found = " ".join(seen.faults(whole.replace("</main>", planted)))
    assert "color-contrast" in found
    assert "beyond the screen" in found


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
    press(student.page, "main a[lang=ar]")
    student.look("start")
    sign_in(app, student)
    reference = ask_to_mend_the_name(student)

    staff = looker("staff-nl", 1280, "nl")
    staff.go("/staff/")
    staff.look("sign-in")
    staff.page.fill("input[name=username]", "anna")
    staff.page.fill("input[name=password]", factories.PASSWORD)
    press(staff.page, SUBMIT)
    staff.look("second-factor")
    staff.page.fill("main input[name=code]", code_now(app.extensions["clock"]))
    press(staff.page, SUBMIT)
    decide(staff, reference)
    assert read(student, reference, "decision") == ["done", "done", "done", "now"]

    carry_out(staff)
    assert read(student, reference, "carried-out") == ["done", "done", "done", "done"]
    assert "carried_out" in [mail["kind"] for mail in mails(app) if mail["to"] == EMAIL]
    student.go("/ar/me")
    assert "Hanane" in student.page.content()
