"""One student by form: added as an import adds, and a programme that ends."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records import items
from portal.records.db import db
from portal.records.tables.people import Branch, Student
from portal.services.add_student import WrongValues, add_student, asked_fields, branches_for
from portal.services.casework import NotFound
from portal.services.end_programme import end_programme, running_programmes
from portal.services.import_students import import_folder
from portal.services.unit import reading
from tests import factories
from tests.intake.exports import person, programme, write_export
from tests.services import backups
from tests.services.cases import clock
from tests.services.intakes import officer

TYPED = {
    ("person", "student_number"): "C1",
    ("person", "branch"): "hoorn",
    ("person", "given_names"): "Ayşe",
    ("person", "family_name"): "Öztürk",
    ("person", "birth_date"): "00-00-1985",
    ("person", "email"): "A.Ozturk@EXAMPLE.org",
    ("person", "phone"): "06-10000008",
    ("person", "preferred_language"): "tr",
    ("programme", "programme_number"): "T1",
    ("programme", "training"): "Inburgering B1-route",
    ("programme", "start_date"): "1-2-2025",
}


def records(student_id: UUID) -> dict[str, items.Item]:
    with reading(SYSTEM, clock()) as work:
        return {each.dataset: each for each in items.items_of(work.session, work.vault, student_id)}


def in_clear(student_id: UUID) -> Student:
    found = db.session.get_one(Student, student_id, populate_existing=True)
    db.session.rollback()
    return found


def handler(username: str, branch: str) -> Actor:
    return factories.staff_actor(
        factories.make_staff(username, Role.CASE_HANDLER, branch=factories.make_branch(branch))
    )


def test_a_student_is_kept_as_an_import_keeps_one_and_the_next_import_goes_on_with_it(
    context: Flask, tmp_path: Path
) -> None:
    student_id = add_student(officer(), clock(), TYPED)
    found = records(student_id)
    assert found["person"].values["birth_date"] == "1985-00-00"
    assert found["person"].values["phone"] == "+31610000008"
    assert found["programme"].values["start_date"] == "2025-02-01"
    student = in_clear(student_id)
    assert (student.language, student.has_email, student.last_programme_ended) == ("tr", True, None)
    with reading(SYSTEM, clock()) as work:
        assert work.vault.find("email", "a.ozturk@example.org") == [student_id]
    outcome = import_folder(SYSTEM, clock(), write_export(tmp_path / "e"))
    assert (outcome.new_students, outcome.conflicts) == (0, [])
    assert records(student_id)["person"].values["bsn"] == "999900006"
    assert records(student_id)["programme"].id == found["programme"].id


def test_wrong_values_are_all_told_at_once_and_nothing_is_kept(small: Flask) -> None:
    wrongly = {"email": "nowhere", "family_name": "", "student_number": "C 1"}
    typed = {**TYPED, **{("person", code): value for code, value in wrongly.items()}}
    with pytest.raises(WrongValues) as wrong:
        add_student(officer(), clock(), typed)
    assert set(wrong.value.faults) == {("person", code) for code in wrongly}
    assert db.session.execute(select(Student.id)).all() == []


def test_a_number_that_is_taken_is_refused(context: Flask) -> None:
    actor = officer()
    add_student(actor, clock(), TYPED)
    with pytest.raises(Refused, match="student_exists"):
        add_student(actor, clock(), {**TYPED, ("person", "student_number"): "c1"})


def test_somebody_who_was_erased_comes_in_only_with_a_programme_that_began_since(context: Flask) -> None:
    actor = officer()
    backups.erase(add_student(actor, clock(), TYPED))
    with pytest.raises(Refused, match="erased_before"):
        add_student(actor, clock(), TYPED)
    anew = {**TYPED, ("programme", "programme_number"): "T2", ("programme", "start_date"): "01-02-2027"}
    assert records(add_student(actor, clock(), anew))["programme"].values["programme_number"] == "T2"


def test_a_handler_adds_in_the_own_branch_only(small: Flask) -> None:
    actor = handler("anna", "hoorn")
    factories.make_branch("alkmaar")
    assert branches_for(actor, clock()) == {"hoorn"}
    with pytest.raises(NotAllowed):
        add_student(actor, clock(), {**TYPED, ("person", "branch"): "alkmaar"})
    assert add_student(actor, clock(), TYPED)
    assert branches_for(officer(), clock()) == set(current_app.extensions["policy"].branches)


def test_an_administrator_adds_and_ends_nobody(small: Flask) -> None:
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotAllowed):
        add_student(administrator, clock(), TYPED)
    student_id = add_student(officer(), clock(), TYPED)
    with pytest.raises(NotFound):
        running_programmes(administrator, clock(), student_id)


def test_the_form_asks_no_more_than_is_needed_to_begin(small: Flask) -> None:
    asked = {(each.dataset, each.code) for each in asked_fields(current_app.extensions["policy"])}
    assert not asked & {("person", "bsn"), ("bank", "iban")}
    required = {
        (each.dataset, each.code)
        for dataset in ("person", "programme")
        for each in current_app.extensions["policy"].datasets[dataset].fields.values()
        if each.required
    }
    assert required <= asked


def test_ending_the_last_programme_starts_the_term_and_an_import_does_not_undo_it(
    context: Flask, tmp_path: Path
) -> None:
    folder = write_export(tmp_path / "e", trajecten=[programme(), programme(code="T2")])
    import_folder(SYSTEM, clock(), folder)
    with reading(SYSTEM, clock()) as work:
        (student_id,) = work.vault.find("student_number", "c1")
    actor = officer()
    first, second = (each.item_id for each in running_programmes(actor, clock(), student_id).running)
    end_programme(actor, clock(), student_id, first, date(2026, 6, 30))
    assert in_clear(student_id).last_programme_ended is None, "another one goes on"
    end_programme(actor, clock(), student_id, second, date(2026, 7, 31))
    assert in_clear(student_id).last_programme_ended == date(2026, 7, 31)
    assert running_programmes(actor, clock(), student_id).running == ()
    outcome = import_folder(SYSTEM, clock(), folder)
    assert len(outcome.conflicts) == 2
    assert in_clear(student_id).last_programme_ended == date(2026, 7, 31)


@pytest.mark.parametrize(
    ("on", "code"), [(date(2026, 11, 24), "ended_in_future"), (date(2025, 1, 31), "ended_before_start")]
)
def test_a_programme_does_not_end_in_the_future_or_before_it_began(small: Flask, on: date, code: str) -> None:
    actor = officer()
    student_id = add_student(actor, clock(), TYPED)
    (running,) = running_programmes(actor, clock(), student_id).running
    with pytest.raises(Refused, match=code):
        end_programme(actor, clock(), student_id, running.item_id, on)
    end_programme(actor, clock(), student_id, running.item_id, date(2026, 11, 23))
    with pytest.raises(Refused, match="programme_ended"):
        end_programme(actor, clock(), student_id, running.item_id, date(2026, 11, 23))


def test_another_branch_ends_nothing(small: Flask) -> None:
    student_id = add_student(officer(), clock(), TYPED)
    (running,) = running_programmes(officer("second"), clock(), student_id).running
    with pytest.raises(NotFound):
        end_programme(handler("berta", "alkmaar"), clock(), student_id, running.item_id, date(2026, 11, 1))


def test_an_import_that_moves_somebody_moves_what_stands_in_clear_too(context: Flask, tmp_path: Path) -> None:
    import_folder(SYSTEM, clock(), write_export(tmp_path / "e"))
    with reading(SYSTEM, clock()) as work:
        (student_id,) = work.vault.find("student_number", "c1")
    moved = person(**{"Vestiging": "Alkmaar", "E-mail": "", "Voorkeurstaal": "uk"})
    import_folder(SYSTEM, clock(), write_export(tmp_path / "e", cursisten=[moved]))
    student = in_clear(student_id)
    branch = db.session.execute(select(Branch.code).where(Branch.id == student.branch_id)).scalar_one()
    assert (branch, student.language, student.has_email) == ("alkmaar", "uk", False)
    db.session.rollback()
