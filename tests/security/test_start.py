"""Production refuses to start weakly, and says every fault by the name of its variable (ASVS 13.3.1, 13.4.2)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from config import DEVELOPMENT_SECRET, WeakSettings, read_settings
from portal import create_app
from portal.records.db import db
from portal.vault.master import BadKeyFile, create_master_file

STRONG = secrets.token_urlsafe(48)


@pytest.fixture
def good(tmp_path: Path) -> dict[str, str]:
    """What a sound production has in its environment."""
    create_master_file(tmp_path / "key")
    return {
        "PORTAL_ENV": "production",
        "PORTAL_DATA": str(tmp_path),
        "SECRET_KEY": STRONG,
        "KEY_ENCRYPTION_KEY_FILE": str(tmp_path / "key"),
        "BASE_URL": "https://privacy.school.example",
        "MAIL_URL": "smtp://mail.school.example",
        "MAIL_FROM": "privacy@school.example",
    }


def test_a_sound_production_starts_with_its_own_host_only_and_secure_cookies(good: dict[str, str]) -> None:
    app = create_app(read_settings(good))
    assert app.config["TRUSTED_HOSTS"] == ["privacy.school.example"]
    assert app.config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert app.config["SESSION_COOKIE_SECURE"]
    assert not app.debug
    assert not app.testing
    assert app.config["WTF_CSRF_ENABLED"]
    assert not [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("dev.")]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": DEVELOPMENT_SECRET}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "a" * 64}, "SECRET_KEY"),
        ({"SECRET_KEY": "changemechangemechangemechangeme"}, "SECRET_KEY"),
        ({"FLASK_DEBUG": "1"}, "FLASK_DEBUG"),
        ({"FLASK_DEBUG": "true"}, "FLASK_DEBUG"),
        ({"KEY_ENCRYPTION_KEY_FILE": ""}, "KEY_ENCRYPTION_KEY_FILE"),
        ({"KEY_ENCRYPTION_KEY_FILE": "no/such/file"}, "KEY_ENCRYPTION_KEY_FILE"),
        ({"BASE_URL": ""}, "BASE_URL"),
        ({"BASE_URL": "http://privacy.school.example"}, "BASE_URL"),
        ({"BASE_URL": "https://"}, "BASE_URL"),
        ({"BASE_URL": "https:///path"}, "BASE_URL"),
        ({"BASE_URL": "https://localhost"}, "BASE_URL"),
        ({"BASE_URL": "https://user:word@privacy.school.example"}, "BASE_URL"),
        ({"BASE_URL": "https://privacy.school.example/portal"}, "BASE_URL"),
        ({"MAIL_URL": ""}, "MAIL_URL"),
        ({"MAIL_URL": "file:var/mail"}, "MAIL_URL"),
        ({"MAIL_FROM": ""}, "MAIL_FROM"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
        ({"METRICS_NETWORKS": "everywhere"}, "METRICS_NETWORKS"),
        ({"PORTAL_CLOCK_OFFSET": "3600"}, "PORTAL_CLOCK_OFFSET"),
        ({"DATABASE_URL": "postgresql://x/one", "KEYS_DATABASE_URL": "postgresql://x/one"}, "KEYS_DATABASE_URL"),
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV"),
    ],
    ids=lambda value: (
        "-".join(f"{key}={text}"[:50] for key, text in value.items()) if isinstance(value, dict) else value
    ),
)
def test_production_refuses_a_weak_setting_by_name(good: dict[str, str], changed: dict[str, str], named: str) -> None:
    with pytest.raises(WeakSettings) as refused:
        read_settings({**good, **changed})
    assert any(named in fault for fault in refused.value.faults)


def test_every_fault_is_said_at_once(good: dict[str, str]) -> None:
    with pytest.raises(WeakSettings) as refused:
        read_settings({"PORTAL_ENV": "production", "PORTAL_DATA": good["PORTAL_DATA"]})
    assert len(refused.value.faults) >= 5
    assert STRONG not in str(refused.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"short"),
    ],
    ids=["empty", "short"],
)
def test_a_key_file_that_does_not_protect_is_refused(good: dict[str, str], spoil: Callable[[Path], object]) -> None:
    path = Path(good["KEY_ENCRYPTION_KEY_FILE"])
    path.chmod(0o600)
    spoil(path)
    with pytest.raises((BadKeyFile, WeakSettings)):
        create_app(read_settings(good))


def test_no_secret_of_ours_stands_in_the_repository_beyond_the_one_that_production_refuses() -> None:
    from config import ROOT

    assert not (ROOT / "key-encryption-key").exists()
    assert "production refuses it" in (ROOT / "config.py").read_text()


def test_both_databases_notice_a_dead_connection_end_a_stuck_statement_and_quote_no_value(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            assert engine.hide_parameters
            if engine.dialect.name == "postgresql":
                assert engine.pool._pre_ping
                with engine.connect() as connection:
                    assert connection.execute(text("SHOW statement_timeout")).scalar() == "30s"
                    assert connection.execute(text("SHOW lock_timeout")).scalar() == "10s"
