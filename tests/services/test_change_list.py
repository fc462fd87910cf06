"""Corrections travel back: each change is a line for the administration, and a case waits for its last one."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import BytesIO, StringIO

import openpyxl
import pytest

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, StepState, TargetKind
from portal.records.db import db
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.people import View
from portal.services import change_list
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked
from portal.vault.envelope import Holder
from tests import factories
from tests.services import cases
from tests.services.test_erase_items import approved, former_student

pytestmark = pytest.mark.slow


def say(text):
    return text


def carried_out(reference, actor):
    carry_out(actor, cases.clock(), reference, cases.version_of(reference))


def corrected(value="Alkmaar", **person):
    student = factories.make_student(student_number="C10001", **person)
    reference, handler = (
        cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "town", value)]),
        (cases.handler()),
    )
    cases.decided(reference, handler, checked=value)
    carried_out(reference, handler)
    return student, reference, handler


def finish(reference, actor, *left_out):
    for step in cases.steps_of(reference).values():
        if step.state == "open" and step.kind != "own" and step.target not in left_out:
            finish_step(actor, cases.clock(), reference, step.id, StepState.DONE, "Gedaan.")


def rows(actor):
    return list(
        csv.reader(StringIO(change_list.as_file(actor, cases.clock(), "csv", say).decode("utf-8-sig")), delimiter=";")
    )


def test_a_correction_is_a_line_and_the_case_closes_when_it_is_confirmed(context):
    _student, reference, handler = corrected()
    (line,) = change_list.open_changes(handler, cases.clock())
    assert (line.number, line.kind, line.dataset, line.field) == ("C10001", "corrected", "person", "town")
    assert line.reference == reference
    assert rows(handler)[1][:2] == ["C10001", "Wijzigen"]
    assert rows(handler)[1][4:6] == ["Woonplaats", "Alkmaar"]
    finish(reference, handler, "student_administration")
    assert cases.case_of(reference).state == "decided"
    holder = Holder.case(cases.case_of(reference).id)
    assert factories.vault().has_key(holder, "changes")
    assert change_list.confirm_changes(handler, cases.clock(), [line.id]) == 1
    assert cases.case_of(reference).state == "closed"
    assert cases.steps_of(reference)["correct", "student_administration"].state == "done"
    assert change_list.open_changes(handler, cases.clock()) == []
    assert not factories.vault().has_key(holder, "changes")  # what named the student is gone with its key
    db.session.rollback()
    assert db.session.query(ChangeLine).one().sealed is None


def test_ticking_off_the_step_at_the_administration_confirms_its_lines(small):
    _student, reference, handler = corrected()
    finish(reference, handler)
    assert cases.case_of(reference).state == "closed"
    assert change_list.open_changes(handler, cases.clock()) == []


def test_a_restriction_lists_what_may_not_be_used(small):
    student, handler = factories.make_student(), cases.handler()
    bank = factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    for asked, expected in (
        (Asked(TargetKind.EVERYTHING), [(None, None)]),
        (Asked(TargetKind.RECORD, "bank", bank), [("bank", None)]),
        (Asked(TargetKind.GROUP, group=3), [("person", "bsn")]),
    ):
        reference = cases.opened(RequestKind.RESTRICTION, student, [asked])
        cases.decided(reference, handler)
        carried_out(reference, handler)
        found = change_list.open_changes(handler, cases.clock())
        assert [(each.dataset, each.field) for each in found] == expected
        change_list.confirm_changes(handler, cases.clock(), [each.id for each in found])


def test_an_erasure_lists_records_and_values_and_never_what_they_were(context):
    student = former_student(student_number="C20002")
    reference, officer, _ = approved(student, [cases.field_of(student, "phone", None)])
    carried_out(reference, officer)
    table = rows(officer)
    assert [row[0] for row in table[1:]] == ["C20002"]
    assert table[1][1] == "Wissen"
    assert table[1][5] == ""
    assert "+316" not in str(table)


def test_a_student_of_whom_nothing_is_left_is_one_line_that_can_still_be_read(small):
    from tests.services.test_erase_items import ENDED

    student = factories.make_student(last_programme_ended=ENDED, student_number="C30003")
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    (line,) = change_list.open_changes(officer, cases.clock())
    assert (line.number, line.dataset) == ("C30003", None)


def test_a_handler_sees_and_confirms_only_the_own_branch(small):
    corrected()
    other = factories.make_branch("hoorn")
    from portal.domain.vocabulary import Role

    stranger = factories.staff_actor(factories.make_staff("stranger", Role.CASE_HANDLER, branch=other))
    assert change_list.open_changes(stranger, cases.clock()) == []
    (line,) = change_list.open_changes(cases.officer(), cases.clock())
    with pytest.raises(NotAllowed):
        change_list.confirm_changes(replace(stranger, roles=frozenset()), cases.clock(), [line.id])
    assert change_list.confirm_changes(stranger, cases.clock(), [line.id]) == 0
    with pytest.raises(Refused, match="no_line_chosen"):
        change_list.confirm_changes(stranger, cases.clock(), [])


def test_making_the_file_is_a_view_of_each_student(small):
    student, _, handler = corrected()
    change_list.as_file(handler, cases.clock(), "xlsx", say)
    db.session.rollback()
    assert db.session.query(View).filter_by(student_id=student, what="changes").count() == 1


def test_a_formula_in_a_corrected_value_is_quoted_in_both_files(small):
    _, _, handler = corrected(value="=1+1 Alkmaar")
    assert rows(handler)[1][5].startswith("'=")
    book = openpyxl.load_workbook(BytesIO(change_list.as_file(handler, cases.clock(), "xlsx", say)))
    cell = book.active.cell(2, 6)
    assert (cell.data_type, cell.value) == ("s", "'=1+1 Alkmaar")
