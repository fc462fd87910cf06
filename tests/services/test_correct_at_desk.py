"""A correction at the desk is a case like any other: opened, in hand and known in one press, then decided."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask

from portal.domain.assurance import Way
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Role
from portal.services.carry_out import carry_out
from portal.services.casework import NotFound
from portal.services.correct_at_desk import correct_at_desk, correctable
from portal.services.limits_of_processing import restricted
from portal.services.student_page import student_page
from portal.services.unit import reading
from tests import factories
from tests.services.cases import (
    case_of,
    clock,
    contents_of,
    decided,
    events_of,
    items_of,
    mails_of,
    person_of,
    values_of,
    version_of,
)


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def corrected(
    actor: Actor, student: UUID, code: str, typed: str, how: Way = Way.SHOW_ID_AT_DESK, **more: object
) -> str:
    return correct_at_desk(actor, clock(), student, person_of(student), code, typed, how, **more).reference


def test_the_whole_way_from_the_desk_to_the_record(handler: Actor) -> None:
    student = factories.make_student()
    reference = corrected(handler, student, "street", " Dorpsstraat 1 ", words="Verhuisd in oktober.")
    case = case_of(reference)
    assert (case.kind, case.channel, case.state, case.handler_id) == (
        "rectification",
        "desk",
        "in_progress",
        handler.id,
    )
    assert (case.assured_level, case.assured_how) == (Level.SECOND_CHANNEL, "show_id_at_desk")
    assert events_of(reference)[:3] == ["recorded", "taken", "identity_confirmed"]
    [item] = items_of(reference)
    held = contents_of(item)
    assert (held["current"], held["asked"], held["words"]) == ("Kerkplein 24", "Dorpsstraat 1", "Verhuisd in oktober.")
    assert mails_of(reference) == ["receipt"]
    with reading(handler, clock()) as work:
        assert restricted(work, student), "the contested value is set aside while it is checked"
    assert values_of(student, "person")[0]["street"] == "Kerkplein 24", "nothing is written past the case"
    decided(reference, handler, checked="Dorpsstraat 1")
    carry_out(handler, clock(), reference, version_of(reference))
    assert values_of(student, "person")[0]["street"] == "Dorpsstraat 1"


def test_the_same_press_twice_is_one_case(handler: Actor) -> None:
    student = factories.make_student()
    once = b"o" * 32
    first = corrected(handler, student, "street", "Dorpsstraat 1", once=once)
    assert corrected(handler, student, "street", "Dorpsstraat 1", once=once) == first


def test_what_cannot_be_right_or_corrected_is_refused_and_opens_nothing(handler: Actor) -> None:
    student = factories.make_student()
    for code, typed, how, refusal in (
        ("postcode", "12345 ABC", Way.SHOW_ID_AT_DESK, "bad_value"),
        ("street", "Dorpsstraat 1", Way.MAIL_LINK, "bad_way"),
        ("student_number", "C1", Way.SHOW_ID_AT_DESK, "not_correctable"),
    ):
        with pytest.raises(Refused, match=refusal):
            corrected(handler, student, code, typed, how)
    with pytest.raises(NotFound):
        corrected(handler, student, "made_up", "x")
    assert student_page(handler, clock(), student, "data_check").cases == ()


def test_a_student_elsewhere_and_a_hidden_remark_are_not_there(handler: Actor) -> None:
    foreign = factories.make_student(factories.make_branch("hoorn"))
    with pytest.raises(NotFound):
        corrected(handler, foreign, "street", "Dorpsstraat 1")
    student = factories.make_student()
    hidden = factories.add_record(student, "attendance", hidden=("remark",), lesson_date="2026-03-03", remark="griep")
    with pytest.raises(NotFound):
        correctable(handler, clock(), student, hidden, "remark", "data_check")


def test_the_file_sums_up_programmes_consents_and_who_looked(handler: Actor) -> None:
    student = factories.make_student()
    factories.add_record(student, "programme", programme_number="T1", training="B1-traject", start_date="2026-01-05")
    factories.add_record(student, "consent", activity="diploma_valuation", date="2026-02-01")
    student_page(handler, clock(), student, "data_check")
    student_page(handler, clock(), student, "data_check")
    page = student_page(handler, clock(), student, "student_asked")
    [programme] = page.programmes
    assert [value.value for value in programme.values] == ["B1-traject", "2026-01-05"]
    assert [consent.activity.code for consent in page.consents] == ["diploma_valuation"]
    assert [(look.who, look.role, look.reason, look.times) for look in page.looks] == [
        ("Handler", "case_handler", "student_asked", 1),
        ("Handler", "case_handler", "data_check", 2),
    ]
