"""A restore cannot resurrect: what was erased since the backup is erased again before anybody is served."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.jobs import BY_NAME
from portal.jobs import run as run_job
from portal.records.db import begin_write, db
from portal.records.tables.access import Login
from portal.records.tables.people import Student, Tombstone
from portal.services import erasing, erasure_ledger, standing
from portal.services.backup import end_old_keys, make_recovery_key
from portal.services.replay_erasures import BadLedger, replay
from portal.services.restore import BadRecoveryKey, NotOpened, NotRestored, restore, stamps
from portal.services.standing import NotServing, why_not_serving
from portal.services.verify_audit import verify_audit
from portal.vault.envelope import Holder
from portal.vault.sealed_box import new_recovery_key
from tests import factories
from tests.intake import exports
from tests.proofs import keep, rounds
from tests.services import cases, intakes
from tests.services.backups import backup, clock, erase, files_of, open_rows, put_back, readable, rows_of
from tests.services.campaigns import invitations, sent
from tests.services.test_erase_items import picture

pytestmark = pytest.mark.slow


def student(**person: str):
    made = factories.make_student(**person)
    factories.add_record(made, "bank", iban="NL91ABNA0417164300")
    factories.add_record(made, "exemption", kind="medical", application_date="2020-01-05")
    factories.add_record(made, "screenshot", lesson_date="2021-03-02", class_group="A", image=str(picture(made)))
    return made


def students() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Student)).scalar_one()


def test_a_backup_brings_everything_back_as_it_was(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = student()
        held = readable(made)
        done = backup(tmp_path)
        late = student()
        put_back(tmp_path)
        assert readable(made) == held
        assert files_of(made) == 1
        assert db.session.get(Student, late) is None
        replay(clock())
        assert why_not_serving(app) == ""
        assert verify_audit(clock()).whole
        assert readable(student()), "and goes on from there"
        assert done.keys.parent == tmp_path / "keys"
        assert {path.stat().st_mode & 0o777 for path in (done.main, done.keys)} == {0o600}
        assert not [path for path in tmp_path.rglob("*") if path.suffix in {".part"} or path.name == ".snapshot"]


def test_nobody_is_served_before_the_replay(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    with app.app_context():
        student()
        backup(tmp_path)
        put_back(tmp_path)
    for address in ("/nl/", "/staff/", "/nl/me/data", "/staff/sign-in"):
        assert client.get(address).status_code == 503
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["replayed"]) == (503, False)
    with pytest.raises(NotServing):
        run_job(app, BY_NAME["deliver"])
    with app.app_context():
        replay(clock())
    assert client.get("/nl/").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_files_that_were_copied_back_by_hand_are_noticed_too(sqlite_app: Flask, tmp_path: Path) -> None:
    with sqlite_app.app_context():
        made = student()
        paths = [Path(str(engine.url.database)) for engine in db.engines.values()]
        for engine in db.engines.values():
            with engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            engine.dispose()
        for path in paths:
            shutil.copy(path, tmp_path / path.name)
        erase(made)
        assert why_not_serving(sqlite_app) == ""
        for engine in db.engines.values():
            engine.dispose()
        for path in paths:
            for rest in ("-wal", "-shm"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
            shutil.copy(tmp_path / path.name, path)
        sqlite_app.extensions.pop("standing", None)  # as another process
        assert why_not_serving(sqlite_app) == standing.REPLAY
        assert readable(made)
        replay(clock())
        assert readable(made) == {}
        assert why_not_serving(sqlite_app) == ""


def test_keys_alone_that_were_put_back_are_destroyed_again(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = student()
        backup(tmp_path)
        old = rows_of(made)
        erase(made)
        assert open_rows(old, made) == 0
        put_back(tmp_path, only="keys")
        assert open_rows(old, made) == len(old), "the old keys open an old copy"
        assert replay(clock()).erasures == 1
        assert open_rows(old, made) == 0
        assert why_not_serving(app) == ""


@pytest.mark.proof
def test_old_backups_bring_nothing_erased_back(app: Flask, tmp_path: Path) -> None:
    """Backups along the way, erasures of students and of single values between them; each is put back and replayed."""
    backups, refused, decryptable, lost, values = rounds(3, 12), 0, 0, 0, 0
    with app.app_context():
        stays = student(family_name="Blijft")
        kept = readable(stays)
        everybody, partly, made = [], [], []
        for _ in range(backups):
            whole, part = student(), student()
            everybody.append(whole)
            partly.append(part)
            made.append((backup(tmp_path).stamp, rows_of(whole), rows_of(part)))
        gone = {}
        for whole, part in zip(everybody, partly, strict=True):
            held = readable(part)
            gone[part] = sorted(held, key=str)[:: 2 + len(gone) % 3]
            erase(part, gone[part])
            erase(whole)
        rest = {part: readable(part) for part in partly}
        absent = students()
        for number, (stamp, *_) in enumerate(made, 1):
            put_back(tmp_path, stamp)
            refused += why_not_serving(app) == standing.REPLAY and app.test_client().get("/nl/").status_code == 503
            done = replay(clock())
            assert not done.hanging
            for whole, (_, rows, _) in zip(everybody, made, strict=True):
                decryptable += open_rows(rows, whole) + len(readable(whole)) + files_of(whole)
            for part in partly[:number]:
                found = readable(part)
                decryptable += len(set(found) & set(gone[part]))
                lost += len(rest[part].items() - found.items())
                values += len(rest[part])
            for part in partly[number:]:
                assert db.session.get(Student, part) is None
            assert readable(stays) == kept
            assert why_not_serving(app) == ""
            assert app.test_client().get("/nl/").status_code == 200
            graves = db.session.execute(select(func.count()).where(Tombstone.kind == "student")).scalar_one()
            assert graves == backups, "also of those who are not in the backup, so that no import brings them back"
            assert verify_audit(clock()).whole
        assert absent == students()
    keep(
        "restored_backups",
        engine=db_name(app),
        backups=backups,
        refused_without_replay=refused,
        erased_students=len(everybody),
        single_item_erasures=len(partly),
        decryptable=decryptable,
        kept_values=values,
        kept_values_lost=lost,
    )
    assert refused == backups
    assert decryptable == 0
    assert lost == 0


def db_name(app: Flask) -> str:
    with app.app_context():
        return db.engine.dialect.name


def test_a_replay_that_is_killed_goes_on(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        made = [student() for _ in range(2)]
        backup(tmp_path)
        for each in made:
            erase(each)
        put_back(tmp_path)
        step, times = erasing._do, iter(range(4))

        def killed(*arguments):
            if next(times, None) is None:
                raise KeyboardInterrupt
            step(*arguments)

        monkeypatch.setattr(erasing, "_do", killed)
        with pytest.raises(KeyboardInterrupt):
            replay(clock())
        db.session.rollback()
        monkeypatch.setattr(erasing, "_do", step)
        assert why_not_serving(app) == standing.REPLAY
        replay(clock())
        assert [readable(each) for each in made] == [{}, {}]
        assert why_not_serving(app) == ""


def test_a_copy_of_an_identity_document_does_not_come_back(app: Flask, tmp_path: Path) -> None:
    from portal.domain.permissions import SYSTEM
    from portal.records import files
    from portal.services.unit import writing

    with app.app_context():
        holder = Holder.case(factories.make_branch())
        begin_write()
        files.store(db.session, factories.vault(), holder, "upload", "upload", "image/png", b"id", factories.CREATED)
        db.session.commit()
        backup(tmp_path)
        with writing(SYSTEM, clock()) as work:
            erasure_ledger.destroy_key(work, holder, "upload")
        put_back(tmp_path)
        assert factories.vault().has_key(holder, "upload")
        assert replay(clock()).keys == 1
        assert not factories.vault().has_key(holder, "upload")
        assert files.of_holder(db.session, holder) == []


def test_an_upload_of_the_office_and_the_answers_to_a_question_do_not_come_back(app: Flask, tmp_path: Path) -> None:
    from portal.services.decide_intake import cancel

    folder = exports.write_export(
        tmp_path / "export", cursisten=[exports.person()], trajecten=[exports.programme("C1")]
    )
    with app.app_context():
        officer, made = cases.officer(), student()
        campaign, upload = sent(officer), intakes.zipped(officer, folder)
        backup(tmp_path)
        erase(made)
        cancel(officer, clock(), upload)
        put_back(tmp_path)
        assert invitations(campaign)
        holder = Holder("intake", upload)
        assert factories.vault().has_key(holder, "upload")
        replay(clock())
        assert invitations(campaign) == {}
        assert not factories.vault().has_key(holder, "upload")
        assert intakes.left_of(upload)[0] == 0
        before = students()
        intakes.worked()
        assert students() == before, "what nobody can open any more goes in nowhere"


def test_who_had_signed_out_is_not_signed_in_again(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = student()
        begin_write()
        now = clock().now()
        db.session.add(
            Login(digest=bytes(32), kind="student", student_id=made, created_at=now, fresh_at=now, seen_at=now)
        )
        db.session.commit()
        backup(tmp_path)
        put_back(tmp_path)
        assert replay(clock()).sessions == 1
        assert db.session.execute(select(Login.id)).all() == []


def test_a_ledger_that_was_changed_lets_nobody_in(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        for each in [student(), student()]:
            backup(tmp_path)
            erase(each)
        put_back(tmp_path, stamps(tmp_path, "main")[0])
        whole = erasure_ledger.path().read_text()
        erasure_ledger.path().write_text(whole.splitlines(keepends=True)[1])
        with pytest.raises(BadLedger):
            replay(clock())
        assert why_not_serving(app) == standing.REPLAY
        erasure_ledger.path().write_text(whole)
        assert replay(clock()).erasures == 2


def test_a_machine_without_a_ledger_takes_the_one_of_the_backup(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        erase(student())
        backup(tmp_path)
        text = erasure_ledger.path().read_text()
        erasure_ledger.path().unlink()
        put_back(tmp_path)
        assert erasure_ledger.path().read_text() == text
        assert replay(clock()).erasures == 0, "the backup knows it"


def test_a_backup_opens_for_its_recovery_key_only_and_whole(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        made = student()
        held = readable(made)
        done = backup(tmp_path)
        with pytest.raises(NotOpened):
            restore(tmp_path, new_recovery_key()[0], replace=True)
        with pytest.raises(BadRecoveryKey):
            restore(tmp_path, "nothing", replace=True)
        whole = done.main.read_bytes()
        done.main.write_bytes(whole[:-1])
        with pytest.raises(NotOpened):
            put_back(tmp_path)
        done.main.write_bytes(whole)
        shutil.copy(done.main, done.keys)
        with pytest.raises(NotOpened):
            put_back(tmp_path)
        assert standing.restored_stamp() is None
        assert readable(made) == held, "nothing was touched"


def test_students_are_not_written_over_by_chance(app: Flask, tmp_path: Path) -> None:
    from tests.services.backups import PRIVATE

    with app.app_context():
        student()
        backup(tmp_path)
        with pytest.raises(NotRestored) as refused:
            restore(tmp_path, PRIVATE)
        assert refused.value.code == "not_empty"
        with pytest.raises(NotRestored) as refused:
            restore(tmp_path / "elsewhere", PRIVATE)
        assert refused.value.code == "no_backup"


def test_the_keys_backups_end_after_seven_days_and_the_others_stay(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        student()
        first = backup(tmp_path)
        app.extensions["clock"].advance(timedelta(days=6))
        assert backup(tmp_path).ended == ()
        app.extensions["clock"].advance(timedelta(days=1, hours=1))
        assert backup(tmp_path).ended == (first.keys.name,)
        assert first.main.exists()
        assert list(end_old_keys(clock(), tmp_path / "keys")) == []
        with pytest.raises(NotRestored):
            put_back(tmp_path, first.stamp)


def test_a_recovery_key_is_made_once(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        public = make_recovery_key(tmp_path / "recovery")
        assert public.startswith("recovery-key-")
        with pytest.raises(FileExistsError):
            make_recovery_key(tmp_path / "recovery")
