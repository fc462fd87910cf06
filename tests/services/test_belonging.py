"""Keys and records of two installations are never served together."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete
from uuid_utils.compat import uuid7

from config import Settings, read_settings
from portal import create_app
from portal.records.db import db
from portal.services.belonging import KeysDoNotBelong, why_not
from portal.vault.envelope import Holder
from portal.vault.master import MasterKey, create_master_file
from portal.vault.tables import data_key
from tests import engines, factories
from tests.audit.logs import note


def master(app: Flask) -> MasterKey:
    found: MasterKey = app.extensions["master_key"]
    return found


def test_what_belongs_together_is_served_also_when_nothing_is_in_it(app: Flask) -> None:
    with app.app_context():
        assert why_not(master(app)) == ""
        factories.make_student()
        note("decide")
        assert why_not(master(app)) == ""


def test_another_key_encryption_key_is_noticed(app: Flask) -> None:
    with app.app_context():
        factories.make_student()
        for wrong in (
            MasterKey("k1", {"k1": secrets.token_bytes(32)}),
            MasterKey("k9", {"k9": secrets.token_bytes(32)}),
        ):
            assert "KEY_ENCRYPTION_KEY_FILE" in why_not(wrong)


@pytest.mark.parametrize("logged", [True, False])
def test_keys_of_other_records_and_no_keys_at_all_are_noticed(app: Flask, logged: bool) -> None:
    with app.app_context():
        factories.make_student()
        if logged:
            note("decide")
        with db.engines["keys"].begin() as connection:
            connection.execute(delete(data_key))
        assert "KEYS_DATABASE_URL" in why_not(master(app))
        factories.vault().create_keys([(Holder.student(uuid7()), "standard")])
        assert "KEYS_DATABASE_URL" in why_not(master(app)), "fresh keys beside them do not hide it"


def test_an_erased_student_is_no_reason(app: Flask) -> None:
    with app.app_context():
        kept, gone = factories.make_student(), factories.make_student()
        factories.vault().destroy(Holder.student(gone))
        assert kept
        assert why_not(master(app)) == ""


@pytest.mark.slow
def test_production_does_not_start_with_another_installations_keys(tmp_path: Path) -> None:
    with engines.sqlite_settings() as ours, engines.sqlite_settings() as theirs:
        for settings in (ours, theirs):
            app = create_app(settings)
            with app.app_context():
                factories.make_student()
                db.engine.dispose()

        def start(keys: Settings, key_file: Path) -> Flask:
            return create_app(
                read_settings(
                    {
                        "PORTAL_ENV": "production",
                        "PORTAL_DATA": str(tmp_path),
                        "SECRET_KEY": secrets.token_urlsafe(48),
                        "KEY_ENCRYPTION_KEY_FILE": str(key_file),
                        "DATABASE_URL": ours.database_url,
                        "KEYS_DATABASE_URL": keys.keys_database_url,
                        "BASE_URL": "https://privacy.school.example",
                        "MAIL_URL": "smtp://mail.school.example",
                        "MAIL_FROM": "privacy@school.example",
                    }
                )
            )

        started = start(ours, ours.key_file)
        with started.app_context():
            pools = [engine.pool for engine in db.engines.values()]
        assert [pool.checkedin() for pool in pools] == [0, 0], "processes that part after this must share no connection"
        with pytest.raises(KeysDoNotBelong, match="KEYS_DATABASE_URL"):
            start(theirs, ours.key_file)
        create_master_file(tmp_path / "other")
        with pytest.raises(KeysDoNotBelong, match="KEY_ENCRYPTION_KEY_FILE"):
            start(ours, tmp_path / "other")
