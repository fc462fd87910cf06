"""A passkey in a real Chromium, under the strict CSP: made, and given at the next sign-in, by the page's script."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from portal.domain.vocabulary import Role
from portal.services import passkeys
from tests import factories
from tests.browser.conftest import press
from tests.services.factors import code_now, give_app

KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_made_and_opens_the_next_time(
    live: tuple[Flask, str], chromium: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, address = live
    base = address.replace("127.0.0.1", "localhost")
    monkeypatch.setattr(passkeys, "_base_url", lambda: base)
    with app.app_context():
        give_app(app.extensions["clock"], factories.make_staff("anna", Role.PRIVACY_OFFICER))
    context = chromium.new_context(locale="nl")
    page = context.new_page()
    page.set_default_timeout(15_000)
    blocked: list[str] = []
    page.on("console", lambda said: blocked.append(said.text) if "Content Security Policy" in said.text else None)
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})

    def give_password() -> None:
        page.goto(base + "/staff/sign-in")
        page.fill("input[name=username]", "anna")
        page.fill("input[name=password]", factories.PASSWORD)
        press(page, "main button[type=submit]")

    give_password()
    page.fill("main input[name=code]", code_now(app.extensions["clock"]))
    press(page, "main button[type=submit]")
    page.goto(base + "/staff/enrol")
    page.fill("main input[name=name]", "laptop")
    page.click("form[data-passkey] button[type=submit]")
    page.wait_for_selector("ol.codes")
    page.goto(base + "/staff/me")
    assert "laptop" in page.inner_text("main")
    press(page, ".who button")

    give_password()
    page.goto(base + "/staff/factor?way=passkey")
    page.click("form[data-passkey] button[type=submit]")
    page.wait_for_url(base + "/staff/")
    assert page.inner_text("h1") == "Verzoeken"
    assert blocked == []
    context.close()
