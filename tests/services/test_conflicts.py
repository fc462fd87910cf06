"""Where an import says otherwise than what was corrected here: nothing is overwritten before somebody decided."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records import items
from portal.records.db import db
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.people import Branch, ImportFinding, Limit, Student, View
from portal.records.tables.proof import Audit
from portal.services import change_list
from portal.services.casework import NotFound
from portal.services.conflicts import Choice, conflict, open_conflicts, resolve
from portal.services.import_students import import_folder
from portal.services.unit import reading, writing
from tests import factories
from tests.intake.exports import person, programme, write_export
from tests.services import backups
from tests.services.cases import clock
from tests.services.intakes import officer

pytestmark = pytest.mark.slow

WHY = "Gezien in het paspoort."


def student(number: str = "c1") -> UUID:
    with reading(SYSTEM, clock()) as work:
        (found,) = work.vault.find("student_number", number)
        return found


def held(dataset: str = "person") -> items.Item:
    with reading(SYSTEM, clock()) as work:
        (found,) = items.items_of(work.session, work.vault, student(), [dataset])
        return found


def correct(code: str, value: object, dataset: str = "person") -> None:
    with writing(SYSTEM, clock()) as work:
        retention = work.policy.field(dataset, code).retention
        items.change_value(work.session, work.vault, held(dataset), code, value, retention, work.now)


def disputed(folder: Path, code: str = "town", value: object = "Langedijk", dataset: str = "person") -> UUID:
    """A value that was corrected here, and the export that still says what it said."""
    write_export(folder)
    import_folder(SYSTEM, clock(), folder)
    correct(code, value, dataset)
    assert len(import_folder(SYSTEM, clock(), folder).conflicts) == 1
    found: UUID = db.session.execute(select(ImportFinding.id)).scalar_one()
    db.session.rollback()
    return found


def handler(branch: str, username: str = "anna") -> Actor:
    place = db.session.execute(select(Branch.id).where(Branch.code == branch)).scalar_one()
    db.session.rollback()
    return factories.staff_actor(factories.make_staff(username, Role.CASE_HANDLER, branch=place))


def acts(name: str) -> int:
    found = db.session.execute(select(Audit.seq).where(Audit.act == name)).all()
    db.session.rollback()
    return len(found)


def test_ours_is_kept_and_the_administration_is_told(context: Flask, tmp_path: Path) -> None:
    finding_id, actor = disputed(tmp_path / "e"), officer()
    [line] = open_conflicts(actor, clock())
    assert (line.id, line.dataset, line.field, line.file, line.line) == (
        finding_id, "person", "town", "cursisten.csv", 2,
    )  # fmt: skip
    shown = conflict(actor, clock(), finding_id)
    assert (shown.how, shown.ours, shown.theirs) == ("shown", "Langedijk", "Alkmaar")
    resolve(actor, clock(), finding_id, Choice.OURS, WHY)
    assert held().values["town"] == "Langedijk"
    assert open_conflicts(actor, clock()) == []
    [told] = change_list.open_changes(actor, clock())
    assert (told.number, told.kind, told.field) == ("C1", "corrected", "town")
    assert b"Langedijk" in change_list.as_file(actor, clock(), "csv", str)
    import_folder(SYSTEM, clock(), tmp_path / "e")
    assert open_conflicts(actor, clock()) == [], "the same is not asked twice"
    assert held().values["town"] == "Langedijk"
    assert acts("resolve_conflict") == 1
    change_list.confirm_changes(actor, clock(), [told.id])
    assert change_list.open_changes(actor, clock()) == []


def test_the_files_value_is_taken_by_a_decision_and_follows_the_export_from_then_on(
    context: Flask, tmp_path: Path
) -> None:
    finding_id, actor = disputed(tmp_path / "e"), officer()
    resolve(actor, clock(), finding_id, Choice.THEIRS, WHY)
    assert held().values["town"] == "Alkmaar"
    assert import_folder(SYSTEM, clock(), tmp_path / "e").conflicts == []
    moved = write_export(tmp_path / "e", cursisten=[person(Woonplaats="Schagen")])
    assert import_folder(SYSTEM, clock(), moved).changed == 1
    assert held().values["town"] == "Schagen"
    correct("town", "Langedijk")
    write_export(tmp_path / "e")
    import_folder(SYSTEM, clock(), tmp_path / "e")
    assert len(open_conflicts(actor, clock())) == 1, "another correction, another decision"


def test_an_address_that_is_taken_from_the_file_is_found_by_it_alone(context: Flask, tmp_path: Path) -> None:
    finding_id = disputed(tmp_path / "e", "email", "new@example.org")
    resolve(officer(), clock(), finding_id, Choice.THEIRS, WHY)
    with reading(SYSTEM, clock()) as work:
        assert work.vault.find("email", "a.ozturk@example.org") == [student()]
        assert work.vault.find("email", "new@example.org") == []
    assert import_folder(SYSTEM, clock(), tmp_path / "e").conflicts == []


def test_a_branch_that_is_taken_from_the_file_moves_the_student(small: Flask, tmp_path: Path) -> None:
    finding_id = disputed(tmp_path / "e", "branch", "alkmaar")
    resolve(officer(), clock(), finding_id, Choice.THEIRS, WHY)
    found = db.session.get_one(Student, student())
    assert db.session.get_one(Branch, found.branch_id).code == "hoorn"
    db.session.rollback()


def test_a_reason_is_needed_and_a_conflict_is_decided_once(context: Flask, tmp_path: Path) -> None:
    finding_id, actor = disputed(tmp_path / "e"), officer()
    with pytest.raises(Refused, match="reason_missing"):
        resolve(actor, clock(), finding_id, Choice.OURS, "  ")
    resolve(actor, clock(), finding_id, Choice.OURS, WHY)
    with pytest.raises(Refused, match="conflict_settled"):
        resolve(actor, clock(), finding_id, Choice.THEIRS, WHY)
    assert held().values["town"] == "Langedijk"


def test_a_conflict_is_over_when_the_export_says_the_same(small: Flask, tmp_path: Path) -> None:
    disputed(tmp_path / "e")
    import_folder(SYSTEM, clock(), write_export(tmp_path / "e", cursisten=[person(Woonplaats="Langedijk")]))
    assert open_conflicts(officer(), clock()) == []


def test_each_branch_sees_and_decides_its_own(context: Flask, tmp_path: Path) -> None:
    finding_id = disputed(tmp_path / "e")
    ours, theirs = handler("hoorn"), handler("alkmaar", "berta")
    assert [line.id for line in open_conflicts(ours, clock())] == [finding_id]
    assert open_conflicts(theirs, clock()) == []
    for act in (
        lambda: conflict(theirs, clock(), finding_id),
        lambda: resolve(theirs, clock(), finding_id, Choice.THEIRS, WHY),
    ):
        with pytest.raises(NotFound):
            act()
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        open_conflicts(administrator, clock())
    with pytest.raises(NotFound):
        conflict(administrator, clock(), finding_id)
    resolve(ours, clock(), finding_id, Choice.OURS, WHY)


def test_a_sensitive_value_is_masked_until_asked_for_and_each_showing_is_a_view(small: Flask, tmp_path: Path) -> None:
    finding_id, actor = disputed(tmp_path / "e", "bsn", "999900018"), officer()
    masked = conflict(actor, clock(), finding_id)
    assert (masked.how, masked.ours, masked.theirs) == ("masked", None, None)
    assert db.session.execute(select(View.id)).all() == []
    db.session.rollback()
    shown = conflict(actor, clock(), finding_id, show=True)
    assert (shown.ours, shown.theirs) == ("999900018", "999900006")
    view = db.session.execute(select(View.student_id, View.what, View.reason, View.role)).one()
    assert tuple(view) == (shown.student_id, "person.bsn", "data_check", "privacy_officer")


def test_a_restricted_value_is_neither_shown_nor_overwritten(small: Flask, tmp_path: Path) -> None:
    finding_id, actor = disputed(tmp_path / "e"), officer()
    with writing(SYSTEM, clock()) as work:
        limit = Limit(student_id=student(), kind="restriction", dataset="person", field="town", since=work.now)
        work.session.add(limit)
    assert conflict(actor, clock(), finding_id).how == "restricted"
    with pytest.raises(Refused, match="value_restricted"):
        resolve(actor, clock(), finding_id, Choice.THEIRS, WHY)
    assert held().values["town"] == "Langedijk"


def test_a_remark_that_may_name_an_illness_is_not_shown(small: Flask, tmp_path: Path) -> None:
    rows = [["C1", "T1", "03-03-2025", "afwezig", "ziekte", "heeft diabetes"]]
    folder = write_export(tmp_path / "e", aanwezigheid=rows)
    import_folder(SYSTEM, clock(), folder)
    correct("remark", "was er niet", "attendance")
    import_folder(SYSTEM, clock(), folder)
    [line] = open_conflicts(officer(), clock())
    assert conflict(officer("second"), clock(), line.id, show=True).how == "hidden"


def test_a_programme_whose_end_was_corrected_starts_the_term_by_ours(context: Flask, tmp_path: Path) -> None:
    folder = write_export(tmp_path / "e", trajecten=[programme()])
    import_folder(SYSTEM, clock(), folder)
    correct("end_date", "2026-06-30", "programme")
    import_folder(SYSTEM, clock(), folder)
    found = db.session.get_one(Student, student())
    assert str(found.last_programme_ended) == "2026-06-30", "the export's open end does not keep somebody for ever"
    db.session.rollback()


def test_an_erasure_takes_the_conflict_and_its_line_for_the_administration_along(
    context: Flask, tmp_path: Path
) -> None:
    finding_id, actor = disputed(tmp_path / "e"), officer()
    resolve(actor, clock(), finding_id, Choice.OURS, WHY)
    backups.erase(student())
    lines = db.session.execute(select(ChangeLine.id).where(ChangeLine.finding_id == finding_id)).all()
    left = db.session.execute(select(ImportFinding.id)).all()
    db.session.rollback()
    assert (lines, left) == ([], [])
