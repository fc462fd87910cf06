"""A mail scanner opens the link in somebody's mail with everything it has: nothing is used up and nobody gets in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.i18n import offered
from portal.records.db import db
from portal.records.tables.access import Login, OneTime
from tests.chromium import CHROMIUM
from tests.factories import make_student
from tests.security.browsing import page_of
from tests.web.visitor import Visitor, mails

EMAIL = "hanan@example.org"


def ask(app: Flask) -> tuple[Visitor, str, str]:
    """The browser that asked, the path of the mailed link, and the code."""
    with app.app_context():
        make_student(email=EMAIL)
    visitor = Visitor(app)
    visitor.get("/nl/sign-in").press("link", email=EMAIL)
    arguments = mails(app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    return visitor, str(arguments["path"]), str(arguments["code"])


def unused(app: Flask) -> bool:
    with app.app_context():
        row = db.session.execute(select(OneTime)).scalar_one()
        logins = db.session.execute(select(func.count()).select_from(Login)).scalar_one()
        found = row.used_at is None and row.void_at is None and logins == 0
        db.session.rollback()
        return found


def test_a_scanner_without_our_cookie_uses_nothing_up_whatever_it_sends(app: Flask) -> None:
    visitor, path, _code = ask(app)
    sent = 0
    for agent in ("Mozilla/5.0 SafeLinks", "", "curl/8"):
        for keeps_cookies in (False, True):
            scanner = app.test_client(use_cookies=keeps_cookies)
            headers = {"User-Agent": agent}
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT"):
                scanner.open(path, method=method, headers=headers)
                sent += 1
            page = page_of("scanner", scanner.get(path, headers=headers))
            for form in page.forms:
                values = form.filled(**dict.fromkeys(form.text_fields, "12345678"))
                send = scanner.post if form.method == "post" else scanner.get
                send(form.action, data=values if form.method == "post" else None, headers=headers)
                sent += 1
            for link in re.findall(r'href="(/[^"]+)"', page.html):
                scanner.get(link, headers=headers, buffered=True)
                sent += 1
            assert unused(app)
    print(f"scanner: {sent} requests, the link is unused, no session")
    assert visitor.get(path).press("Ja, log mij in").url == "/nl/me"


def test_the_token_of_the_scanners_own_form_does_not_help_it(app: Flask) -> None:
    visitor, path, _code = ask(app)
    scanner = Visitor(app)
    scanner.get("/nl/sign-in").post(path)
    assert "/sign-in/" in scanner.url
    assert unused(app)
    assert visitor.get(path).press("Ja, log mij in").url == "/nl/me"


def test_a_link_sent_to_a_victim_signs_the_victim_in_as_nobody(app: Flask) -> None:
    """Login CSRF: an attacker asks for a link of their own and lets the victim open it."""
    _attacker, path, _code = ask(app)
    victim = Visitor(app).get("/nl/")
    victim.get(path).post_anywhere(path)
    assert "/nl/sign-in" in victim.get("/nl/me").url


def in_a_browser(test: Callable[..., None]) -> Callable[..., None]:
    for mark in (
        pytest.mark.browser,
        pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine: apt-get install chromium"),
        # the development server leaves a static file to the collector when a browser breaks off
        pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    ):
        test = mark(test)
    return test


@in_a_browser
def test_a_scanner_with_a_real_browser_and_scripts_on_neither_burns_the_link_nor_gets_in(
    live: tuple[Flask, str], chromium: Any
) -> None:
    app, base = live
    _visitor, path, _code = ask(app)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + path)
    page.wait_for_timeout(500)
    forms = page.locator("form").count()
    for number in range(forms):
        page.goto(base + path)
        form = page.locator("form").nth(number)
        for box in form.locator("input[type=text]").all():
            box.fill("12345678")
        form.evaluate("form => form.submit()")
        page.wait_for_load_state()
    page.goto(base + path)
    for button in page.locator("main button, main a").all():
        with_href = button.get_attribute("href")
        if with_href is None:
            button.click()
            break
    page.goto(base + "/nl/me")
    assert "/sign-in" in page.url
    context.close()
    assert unused(app)


@in_a_browser
def test_a_browser_with_scripts_on_finds_nothing_against_the_content_security_policy(
    live: tuple[Flask, str], chromium: Any
) -> None:
    app, base = live
    ask(app)
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    seen = 0
    paths = ["/", "/staff/sign-in", "/nl/code", "/nl/sign-in"]
    with app.app_context():
        spoken = [tongue.code for tongue in offered()]
    paths += [f"/{lang}/{name}" for lang in spoken for name in ("", "about", "new", "help", "regulation")]
    for path in paths:
        page.goto(base + path)
        seen += 1
    page.goto(f"{base}/nl/sign-in")
    page.locator("main input[name=email]").fill(EMAIL)
    page.locator("main form button").last.click()
    code = str(mails(app, "sign_in")[-1]["arguments"]["code"])  # type: ignore[index]
    page.locator("main input[name=code]").fill(code)
    page.locator("main form button").last.click()
    page.wait_for_load_state()
    assert urlsplit(page.url).path == "/nl/me"
    for path in ("/nl/me", "/nl/me/requests", "/nl/me/consents", "/nl/me/views", "/nl/confirm"):
        page.goto(base + path)
        seen += 1
    context.close()
    print(f"{seen} pages in Chromium with scripts on: {len(said)} complaints")
    assert said == []
