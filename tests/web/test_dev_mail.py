"""The demonstration's mailbox: readable where mail goes to a folder, absent everywhere else."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import pytest
from flask import Flask

from config import Settings
from portal import create_app
from portal.services.deliver_mail import deliver
from portal.services.demo.people import TOTP_KEY
from tests import engines
from tests.conftest import build
from tests.mail.posts import clock_of, file_case


@pytest.fixture
def demonstration(tmp_path: Path) -> Flask:
    with engines.sqlite_settings(MAIL_URL=f"file:{tmp_path / 'mail'}") as settings:
        for app in build(settings):
            with app.app_context():
                file_case(clock_of(app), "anna@example.org")
                deliver(clock_of(app))
            yield app


def test_a_mail_is_listed_and_read_with_a_link_that_works(demonstration: Flask):
    client = demonstration.test_client()
    listed = client.get("/dev/mail", base_url="http://127.0.0.1:5000").text
    assert "anna@example.org" in listed
    name = listed.split("/dev/mail/")[1].split('"')[0]
    read = client.get(f"/dev/mail/{name}", base_url="http://127.0.0.1:5000").text
    assert 'href="http://127.0.0.1:5000/nl/code"' in read
    assert "&lt;!doctype html&gt;" in read, "the HTML part is shown, not run"
    assert "no mail yet" in client.get("/dev/mail?to=other@example.org", base_url="http://127.0.0.1:5000").text


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fkey-encryption-key", "..%2f..%2fetc%2fpasswd", "nothing", "a.eml"])
def test_no_other_file_can_be_read(demonstration: Flask, name: str):
    assert demonstration.test_client().get(f"/dev/mail/{name}", base_url="http://127.0.0.1:5000").status_code == 404


def test_production_and_real_mail_have_no_such_page(tmp_path: Path):
    key = tmp_path / "key"
    with engines.sqlite_settings() as settings:
        os.link(settings.key_file, key)
        production = {
            "PORTAL_ENV": "production",
            "BASE_URL": "https://privacy.school.example",
            "KEY_ENCRYPTION_KEY_FILE": str(key),
            "MAIL_URL": "smtp://127.0.0.1:9",
            "MAIL_FROM": "privacy@school.example",
        }
        for more in (production, {"MAIL_URL": "smtp://127.0.0.1:9"}):
            assert not dev_pages(engines.settings_for(settings.database_url, settings.keys_database_url, **more))
        assert dev_pages(engines.settings_for(settings.database_url, settings.keys_database_url))


def dev_pages(settings: Settings) -> list[str]:
    return [rule.rule for rule in create_app(settings).url_map.iter_rules() if rule.rule.startswith("/dev")]


def test_the_code_of_made_up_staff_is_the_one_their_app_would_show(demonstration: Flask):
    page = demonstration.test_client().get("/dev/code", base_url="http://127.0.0.1:5000").text
    app = pyotp.TOTP(TOTP_KEY)
    now = app.timecode(datetime.now(UTC))
    assert any(app.generate_otp(step) in page for step in (now - 1, now))
