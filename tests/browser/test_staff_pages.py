"""Every staff page in Chromium: axe finds nothing, nothing scrolls sideways; and a case from end to end by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, url_for

from portal.domain.vocabulary import RequestKind, Role, TargetKind
from portal.services.casework import Asked
from tests import factories
from tests.browser.conftest import Looker, axe, press
from tests.services import registers
from tests.services.cases import case_of, person_of
from tests.services.factors import code_now, give_app
from tests.web.principals import School, make_school
from tests.web.test_staff_journey import new_case

SUBMIT = "main button[type=submit]"
FILES = {"staff.register_file", "staff.enrol_qr", "staff.upload_page", "staff.print_letter"}


def sign_in(app: Flask, page: Any, base: str, username: str) -> None:
    page.goto(f"{base}/staff/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", factories.PASSWORD)
    press(page, SUBMIT)
    page.fill("main input[name=code]", code_now(app.extensions["clock"]))
    press(page, SUBMIT)


def addresses(app: Flask, school: School) -> list[tuple[str, str]]:
    """Every staff page that a GET opens, filled in with what the school has."""
    known = school.arguments()
    with app.test_request_context():
        return [
            (rule.endpoint, urlsplit(url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})).path)
            for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)
            if rule.endpoint.startswith("staff.") and "GET" in (rule.methods or ()) and rule.endpoint not in FILES
        ] + [("staff.register_compare", "/staff/register/compare?old=1&new=2")]


def test_axe_finds_nothing_on_any_staff_page(live: tuple[Flask, str], chromium: Any) -> None:
    app, base = live
    with app.app_context():
        school = make_school(app)
        registers.keep_two(app)
        for name in ("officer", "administrator"):
            give_app(app.extensions["clock"], school.staff[name])
    found: list[str] = []
    looked: set[str] = set()
    for username in ("officer", "admin"):
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
        page = context.new_page()
        page.set_default_timeout(15_000)
        sign_in(app, page, base, username)
        for endpoint, path in addresses(app, school):
            if path in looked or page.goto(base + path).status >= 403:
                continue
            looked.add(path)
            found += [f"{endpoint}: {fault}" for fault in axe(page)]
            for width in (320, 900, 1100, 1280):  # a phone, a tablet either way, a desk
                page.set_viewport_size({"width": width, "height": 800})
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    found.append(f"{endpoint}: scrolls sideways, {wide} > {width}")
        context.close()
    print(f"staff pages looked at with axe: {len(looked)}, {len(found)} findings")
    assert found == []
    assert len(looked) >= 35


def tab_to(page: Any, selector: str, most: int = 150) -> None:
    """Presses Tab until this has the focus; the keyboard is all there is."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"Tab never reaches {selector} on {page.url}")


def press_enter(page: Any) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_case_from_the_queue_to_the_letter_by_keyboard_alone(
    live: tuple[Flask, str], looker: Callable[..., Looker]
) -> None:
    app, base = live
    with app.app_context():
        here = factories.make_branch()
        staff_id = factories.make_staff("anna", Role.CASE_HANDLER, branch=here)
        give_app(app.extensions["clock"], staff_id)
        student = factories.make_student(here, language="ar", email="hanan@example.org")
        asked = Asked(TargetKind.FIELD, "person", person_of(student), "street", asked="Dorpsstraat 1", current="x")
    reference = new_case(app, RequestKind.RECTIFICATION, student, asked)
    staff = looker("staff-keyboard", 1280, "nl")
    page = staff.page
    page.set_default_timeout(60_000)
    sign_in(app, page, base, "anna")
    tab_to(page, "input[name=q]")
    page.keyboard.type(reference[-7:])
    press_enter(page)
    assert page.url.endswith(f"/staff/cases/{reference}")
    tab_to(page, "form[action$='/take'] button")
    press_enter(page)
    tab_to(page, f"main a[href$='/{reference}/decide']")
    press_enter(page)
    tab_to(page, "input[name=outcome_0]")
    page.keyboard.press("Space")
    tab_to(page, "textarea[name=reply]")
    page.keyboard.type("Fijn dat u dit liet weten.")
    tab_to(page, "main form button[type=submit]")
    press_enter(page)
    staff.look("letter")
    assert "Fijn dat u dit liet weten." in page.inner_text("main")
    tab_to(page, "form[data-confirm] button")
    press_enter(page)
    staff.look("decided")
    with app.app_context():
        assert case_of(reference).outcome == "granted"
