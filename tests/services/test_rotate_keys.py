"""Rotating the key-encryption key: while the portal runs, cut short, over several machines; retiring the old one."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from config import Settings
from portal.cli.terminal import operator
from portal.domain.clock import FixedClock
from portal.records.db import db
from portal.services import erasure_ledger, rotate_keys
from portal.vault.envelope import Holder, Place
from portal.vault.ledger import Line
from portal.vault.master import MasterKey, create_master_file, read_master, replace_master_file
from portal.vault.tables import data_key
from portal.vault.vault import Vault
from tests import engines, factories
from tests.conftest import NOW, build

pytestmark = pytest.mark.slow

CLOCK = FixedClock(NOW)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application with a key file of its own."""
    file = tmp_path / "key"
    create_master_file(file)
    make = engines.sqlite_settings if request.param == "sqlite" else engines.postgres_settings
    with make(KEY_ENCRYPTION_KEY_FILE=str(file)) as settings:
        yield from build(settings)


def key_file(app: Flask) -> Path:
    settings: Settings = app.config["SETTINGS"]
    return settings.key_file


def wrapped_under() -> dict[str, int]:
    with db.engines["keys"].connect() as connection:
        rows = connection.execute(select(data_key.c.master_id, func.count()).group_by(data_key.c.master_id)).all()
    return dict(rows)


def sealed(number: int) -> list[tuple[Holder, Place, bytes]]:
    found = []
    for _ in range(number):
        student = factories.make_student()
        place = Place("record", "sealed", student)
        found.append(
            (Holder.student(student), place, factories.vault().seal(Holder.student(student), "standard", place, "x"))
        )
    return found


def all_open(values: list[tuple[Holder, Place, bytes]]) -> bool:
    return all(factories.vault().open(holder, "standard", place, blob) == "x" for holder, place, blob in values)


def test_everything_is_wrapped_under_the_fresh_key_and_opens(own: Flask) -> None:
    with own.app_context():
        values = sealed(3)
        done = rotate_keys.rotate(operator(), CLOCK)
        assert done.current == "k2.20261123"
        assert set(wrapped_under()) == {"k2.20261123"}
        assert done.wrapped >= 3
        assert list(read_master(key_file(own)).keys) == ["k2.20261123", "k1"]
        assert key_file(own).stat().st_mode & 0o077 == 0
        assert all_open(values)


def test_what_is_in_hand_goes_on_while_it_runs(own: Flask) -> None:
    with own.app_context():
        values = sealed(5)
    stop, faults = threading.Event(), []

    def work() -> None:
        with own.app_context():
            while not stop.is_set():
                try:
                    fresh = sealed(1)
                    assert all_open(fresh)
                    assert all_open(values)
                    values.extend(fresh)
                except Exception as fault:
                    faults.append(fault)
                    return

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    with own.app_context():
        for _ in range(3):
            rotate_keys.rotate(operator(), CLOCK)
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    with own.app_context():
        assert all_open(values)
        rotate_keys.rotate(operator(), CLOCK)
        assert len(wrapped_under()) == 1


def test_another_process_that_read_the_file_before_opens_and_wraps_on(own: Flask) -> None:
    with own.app_context():
        other = Vault(db.engines["keys"], read_master(key_file(own)))
        (holder, place, blob), *_ = sealed(1)
        rotate_keys.rotate(operator(), CLOCK)
        assert other.open(holder, "standard", place, blob) == "x"
        other.seal(Holder.student(factories.make_student()), "fresh", place, "y")
        assert set(wrapped_under()) == {"k2.20261123"}, "what it makes from now on is wrapped under the new key"


def test_a_rotation_that_was_cut_short_goes_on_and_begins_no_other(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with own.app_context():
        values = sealed(4)
        monkeypatch.setattr(rotate_keys, "BATCH", 2)
        wrap, calls = rotate_keys._wrap_some, iter([0])

        def once(*arguments):
            if next(calls, None) is None:
                raise KeyboardInterrupt
            return wrap(*arguments)

        monkeypatch.setattr(rotate_keys, "_wrap_some", once)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys.rotate(operator(), CLOCK)
        monkeypatch.setattr(rotate_keys, "_wrap_some", wrap)
        assert len(wrapped_under()) == 2
        assert all_open(values)
        assert rotate_keys.rotate(operator(), CLOCK).current == "k2.20261123"
        assert set(wrapped_under()) == {"k2.20261123"}
        assert all_open(values)


def test_a_key_that_is_destroyed_meanwhile_does_not_come_back(own: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with own.app_context():
        values = sealed(6)
        destroyed = [holder for holder, _, _ in values[:3]]
        wrap, started = MasterKey.wrap, threading.Event()

        def destroy() -> None:
            with own.app_context():
                started.wait()
                for holder in destroyed:
                    factories.vault().destroy(holder)

        def slowly(self, key, bound):
            started.set()
            time.sleep(0.05)
            return wrap(self, key, bound)

        monkeypatch.setattr(MasterKey, "wrap", slowly)
        thread = threading.Thread(target=destroy)
        thread.start()
        rotate_keys.rotate(operator(), CLOCK)
        thread.join()
        assert not any(factories.vault().has_key(holder, "standard") for holder in destroyed)
        assert all_open(values[3:])


def test_a_prepared_key_opens_everywhere_before_it_wraps_anywhere(own: Flask, tmp_path: Path) -> None:
    with own.app_context():
        values = sealed(2)
        assert rotate_keys.prepare(operator(), CLOCK) == rotate_keys.prepare(operator(), CLOCK) == "k2.20261123"
        assert set(wrapped_under()) == {"k1"}
        copied = tmp_path / "another machine"
        shutil.copy(key_file(own), copied)
        rotate_keys.rotate(operator(), CLOCK)
        elsewhere = Vault(db.engines["keys"], read_master(copied))
        for holder, place, blob in values:
            assert elsewhere.open(holder, "standard", place, blob) == "x"
        assert list(read_master(key_file(own)).keys) == ["k2.20261123", "k1"]


def test_an_old_key_is_retired_when_no_backup_needs_it(own: Flask) -> None:
    with own.app_context():
        values = sealed(2)
        line = Line(factories.make_student(), "key", {"n": 1})
        erasure_ledger.ledger().append(line)
        rotate_keys.rotate(operator(), CLOCK)
        with pytest.raises(rotate_keys.NotRetired) as refused:
            rotate_keys.retire(operator(), CLOCK)
        assert refused.value.code == "backups_need_it"
        later = FixedClock(NOW + timedelta(days=9))
        assert rotate_keys.retire(operator(), later) == rotate_keys.Retired(("k1",), 1)
        assert list(read_master(key_file(own)).keys) == ["k2.20261123"]
        assert all_open(values)
        assert erasure_ledger.ledger().lines() == [line]


def test_no_key_is_retired_while_something_is_wrapped_under_it(own: Flask) -> None:
    with own.app_context():
        sealed(1)
        keys = read_master(key_file(own)).keys
        replace_master_file(key_file(own), {"k2.20200101": secrets.token_bytes(32), **keys})
        with pytest.raises(rotate_keys.NotRetired) as refused:
            rotate_keys.retire(operator(), CLOCK, at_once=True)
        assert refused.value.code == "under_way"
