"""An upload of the office: looked at, confirmed, imported once, and gone; nothing of it is half done."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation
from portal.records.tables.office import Intake
from portal.records.tables.people import ImportFinding
from portal.services import erasure_ledger, import_rows
from portal.services.decide_intake import admit, cancel, confirm
from portal.services.import_students import import_folder
from portal.services.intake_page import overview, standing
from portal.services.intakes import FILES, MovedOn, State
from portal.services.unit import reading
from portal.services.upload_export import Sent, upload_export
from tests import factories
from tests.intake.exports import person, programme, write_export
from tests.security.test_parallel import AT_ONCE, winners
from tests.services import backups, intakes, uploads
from tests.services.cases import clock
from tests.services.intakes import imported, left_of, looked_at, officer, row, students, worked, zipped

pytestmark = pytest.mark.slow

ENDED = "01-06-2021"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """One good student, one whose address is no address, one past the term."""
    people = [person("C1"), person("C2", **{"E-mail": "anna-at-example.org"}), person("C3")]
    programmes = [programme("C1"), programme("C2", "T2"), programme("C3", "T3", "01-01-2010", ENDED)]
    return write_export(tmp_path / "export", cursisten=people, trajecten=programmes)


def test_the_dry_run_says_what_the_import_then_does_and_the_bytes_are_gone(context: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    assert (found.state, students()) == (State.LOOKED, 0)
    tried = json.loads(json.dumps(import_folder(SYSTEM, clock(), export, dry_run=True).as_json()))
    report = found.told.report
    assert {name: report[name] for name in tried} == tried, "the same report as on the command line"
    assert (report["new_students"], report["bad"], report["past_term"]["count"]) == (1, 2, 1)
    confirm(actor, clock(), found.id, found.version)
    assert worked()["imported"] == 1
    done = standing(actor, clock(), found.id)
    assert (done.state, students(), done.counts["new_students"]) == (State.DONE, 1, 1)
    assert {**done.told.report, "dry_run": True} == report
    assert left_of(found.id) == (0, ["import"]), "the bytes and their key"
    assert any(line.body.get("holder") == ["intake", found.id.hex] for line in erasure_ledger.ledger().lines())


def test_single_files_are_as_good_as_a_zip(small: Flask, export: Path) -> None:
    actor = officer()
    files = [Sent(each.name, io.BytesIO(each.read_bytes())) for each in sorted(export.iterdir()) if each.is_file()]
    intake_id = upload_export(actor, clock(), files)
    worked()
    found = standing(actor, clock(), intake_id)
    assert (found.state, found.told.report["new_students"]) == (State.LOOKED, 1)


def test_after_72_hours_nothing_of_an_upload_is_left_but_numbers(context: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    (part,) = db.session.execute(select(intakes.SealedFile.sealed)).scalars()
    db.session.rollback()
    pieces = [part[start : start + 48] for start in range(0, len(part) - 48, 500)]
    assert not uploads.is_sqlite() or pieces[0] in uploads.on_disk()
    clock().advance(timedelta(hours=71, minutes=59))
    assert worked() == {"wiped": 0}
    clock().advance(timedelta(minutes=1))
    worked()
    assert left_of(found.id) == (0, [])
    kept = row(found.id)
    assert (kept.state, kept.slot, kept.files_sealed, kept.sealed) == ("expired", None, None, None)
    if uploads.is_sqlite():
        assert not any(piece in uploads.on_disk() for piece in pieces)
    assert worked() == {}


def test_the_report_of_an_import_lives_as_long_as_the_upload_would_have(small: Flask, export: Path) -> None:
    done = imported(officer(), export)
    assert done.told.report["bad"] == 2
    clock().advance(timedelta(hours=72))
    worked()
    assert left_of(done.id) == (0, [])
    assert row(done.id).counts != "{}"


def test_of_twenty_uploads_at_once_exactly_one_is_taken(app: Flask, export: Path) -> None:
    with app.app_context():
        actor = officer()

    def one(_number: int) -> bool:
        return bool(zipped(actor, export))

    assert winners(app, one) == 1
    with app.app_context():
        assert len(db.session.execute(select(Intake.id)).all()) == 1
    assert AT_ONCE == 20


def test_a_second_upload_waits_until_the_first_has_ended(small: Flask, export: Path) -> None:
    actor = officer()
    first = zipped(actor, export)
    with pytest.raises(Refused, match="intake_under_way"):
        zipped(actor, export)
    cancel(actor, clock(), first)
    assert zipped(actor, export)


def test_what_is_cancelled_before_it_begins_never_goes_in_and_is_wiped(context: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    confirm(actor, clock(), found.id, found.version)
    cancel(actor, clock(), found.id)
    assert left_of(found.id) == (0, [])
    worked()
    assert (students(), row(found.id).state) == (0, "cancelled")
    done = imported(actor, export)
    with pytest.raises(MovedOn):
        cancel(actor, clock(), done.id)


def test_a_dry_run_that_is_cancelled_meanwhile_stops_and_leaves_nothing(small: Flask, export: Path) -> None:
    actor = officer()
    intake_id = zipped(actor, export)
    told = []

    def cancelling() -> bool:
        if not told:
            told.append(True)
            cancel(actor, clock(), intake_id)
        return False

    worked(cancelling)
    assert (row(intake_id).state, left_of(intake_id)) == ("cancelled", (0, []))


def test_only_what_was_looked_at_is_confirmed(context: Flask, export: Path) -> None:
    actor, second = officer(), officer("director", Role.DIRECTOR)
    found = looked_at(actor, export)
    admit(second, clock(), found.id, found.version, ["C3"], "Zij heeft nog een klacht lopen.")
    with pytest.raises(MovedOn):
        confirm(actor, clock(), found.id, found.version)
    assert row(found.id).state == "waiting"


def test_who_is_past_the_term_comes_in_with_a_reason_or_is_left_out(context: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    with pytest.raises(Refused, match="reason_missing"):
        admit(actor, clock(), found.id, found.version, ["C3"], " ")
    admit(actor, clock(), found.id, found.version, ["C3"], "Zij heeft nog een klacht lopen.")
    worked()
    again = standing(actor, clock(), found.id)
    assert (again.state, again.told.report["new_students"]) == (State.LOOKED, 2), "looked at anew"
    confirm(actor, clock(), found.id, again.version)
    worked()
    assert students() == 2
    decided = db.session.execute(select(ImportFinding.state, ImportFinding.decided_by)).one()
    db.session.rollback()
    assert tuple(decided) == ("admitted", actor.id)


def test_whoever_is_not_admitted_is_noted_as_left_out_by_whom(small: Flask, export: Path) -> None:
    actor = officer()
    imported(actor, export)
    assert tuple(db.session.execute(select(ImportFinding.state, ImportFinding.decided_by)).one()) == ("left", actor.id)


def test_an_erased_student_who_enrolled_anew_comes_in_by_the_number(small: Flask, tmp_path: Path) -> None:
    actor = officer()
    imported(actor, write_export(tmp_path / "a"))
    with reading(SYSTEM, clock()) as work:
        (student_id,) = work.vault.find("student_number", "c1")
    backups.erase(student_id)
    found = looked_at(actor, write_export(tmp_path / "b", trajecten=[programme(code="T9", start="01-02-2027")]))
    assert found.told.report["erased"][0] == {"file": "cursisten.csv", "line": 2}
    assert found.told.report["new_students"] == 0
    admit(actor, clock(), found.id, found.version, ["C1"], "Opnieuw ingeschreven")
    worked()
    again = standing(actor, clock(), found.id)
    assert again.told.report["new_students"] == 1
    confirm(actor, clock(), found.id, again.version)
    worked()
    with reading(SYSTEM, clock()) as work:
        assert work.vault.find("student_number", "c1") != [student_id]


def test_a_hostile_archive_is_refused_with_its_reason_and_wiped(small: Flask) -> None:
    actor = officer()
    intake_id = intakes.sent(actor, b"PK\x03\x04" + b"x" * 500)
    worked()
    found = standing(actor, clock(), intake_id)
    assert (found.state, found.reason) == (State.REFUSED, "archive_damaged")
    assert left_of(intake_id) == (0, [])


def test_a_wrong_file_is_refused_with_every_fault_and_nothing_is_written(small: Flask, export: Path) -> None:
    (export / "trajecten.csv").unlink()
    found = looked_at(officer(), export)
    assert (found.state, found.reason) == (State.REFUSED, "bad_structure")
    assert [(each["file"], each["reason"]) for each in found.told.report["faults"]] == [
        ("trajecten.csv", "file_missing")
    ]
    assert left_of(found.id) == (0, ["import"])
    assert students() == 0


def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_the_next_one_does_it_once(
    context: Flask, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = officer()
    found = looked_at(actor, export)
    confirm(actor, clock(), found.id, found.version)
    real = import_rows.importing.set_ends
    with monkeypatch.context() as broken:
        broken.setattr(import_rows.importing, "set_ends", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            worked()
    assert import_rows.importing.set_ends is real
    assert (students(), row(found.id).state) == (0, "running")
    assert worked()["imported"] == 1
    assert (students(), row(found.id).state) == (1, "done")
    assert worked() == {}


def test_a_dead_workers_lease_ends_and_a_living_one_is_left_alone(small: Flask, export: Path) -> None:
    actor = officer()
    intake_id = zipped(actor, export)
    begin_write()
    until = clock().now() + timedelta(minutes=5)
    db.session.execute(update(Intake).values(state="looking", lease_until=until))
    db.session.commit()
    worked()
    assert row(intake_id).state == "looking"
    clock().advance(timedelta(minutes=6))
    worked()
    assert row(intake_id).state == "looked"


def test_what_fails_three_times_is_given_up_and_wiped(
    small: Flask, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = officer()
    found = looked_at(actor, export)
    confirm(actor, clock(), found.id, found.version)
    monkeypatch.setattr(import_rows.importing, "set_ends", lambda *_: 1 / 0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            worked()
    assert (students(), row(found.id).state) == (0, "failed")
    assert left_of(found.id) == (0, ["import"])


def test_a_worker_that_is_told_to_stop_lets_go_and_another_begins_at_once(small: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    confirm(actor, clock(), found.id, found.version)
    worked(lambda: True)
    assert (students(), row(found.id).state, row(found.id).lease_until) == (0, "running", None)
    worked()
    assert (students(), row(found.id).state) == (1, "done")


def test_whoever_lost_the_role_meanwhile_imports_nothing(small: Flask, export: Path) -> None:
    actor = officer()
    found = looked_at(actor, export)
    confirm(actor, clock(), found.id, found.version)
    begin_write()
    db.session.execute(update(Designation).values(ends_on=clock().today() - timedelta(days=1)))
    db.session.commit()
    worked()
    assert (students(), row(found.id).state, row(found.id).reason) == (0, "refused", "not_allowed")


@pytest.mark.parametrize("role", [Role.CASE_HANDLER, Role.ADMINISTRATOR])
def test_handlers_and_administrators_do_not_import(small: Flask, export: Path, role: Role) -> None:
    actor = officer()
    found = looked_at(actor, export)
    other = factories.staff_actor(factories.make_staff("other", role))
    for act in (
        lambda: zipped(other, export),
        lambda: overview(other, clock()),
        lambda: standing(other, clock(), found.id),
        lambda: admit(other, clock(), found.id, found.version, [], ""),
        lambda: confirm(other, clock(), found.id, found.version),
        lambda: cancel(other, clock(), found.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert row(found.id).state == "looked"


def test_an_upload_lies_sealed_in_parts_and_its_names_too(
    small: Flask, export: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.services.upload_export.PART", 1000)
    actor = officer()
    intake_id = intakes.sent(actor, intakes.as_zip(export), "cursisten van Hanan.zip")
    assert left_of(intake_id)[0] > 2
    if uploads.is_sqlite():
        assert b"Hanan" not in uploads.on_disk()
        assert b"cursisten.csv" not in uploads.on_disk()
    worked()
    assert standing(actor, clock(), intake_id).state is State.LOOKED
    assert left_of(intake_id)[1] == ["import", FILES]
