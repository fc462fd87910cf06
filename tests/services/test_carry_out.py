"""Carrying out: the portal's own step and those of staff, at the level of identity and with the steps of everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.domain.lifecycle import NotPossible
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Outcome, RequestKind, Role, StepState, TargetKind
from portal.records.db import db
from portal.records.tables.people import Limit, Student
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked, ChangedMeanwhile, NotFound
from portal.services.limits_of_processing import place_meanwhile, restricted, stopped_activities
from portal.services.unit import reading, writing
from portal.vault.normal import normal_number
from tests import factories
from tests.services import cases


def carried_out(reference, actor):
    carry_out(actor, cases.clock(), reference, cases.version_of(reference))


def meanwhile(reference):
    with writing(factories.SYSTEM, cases.clock()) as work:
        place_meanwhile(work, cases.within(work, reference))


def limits_of(student):
    db.session.rollback()
    return db.session.query(Limit).filter_by(student_id=student).order_by(Limit.id).all()


def restriction_of(student):
    with reading(factories.SYSTEM, cases.clock()) as work:
        return restricted(work, student)


def finish_others(reference, actor, note="Gedaan."):
    for step in cases.steps_of(reference).values():
        if step.state == "open" and step.kind != "own":
            finish_step(actor, cases.clock(), reference, step.id, StepState.DONE, note)


def test_a_rectification_writes_the_value_finds_by_it_and_ends_the_restriction(context):
    student = factories.make_student(phone="+31612345678")
    person = cases.person_of(student)
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "phone", "+31687654321")])
    meanwhile(reference)
    assert restriction_of(student).covers("person", person, "phone")
    assert not restriction_of(student).covers("person", person, "town")
    handler = cases.handler()
    cases.decided(reference, handler, checked="06 87654321")
    carried_out(reference, handler)

    assert cases.values_of(student, "person")[0]["phone"] == "+31687654321"
    vault = factories.vault()
    assert vault.find("phone", normal_number("+31687654321")) == [student]
    assert vault.find("phone", normal_number("+31612345678")) == []
    assert not restriction_of(student)
    assert {"corrected", "restricted", "restriction_lifted"} <= set(cases.events_of(reference))
    assert cases.items_of(reference)[0].executed_at == cases.clock().now()
    assert cases.case_of(reference).state == "decided"  # the holders outside are still to do

    finish_others(reference, handler)
    case = cases.case_of(reference)
    assert (case.state, case.closed_at, case.executed_at) == ("closed", cases.clock().now(), cases.clock().now())
    assert "carried_out" in cases.mails_of(reference)


def test_a_correction_of_language_or_branch_moves_the_student_too(context):
    student, hoorn = factories.make_student(), factories.make_branch("hoorn")
    asked = [cases.field_of(student, "preferred_language", "ar"), cases.field_of(student, "branch", "hoorn")]
    reference, officer = cases.opened(RequestKind.RECTIFICATION, student, asked), cases.officer()
    first, second = cases.items_of(reference)
    from portal.services.decide_case import ItemDecision, decide

    decisions = [
        ItemDecision(first.id, Outcome.GRANTED, checked="ar"),
        ItemDecision(second.id, Outcome.GRANTED, checked="Hoorn"),
    ]
    decide(officer, cases.clock(), reference, cases.version_of(reference), decisions)
    carried_out(reference, officer)
    db.session.rollback()
    found = db.session.get(Student, student)
    assert (found.language, found.branch_id) == ("ar", hoorn)


def test_a_student_moves_to_another_branch_by_the_hand_of_whoever_works_for_both(context):
    """Nobody sends a student away, or takes one in, alone."""
    here, hoorn = factories.make_branch("langedijk"), factories.make_branch("hoorn")
    student = factories.make_student(branch=here)
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "branch", "hoorn")])
    handler = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))
    cases.decided(reference, handler, checked="Hoorn")
    with pytest.raises(Refused, match="not_both_branches"):
        carried_out(reference, handler)
    db.session.rollback()
    assert db.session.get(Student, student).branch_id == here
    db.session.rollback()
    carried_out(reference, replace(handler, branches=frozenset({here, hoorn})))
    db.session.rollback()
    assert db.session.get(Student, student).branch_id == hoorn


def test_below_the_level_nothing_is_carried_out_but_it_can_be_decided(context):
    student = factories.make_student()
    handler = cases.handler()
    for level in (Level.NONE, Level.ADDRESS):
        asked = [cases.field_of(student, "town", "Alkmaar")]
        reference = cases.opened(RequestKind.RECTIFICATION, student, asked, level=level)
        cases.decided(reference, handler, checked="Alkmaar")
        with pytest.raises(Refused, match="identity_needed") as caught:
            carried_out(reference, handler)
        assert caught.value.params["level"] is Level.KNOWLEDGE
        with pytest.raises(Refused, match="identity_needed"):
            finish_others(reference, handler)
    assert cases.values_of(student, "person")[0]["town"] == "Noord-Scharwoude"


def test_a_new_mail_address_asks_for_level_three(context):
    student = factories.make_student()
    asked = [cases.field_of(student, "email", "new@example.org")]
    reference = cases.opened(RequestKind.RECTIFICATION, student, asked, level=Level.KNOWLEDGE)
    handler = cases.handler()
    cases.decided(reference, handler, checked="new@example.org")
    with pytest.raises(Refused, match="identity_needed") as caught:
        carried_out(reference, handler)
    assert caught.value.params["level"] is Level.SECOND_CHANNEL


def test_a_restriction_keeps_a_group_a_record_or_everything_from_use(context):
    student, handler = factories.make_student(), cases.handler()
    bank = factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    person = cases.person_of(student)
    for asked, hit, miss in (
        (Asked(TargetKind.GROUP, group=3), ("person", person, "bsn"), ("person", person, "town")),
        (Asked(TargetKind.RECORD, "bank", bank), ("bank", bank, "iban"), ("person", person, "town")),
        (Asked(TargetKind.EVERYTHING), ("person", person, "town"), None),
    ):
        reference = cases.opened(RequestKind.RESTRICTION, student, [asked])
        cases.decided(reference, handler)
        carried_out(reference, handler)
        found = restriction_of(student)
        assert found.covers(*hit)
        assert miss is None or not found.covers(*miss)
        assert "restricted" in cases.events_of(reference)


def test_a_granted_objection_stops_the_activity_for_good(context):
    student = factories.make_student()
    asked = [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")]
    reference, handler = cases.opened(RequestKind.OBJECTION, student, asked), cases.handler()
    meanwhile(reference)
    meanwhile(reference)  # places nothing twice
    assert [limit.provisional for limit in limits_of(student)] == [True]
    cases.decided(reference, handler)
    carried_out(reference, handler)
    (limit,) = limits_of(student)
    assert (limit.kind, limit.provisional, limit.ended_at) == ("objection", False, None)
    with reading(factories.SYSTEM, cases.clock()) as work:
        assert stopped_activities(work, student) == {"lesson_screenshots": "objection"}


def test_an_impossible_step_needs_a_reason_and_a_finished_step_stays_finished(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    step = cases.steps_of(reference)["restrict", "paper_file"].id

    def finish(state, note, reason=""):
        finish_step(handler, cases.clock(), reference, step, state, note, reason)

    with pytest.raises(Refused, match="reason_missing"):
        finish(StepState.IMPOSSIBLE, "  ")
    with pytest.raises(Refused, match="bad_reason"):
        finish(StepState.IMPOSSIBLE, "", "complexity")
    with pytest.raises(Refused, match="bad_state"):
        finish(StepState.OPEN, "toch niet")
    finish(StepState.IMPOSSIBLE, "", "nothing_there")
    assert cases.steps_of(reference)["restrict", "paper_file"].state == "impossible"
    with pytest.raises(Refused, match="step_finished"):
        finish(StepState.DONE, "toch wel")
    assert "step_impossible" in cases.events_of(reference)


def test_the_portals_own_step_is_not_ticked_off_by_hand(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    own = cases.steps_of(reference)["restrict", "portal"].id
    with pytest.raises(Refused, match="own_step"):
        finish_step(handler, cases.clock(), reference, own, StepState.DONE, "gedaan")


def test_a_step_of_another_case_is_not_found(context):
    student, handler = factories.make_student(), cases.handler()
    first, second = (cases.opened(RequestKind.RESTRICTION, student) for _ in range(2))
    for reference in (first, second):
        cases.decided(reference, handler)
    foreign = cases.steps_of(second)["restrict", "paper_file"].id
    with pytest.raises(NotFound):
        finish_step(handler, cases.clock(), first, foreign, StepState.DONE, "gedaan")


def test_nothing_is_carried_out_twice_or_on_an_old_form_or_before_the_decision(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    with pytest.raises(NotPossible):
        carried_out(reference, handler)
    cases.decided(reference, handler)
    with pytest.raises(ChangedMeanwhile):
        carry_out(handler, cases.clock(), reference, cases.version_of(reference) - 1)
    carried_out(reference, handler)
    with pytest.raises(Refused, match="nothing_to_carry_out"):
        carried_out(reference, handler)


def test_the_one_who_finishes_the_last_step_closes_the_case(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    finish_others(reference, handler)
    assert cases.case_of(reference).state == "decided"
    carried_out(reference, handler)
    assert cases.case_of(reference).state == "closed"
    assert cases.events_of(reference).count("closed") == 1
