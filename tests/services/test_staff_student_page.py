"""A student's file as staff see it: a reason first, hidden stays hidden, restricted says so, each look is a view."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.people import View
from portal.services.casework import Asked, NotFound
from portal.services.limits_of_processing import place_meanwhile
from portal.services.record_take_back import record_take_back
from portal.services.student_page import StudentPage, Value, demand_reach, reveal, student_page
from portal.services.unit import writing
from portal.services.why_opened import is_why
from tests import factories
from tests.services.cases import case_of, field_of, opened, person_of

WHY = "student_asked"


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def views(student: UUID) -> list[tuple[str, str, str]]:
    db.session.rollback()
    rows = db.session.execute(select(View).where(View.student_id == student).order_by(View.id)).scalars()
    return [(row.role, row.reason, row.what) for row in rows]


def value_of(page: StudentPage, field: str) -> Value:
    every = (
        value for group in page.groups for each in group.series for record in each.records for value in record.values
    )
    return next(value for value in every if value.field.code == field)


def test_every_look_has_a_reason_and_is_a_view(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    page = student_page(handler, clock, student, WHY)
    assert (page.name, page.birth_year, page.branch) == ("Hanan Al Hassan", "1990", "Langedijk")
    assert value_of(page, "street").value == "Kerkplein 24"
    assert views(student) == [("case_handler", WHY, "file")]
    with pytest.raises(NotAllowed, match="reason_missing"):
        student_page(handler, clock, student, "")
    for code in ("made_up", "complexity"):  # no reason at all, and a reason for something else
        with pytest.raises(Refused, match="reason_missing"):
            student_page(handler, clock, student, code)
    assert len(views(student)) == 1


def test_an_open_case_of_the_student_is_reason_enough(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.ACCESS, student)
    page = student_page(handler, clock, student, reference)
    assert page.looks[0].case == reference
    assert views(student) == [("case_handler", "case", "file")]
    with pytest.raises(Refused, match="reason_missing"):
        student_page(handler, clock, factories.make_student(), reference)
    record_take_back(handler, clock, reference, case_of(reference).version, Channel.PHONE, "Hoeft niet meer")
    assert not is_why(handler, clock, student, reference)
    with pytest.raises(Refused, match="reason_missing"):
        student_page(handler, clock, student, reference)


def test_a_file_out_of_reach_does_not_exist(handler: Actor, clock: FixedClock) -> None:
    foreign = factories.make_student(factories.make_branch("hoorn"))
    for student in (foreign, UUID(int=7)):
        with pytest.raises(NotFound):
            demand_reach(handler, clock, student)
        with pytest.raises(NotFound):
            student_page(handler, clock, student, WHY)
        with pytest.raises(NotFound):
            reveal(handler, clock, student, UUID(int=1), "bsn", WHY)
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotFound):
        demand_reach(administrator, clock, foreign)
    with pytest.raises(NotAllowed):
        student_page(administrator, clock, foreign, WHY)
    assert views(foreign) == []


def test_a_remark_that_names_an_illness_is_never_shown_to_staff(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    item = factories.add_record(student, "attendance", hidden=("remark",), lesson_date="2026-03-03", remark="griep")
    value = value_of(student_page(handler, clock, student, WHY), "remark")
    assert (value.how, value.value) == ("hidden", None)
    with pytest.raises(Refused, match="value_not_shown"):
        reveal(handler, clock, student, item, "remark", WHY)


def test_a_sensitive_value_is_masked_until_it_is_asked_for_by_name(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    item = factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    value = value_of(student_page(handler, clock, student, WHY), "iban")
    assert (value.how, value.value) == ("masked", None)
    assert reveal(handler, clock, student, item, "iban", WHY).value == "NL91ABNA0417164300"
    assert views(student)[-1] == ("case_handler", WHY, "bank.iban")
    assert value_of(student_page(handler, clock, student, WHY), "bsn").how == "masked"
    with pytest.raises(NotFound):
        reveal(handler, clock, student, item, "made_up", WHY)
    with pytest.raises(NotFound):
        reveal(handler, clock, student, UUID(int=1), "iban", WHY)


def test_another_students_item_is_not_revealed(handler: Actor, clock: FixedClock) -> None:
    student, other = factories.make_student(), factories.make_student()
    item = factories.add_record(other, "bank", iban="NL91ABNA0417164300")
    with pytest.raises(NotFound):
        reveal(handler, clock, student, item, "iban", WHY)


def test_a_restricted_value_says_so_and_shows_nothing(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.RECTIFICATION, student, [field_of(student, "street", "Dorpsstraat 1")])
    with writing(factories.SYSTEM, clock) as work:
        place_meanwhile(work, case_of(reference))
    page = student_page(handler, clock, student, WHY)
    assert page.restricted
    assert (value_of(page, "street").how, value_of(page, "street").value) == ("restricted", None)
    assert value_of(page, "town").how == "shown"
    with pytest.raises(Refused, match="value_not_shown"):
        reveal(handler, clock, student, person_of(student), "street", WHY)
    assert [case.reference for case in page.cases] == [reference]


def test_an_activity_that_is_objected_to_is_named(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    asked = [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")]
    reference = opened(RequestKind.OBJECTION, student, asked)
    with writing(factories.SYSTEM, clock) as work:
        place_meanwhile(work, case_of(reference))
    assert student_page(handler, clock, student, WHY).stopped == {"lesson_screenshots": "objection"}
