"""The drill of docs/operating.md, "Keys": each thing that can be lost, lost, and got back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from portal.cli.terminal import operator
from portal.records.db import db
from portal.services import rotate_keys
from portal.services.belonging import why_not
from portal.services.reconcile import reconcile
from portal.services.replay_erasures import replay
from portal.services.standing import why_not_serving
from portal.services.verify_audit import verify_audit
from portal.vault.envelope import Holder
from portal.vault.master import BadKeyFile, create_master_file, read_master
from portal.vault.tables import data_key, lookup
from tests import engines, factories
from tests.conftest import build
from tests.services.backups import backup, clock, erase, put_back, readable
from tests.services.test_reconcile import later
from tests.services.test_restore import student

pytestmark = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application with a key file of its own."""
    create_master_file(tmp_path / "key")
    make = engines.sqlite_settings if request.param == "sqlite" else engines.postgres_settings
    with make(KEY_ENCRYPTION_KEY_FILE=str(tmp_path / "key")) as settings:
        yield from build(settings)


def lose_the_keys() -> None:
    with db.engines["keys"].begin() as connection:
        connection.execute(delete(data_key))
        connection.execute(delete(lookup))


def test_a_lost_key_encryption_key_is_put_back(own: Flask, tmp_path: Path) -> None:
    file = own.config["SETTINGS"].key_file
    with own.app_context():
        made = student()
        held = readable(made)
        shutil.copy(file, tmp_path / "copy elsewhere")
        file.unlink()
        with pytest.raises(BadKeyFile):
            read_master(file)
        create_master_file(file)
        assert "KEY_ENCRYPTION_KEY_FILE" in why_not(read_master(file)), "another one is refused, not taken into use"
        shutil.copy(tmp_path / "copy elsewhere", file)
        assert why_not(read_master(file)) == ""
        assert readable(made) == held


def test_a_lost_keys_database_is_restored_and_what_came_since_is_taken_out(own: Flask, tmp_path: Path) -> None:
    with own.app_context():
        before, erased = student(), student()
        held = readable(before)
        backup(tmp_path)
        erase(erased)
        since = student()
        lose_the_keys()
        assert "KEYS_DATABASE_URL" in why_not(own.extensions["master_key"])
        put_back(tmp_path, only="keys")
        assert replay(clock()).erasures == 1
        assert why_not_serving(own) == why_not(own.extensions["master_key"]) == ""
        assert readable(before) == held
        assert readable(erased) == readable(since) == {}
        found = reconcile(operator(), later(), fix=True)
        assert found.rows_without_keys["record"] == 4, "those made since the backup"
        assert reconcile(operator(), later()).amiss == 0
        assert verify_audit(clock()).whole


def test_lost_records_are_restored_and_the_keys_at_hand_keep_what_was_erased_shut(own: Flask, tmp_path: Path) -> None:
    with own.app_context():
        stays, erased = student(), student()
        held = readable(stays)
        backup(tmp_path)
        erase(erased)
        put_back(tmp_path, only="main")
        assert readable(erased) == {}
        replay(clock())
        assert readable(stays) == held
        assert readable(erased) == {}
        reconcile(operator(), later(), fix=True)
        assert reconcile(operator(), later()).amiss == 0


def test_a_backup_from_before_a_rotation_opens_while_the_old_key_is_kept(own: Flask, tmp_path: Path) -> None:
    with own.app_context():
        made, erased = student(), student()
        held = readable(made)
        backup(tmp_path)
        erase(erased)
        rotate_keys.rotate(operator(), clock())
        put_back(tmp_path)
        replay(clock())
        assert readable(made) == held
        assert readable(erased) == {}
        assert rotate_keys.rotate(operator(), clock()).wrapped > 0
        assert factories.vault().has_key(Holder.student(made), "standard")
