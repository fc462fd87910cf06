"""Keeping and proving from the command line: backups, keys, the log, what does not fit. Exit codes 0, 1 and 2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from portal.vault.master import create_master_file
from tests import engines, factories
from tests.commands.test_commands import call, value
from tests.conftest import build
from tests.services.backups import PUBLIC, erase, readable
from tests.services.test_restore import student


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Flask]:
    """An application with a key file and a recovery key of its own."""
    create_master_file(tmp_path / "key")
    with engines.sqlite_settings(KEY_ENCRYPTION_KEY_FILE=str(tmp_path / "key")) as settings:
        yield from build(settings)


def test_a_backup_is_made_put_back_and_replayed(own: Flask, tmp_path: Path) -> None:
    folder, recovery = str(tmp_path / "backups"), tmp_path / "recovery"
    made = value(call(own, "keys", "recovery", str(recovery), "--json"))
    assert recovery.read_text().strip() not in json.dumps(made)
    call(own, "keys", "recovery", str(recovery), code=1)
    call(own, "backup", folder, code=2)
    own.config["SETTINGS"] = replace(own.config["SETTINGS"], recovery_key=made["public"])
    with own.app_context():
        stays, gone = student(), student()
        held = readable(stays)
    done = value(call(own, "backup", folder, "--json"))
    assert Path(done["main"]).is_file()
    with own.app_context():
        erase(gone)
    ask = ("restore", folder, "--recovery-key", str(recovery))
    assert "not_empty" in call(own, *ask, "--json", code=1).output
    assert "no_backup" in call(own, *ask, "--at", "20200101T000000Z", "--json", code=1).output
    other = tmp_path / "other"
    call(own, "keys", "recovery", str(other))
    assert (
        "not_opened" in call(own, "restore", folder, "--recovery-key", str(other), "--replace", "--json", code=1).output
    )
    call(own, "restore", folder, code=2)
    assert value(call(own, *ask, "--replace", "--json"))["stamp"] == done["stamp"]
    for refused in (("cases", "list"), ("jobs", "run", "deliver"), ("backup", folder), ("students", "import", folder)):
        assert "erasures replay" in call(own, *refused, code=1).output
    call(own, "reconcile", code=1)
    assert value(call(own, "erasures", "replay", "--json"))["erasures"] == 1
    assert "concern nobody" in call(own, "erasures", "replay").output
    call(own, "cases", "list")
    with own.app_context():
        assert (readable(stays), readable(gone)) == (held, {})


def test_the_backup_key_must_be_one(own: Flask, tmp_path: Path) -> None:
    own.config["SETTINGS"] = replace(own.config["SETTINGS"], recovery_key=PUBLIC[:-3])
    assert "BACKUP_RECOVERY_KEY" in call(own, "backup", str(tmp_path), code=2).output


def test_keys_are_rotated_prepared_and_retired(own: Flask) -> None:
    with own.app_context():
        made = student()
        held = readable(made)
    assert "wraps nothing yet" in call(own, "keys", "rotate", "--prepare").output
    done = value(call(own, "keys", "rotate", "--json"))
    assert done["wrapped"] > 0
    assert done["current"].startswith("k2.")
    assert "backups_need_it" in call(own, "keys", "rotate", "--retire", "--json", code=1).output
    assert value(call(own, "keys", "rotate", "--retire", "--now", "--json"))["gone"] == ["k1"]
    call(own, "keys", "rotate", "--now", code=2)
    call(own, "keys", "rotate", "--retire", "--prepare", code=2)
    with own.app_context():
        assert readable(made) == held


def test_a_checkpoint_and_an_export_of_the_log_are_written(own: Flask, tmp_path: Path) -> None:
    with own.app_context():
        factories.make_student()
    saved = tmp_path / "checkpoint.json"
    saved.write_text(call(own, "audit", "checkpoint").stdout)
    key = json.loads(saved.read_text())["signer"]
    whole = value(call(own, "audit", "verify", "--checkpoint", str(saved), "--key", key, "--details", "--json"))
    assert (whole["whole"], whole["compared"]) == (True, 1)
    call(own, "audit", "verify", "--key", "00" * 32, code=1)
    call(own, "audit", "verify", "--checkpoint", str(tmp_path / "key"), code=2)
    exported = value(call(own, "audit", "export", str(tmp_path / "log"), "--json"))
    assert exported["entries"] == whole["entries"]


def test_what_does_not_fit_is_reported_and_repaired(own: Flask) -> None:
    assert "Everything fits." in call(own, "reconcile").output
    with own.app_context():
        made = student()
        factories.vault().destroy(factories.Holder.student(made), "standard")
    assert value(call(own, "reconcile", "--json", code=1))["rows_without_keys"] == {"record": 3, "sealed_file": 1}
    assert "repaired" in call(own, "reconcile", "--fix").output
    assert "Everything fits." in call(own, "reconcile").output
