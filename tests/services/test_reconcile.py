"""What a crash or a hand left between the two databases is found, taken out and logged; what fits is left alone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select
from uuid_utils.compat import uuid7

from portal.cli.terminal import operator
from portal.domain.clock import FixedClock
from portal.records import files
from portal.records.db import begin_write, db, to_write
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import Record, SealedFile
from portal.records.tables.proof import OutMail
from portal.services import erasing, erasure_ledger
from portal.services.demo.school import open_school
from portal.services.reconcile import Found, NotReconciled, reconcile
from portal.vault.envelope import Holder
from portal.vault.tables import data_key, ledger_mark, lookup
from tests import factories
from tests.mail.posts import every_message, send_all
from tests.services.backups import backup, clock, erase, put_back, readable
from tests.services.test_restore import student

pytestmark = pytest.mark.slow


def later() -> FixedClock:
    """When keys that were made just now (by the real clock) are no longer fresh."""
    from portal.domain.clock import SystemClock

    return FixedClock(SystemClock().now() + timedelta(hours=2))


def look(fix: bool = False) -> Found:
    db.session.rollback()
    return reconcile(operator(), later(), fix)


def repaired() -> Found:
    found = look(fix=True)
    assert found.fixed
    again = look()
    assert again.amiss == 0, again
    return found


def test_what_fits_is_left_alone(app: Flask) -> None:
    with app.app_context():
        made = student()
        held = readable(made)
        erase(student())
        send_all(clock(), list(every_message("nl").values())[:1])
        found = look(fix=True)
        assert (found.amiss, found.fixed) == (0, False), found
        assert readable(made) == held


def test_rows_without_keys_are_found_and_go(app: Flask) -> None:
    with app.app_context():
        gone, stays = student(), student()
        held = readable(stays)
        factories.vault().destroy(Holder.student(gone), "standard")
        found = repaired()
        assert found.rows_without_keys == {"record": 3, "sealed_file": 1}
        assert readable(stays) == held
        assert {code for _, code in readable(gone)} == {"kind", "application_date"}, "the other class is whole"


def test_keys_without_rows_are_found_and_go_when_they_are_not_fresh(app: Flask) -> None:
    with app.app_context():
        made = student()
        held = readable(made)
        stranger = Holder.student(uuid7())
        factories.vault().create_keys([(stranger, "standard")])
        factories.vault().index(Holder.student(uuid7()), "standard", [("email", "x@example.org")])
        factories.vault().begin_new_version(Holder.student(made), "exemption")
        assert reconcile(operator(), clock()).keys_without_rows == 0, "an import writes its keys first"
        found = repaired()
        assert (found.keys_without_rows, found.look_ups_without_holder) == (2, 1)
        assert readable(made) == held
        assert not factories.vault().has_key(stranger, "standard")


def test_files_without_rows_are_found_and_go(app: Flask) -> None:
    with app.app_context():
        made = student()
        begin_write()
        for holder, purpose in (
            (Holder.student(made), "screenshot"),
            (Holder.student(uuid7()), "screenshot"),
            (Holder.case(uuid7()), "upload"),
        ):
            files.store(
                db.session, factories.vault(), holder, "standard", purpose, "image/png", b"x", factories.CREATED
            )
        db.session.commit()
        assert look().files_without_rows == 3
        repaired()
        assert db.session.execute(select(func.count()).select_from(SealedFile)).scalar_one() == 1


def test_an_erasure_that_hangs_is_gone_on_with(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        made = student()
        with monkeypatch.context() as patch:
            patch.setattr(erasing, "run", lambda *_: True)
            erasure_id = erase(made)
        assert readable(made)
        assert look().erasures_hanging == 1
        repaired()
        assert readable(made) == {}
        assert db.session.get_one(Erasure, erasure_id, populate_existing=True).state == erasing.DONE


def test_a_mail_that_hangs_under_a_lease_is_free_again(app: Flask) -> None:
    with app.app_context():
        send_all(clock(), list(every_message("nl").values())[:1])
        begin_write()
        mail = db.session.execute(select(OutMail)).scalar_one()
        mail.lease_until, mail.leased_by = factories.CREATED, uuid7()
        db.session.commit()
        assert repaired().mails_hanging == 1


def test_a_ledger_that_lost_a_line_gets_it_again(app: Flask) -> None:
    with app.app_context():
        erasure_id = erase(student())
        erasure_ledger.path().unlink()
        assert repaired().erasures_not_in_ledger == 1
        assert list(erasure_ledger.ledger().ids()) == [erasure_id]


def test_nothing_is_compared_while_a_backup_waits_or_the_keys_are_anothers(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        student()
        backup(tmp_path)
        with db.engines["keys"].begin() as connection:
            connection.execute(delete(data_key))
            connection.execute(delete(lookup))
        with pytest.raises(NotReconciled, match="KEYS_DATABASE_URL"):
            look(fix=True)
        put_back(tmp_path)
        with pytest.raises(NotReconciled, match="erasures replay"):
            look(fix=True)
        db.session.rollback()
        assert db.session.execute(select(func.count()).select_from(Record)).scalar_one() == 4


def test_the_demonstration_fits(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        open_school(sqlite_app.extensions["clock"], with_years=False)
        found = look()
        assert found.amiss == 0, found
        assert found.kept_without_keys == {}


def test_a_mark_beside_the_keys_waits_for_whoever_is_writing_there(sqlite_app: Flask) -> None:
    """It reads before it writes: on SQLite it takes its turn first, or it is turned away when the turn comes."""
    erasure_id = uuid7()

    def mark() -> None:
        with sqlite_app.app_context():
            erasure_ledger.mark(erasure_id)

    with sqlite_app.app_context():
        with ThreadPoolExecutor(1) as pool, to_write(db.engines["keys"]) as connection:
            marked = pool.submit(mark)
            time.sleep(0.3)  # long enough to have read
            connection.execute(insert(ledger_mark).values(id=uuid7()))
            connection.commit()
            marked.result(timeout=20)
        with db.engines["keys"].connect() as keys:
            assert erasure_id in set(keys.execute(select(ledger_mark.c.id)).scalars())
