"""Deciding a case: item by item, with reasons, at once and whole."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event, update

from portal.domain.lifecycle import NotPossible
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Outcome, RequestKind, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.services.answer import answer_of
from portal.services.casework import Asked, ChangedMeanwhile, Contact, NotFound
from portal.services.decide_case import ItemDecision, decide
from portal.services.targets import Target
from portal.services.unit import reading, writing
from tests import factories
from tests.services import cases


def test_a_granted_rectification_writes_decision_answer_steps_event_and_mail(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "phone", "06 12345678")])
    handler = cases.handler()
    result = cases.decided(reference, handler, checked="06 12 34 56 78")

    case = cases.case_of(reference)
    assert (result.outcome, result.late, result.closed) == (Outcome.GRANTED, False, False)
    assert (case.state, case.outcome, case.decider_id) == ("decided", "granted", handler.id)
    assert case.decided_at == cases.clock().now()
    assert cases.contents_of(cases.items_of(reference)[0])["checked"] == "+31612345678"
    assert set(cases.steps_of(reference)) == {
        ("correct", "portal"),
        ("correct", "student_administration"),
        ("correct", "paper_file"),
        ("correct", "mailbox"),
    }
    assert "decided" in cases.events_of(reference)
    assert "decided" in cases.mails_of(reference)
    with reading(SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, reference))
    assert answer is not None
    assert answer.items[0].changed[0].value == "+31612345678"


def test_a_refusal_without_ground_or_without_reason_is_refused_itself(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.RESTRICTION, student)
    handler, item = cases.handler(), cases.items_of(reference)[0].id
    for ground, reason in ((None, "omdat"), ("no_restriction_ground", "  "), ("", "")):
        for outcome in (Outcome.REFUSED, Outcome.PARTLY):
            with pytest.raises(Refused, match="reason_missing") as caught:
                cases.decided(reference, handler, outcome, ground=ground, reason=reason)
            assert caught.value.params["item"] == item
    assert cases.case_of(reference).state == "in_progress"


def test_a_ground_of_another_right_is_no_ground(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(Refused, match="bad_ground"):
        cases.decided(reference, cases.handler(), Outcome.REFUSED, ground="value_is_right", reason="omdat")


def test_a_ground_that_only_the_regulation_knows_needs_the_privacy_officer(context):
    reference = cases.opened(RequestKind.RESTRICTION, factories.make_student())
    refusal = {"outcome": Outcome.REFUSED, "ground": "unreasonable_effort", "reason": cases.CHECK_REASON}
    for actor in (cases.handler(), cases.director()):
        with pytest.raises(NotAllowed):
            cases.decided(reference, actor, **refusal)
    assert cases.decided(reference, cases.officer(), **refusal).outcome is Outcome.REFUSED


def test_a_refused_case_has_nothing_to_carry_out_and_closes_at_once(context):
    reference = cases.opened(RequestKind.RESTRICTION, factories.make_student())
    result = cases.decided(
        reference, cases.handler(), Outcome.REFUSED, ground="no_restriction_ground", reason=cases.CHECK_REASON
    )
    case = cases.case_of(reference)
    assert result.closed
    assert (case.state, case.outcome) == ("closed", "refused")
    assert cases.steps_of(reference) == {}
    assert "carried_out" not in cases.mails_of(reference)


def test_every_item_needs_a_decision_and_no_other_item_does(context):
    student = factories.make_student()
    asked = [Asked(TargetKind.GROUP, group=1), Asked(TargetKind.GROUP, group=2)]
    reference = cases.opened(RequestKind.RESTRICTION, student, asked)
    other = cases.opened(RequestKind.RESTRICTION, student, asked)
    handler, decisions = cases.handler(), cases.all_of(reference, Outcome.GRANTED)
    with pytest.raises(Refused, match="item_undecided"):
        decide(handler, cases.clock(), reference, cases.version_of(reference), decisions[:1])
    with pytest.raises(NotFound):
        foreign = cases.all_of(other, Outcome.GRANTED)
        decide(handler, cases.clock(), reference, cases.version_of(reference), decisions + foreign)


def test_outcomes_that_differ_make_the_case_partly_granted(context):
    asked = [Asked(TargetKind.GROUP, group=1), Asked(TargetKind.GROUP, group=2)]
    reference = cases.opened(RequestKind.RESTRICTION, factories.make_student(), asked)
    first, second = cases.items_of(reference)
    decisions = [
        ItemDecision(first.id, Outcome.GRANTED),
        ItemDecision(second.id, Outcome.REFUSED, "no_restriction_ground", cases.CHECK_REASON),
    ]
    result = decide(cases.handler(), cases.clock(), reference, cases.version_of(reference), decisions)
    assert result.outcome is Outcome.PARTLY


@pytest.mark.parametrize(
    ("field", "typed", "reason"),
    [
        ("bsn", "123456789", "bad_bsn"),
        ("email", "not an address", "bad_email"),
        ("birth_date", "31-02-1990", "impossible_date"),
        ("family_name", "", "required"),
        ("family_name", None, "required"),
        ("phone", ["06"], "required"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_the_validators_reason(context, field, typed, reason):
    student = factories.make_student()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, field, typed)])
    with pytest.raises(Refused, match="bad_value") as caught:
        cases.decided(reference, cases.handler(), checked=typed)
    assert (caught.value.params["field"], caught.value.params["reason"]) == (field, reason)
    assert cases.case_of(reference).state == "in_progress"


def test_a_field_that_is_not_the_portals_to_correct_is_refused(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "student_number", "C1")])
    with pytest.raises(Refused, match="not_correctable"):
        cases.decided(reference, cases.handler(), checked="C1")


def test_a_record_that_is_gone_cannot_be_corrected(context):
    student, other = factories.make_student(), factories.make_student()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(other, "town", "Alkmaar")])
    with pytest.raises(Refused, match="item_gone"):
        cases.decided(reference, cases.handler(), checked="Alkmaar")


def test_own_words_can_be_tied_to_the_value_they_are_about(context):
    student = factories.make_student()
    words = [Asked(TargetKind.WORDS, words="Mijn woonplaats klopt niet")]
    reference = cases.opened(RequestKind.RECTIFICATION, student, words)
    about = Target(TargetKind.FIELD, "person", cases.person_of(student), "town")
    cases.decided(reference, cases.handler(), checked="Alkmaar", about=about)
    item = cases.items_of(reference)[0]
    assert (item.target, item.field) == ("field", "town")
    assert cases.contents_of(item)["words"] == "Mijn woonplaats klopt niet"
    assert ("correct", "portal") in cases.steps_of(reference)


def test_an_unknown_asker_can_only_be_refused_for_that_or_told_that_nothing_is_kept(context):
    contact = Contact(name="Somebody", email="somebody@example.org")
    officer = cases.officer()
    erasure = cases.opened(RequestKind.ERASURE, None, contact=contact)
    with pytest.raises(Refused, match="not_matched"):
        cases.decided(erasure, officer)
    with pytest.raises(Refused, match="not_matched"):
        cases.decided(erasure, officer, Outcome.REFUSED, ground="legal_duty", reason="omdat")
    refusal = {"ground": "identity_unconfirmed", "reason": cases.CHECK_REASON}
    assert cases.decided(erasure, officer, Outcome.REFUSED, **refusal).closed

    access = cases.opened(RequestKind.ACCESS, None, contact=contact)
    cases.decided(access, officer)
    with reading(SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, access))
    assert answer is not None
    assert answer.nothing_held
    assert {task for task, _ in cases.steps_of(access)} == {"search"}
    assert cases.mails_of(access) == ["decided", "receipt"]


def test_an_activity_that_the_law_demands_is_not_stopped_by_an_objection(context):
    asked = [Asked(TargetKind.ACTIVITY, activity="duo_financing")]
    reference = cases.opened(RequestKind.OBJECTION, factories.make_student(), asked)
    with pytest.raises(Refused, match="activity_mandatory"):
        cases.decided(reference, cases.handler())


def test_an_erasure_that_the_plan_keeps_whole_cannot_be_granted(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.ERASURE, student, [cases.field_of(student, "bsn", None)])
    with pytest.raises(Refused, match="plan_keeps_all"):
        cases.decided(reference, cases.handler())


def test_an_erasure_of_which_a_part_stays_is_granted_partly_and_not_whole(context):
    student = factories.make_student(last_programme_ended=cases.RECEIVED)
    reference, officer = cases.opened(RequestKind.ERASURE, student), cases.officer()
    with pytest.raises(Refused, match="plan_keeps_some"):
        cases.decided(reference, officer)
    assert cases.case_of(reference).state == "in_progress"
    assert cases.decided(reference, officer, Outcome.PARTLY).outcome is Outcome.PARTLY
    (item,) = cases.items_of(reference)
    assert item.ground is None, "the plan says why of each thing it keeps"
    assert {line["why"] for line in cases.contents_of(item)["keeps"]} >= {"legal_obligation"}


def test_where_nothing_must_stay_an_erasure_that_is_granted_partly_needs_its_ground_and_reason(context):
    student, officer = factories.make_student(last_programme_ended=date(2015, 1, 1)), cases.officer()
    reference = cases.opened(RequestKind.ERASURE, student)
    for more in ({}, {"ground": "legal_claims"}, {"reason": "Een rechtszaak."}):
        with pytest.raises(Refused, match="reason_missing"):
            cases.decided(reference, officer, Outcome.PARTLY, **more)
    why = {"ground": "legal_claims", "reason": "Een rechtszaak."}
    assert cases.decided(reference, officer, Outcome.PARTLY, **why).outcome is Outcome.PARTLY


def test_an_erasure_of_what_the_portal_does_not_hold_is_granted_for_the_places_outside(context):
    reference = cases.opened(RequestKind.ERASURE, factories.make_student(), [Asked(TargetKind.GROUP, group=2)])
    cases.decided(reference, cases.officer())
    assert ("erase", "paper_file") in cases.steps_of(reference)


def test_a_case_that_was_taken_back_or_is_not_taken_up_is_not_decided(context):
    student, handler = factories.make_student(), cases.handler()
    untaken = cases.opened(RequestKind.ACCESS, student, taken=False)
    with pytest.raises(NotPossible):
        cases.decided(untaken, handler)
    decided = cases.opened(RequestKind.ACCESS, student)
    cases.decided(decided, handler)
    with pytest.raises(NotPossible):
        cases.decided(decided, handler)


def test_a_complaint_is_not_decided_by_whoever_decided_what_it_is_about(context):
    student, decider = factories.make_student(), cases.handler()
    first = cases.opened(RequestKind.ACCESS, student)
    cases.decided(first, decider)
    words = [Asked(TargetKind.WORDS, words="Ik ben het niet eens")]
    about = cases.case_of(first).id
    complaint = cases.opened(RequestKind.COMPLAINT, student, words, about=about)
    with pytest.raises(NotAllowed):
        cases.decided(complaint, decider, reason="omdat")
    assert cases.decided(complaint, cases.officer(), reason="U heeft gelijk.").closed


def test_a_late_decision_is_allowed_and_the_answer_says_so(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(), received_on=date(2026, 10, 1))
    result = cases.decided(reference, cases.handler())
    assert result.late
    with reading(SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, reference))
    assert answer is not None
    assert answer.late
    assert answer.answer_by == date(2026, 10, 29)


def test_a_decision_on_the_due_day_is_in_time_until_midnight_in_amsterdam(context):
    student, handler = factories.make_student(), cases.handler()
    for hour, late in ((22, False), (23, True)):  # UTC; 23:59 and 00:59 in Amsterdam in winter
        reference = cases.opened(RequestKind.ACCESS, student, received_on=date(2026, 11, 9))
        cases.clock().set(datetime(2026, 12, 7, hour, 59, tzinfo=UTC))
        assert cases.decided(reference, handler).late is late


def test_another_branchs_handler_does_not_find_the_case_and_the_administrator_neither(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    from portal.domain.vocabulary import Role

    elsewhere = factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    administrator = factories.make_staff("admin", Role.ADMINISTRATOR)
    for staff in (elsewhere, administrator):
        with pytest.raises(NotFound):
            cases.decided(reference, factories.staff_actor(staff))


def test_two_who_decide_at_once_get_one_decision_between_them(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    actors = [cases.handler(), cases.officer()]
    decisions, version = cases.all_of(reference, Outcome.GRANTED), cases.version_of(reference)
    before, start, results = cases.audit_count(), threading.Barrier(2), []
    db.session.remove()

    def work(actor):
        with context.app_context():
            start.wait()
            try:
                results.append(decide(actor, cases.clock(), reference, version, decisions))
            except ChangedMeanwhile as fault:
                results.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(result).__name__ for result in results) == ["ChangedMeanwhile", "Decided"]
    assert cases.events_of(reference).count("decided") == 1
    assert cases.mails_of(reference).count("decided") == 1
    assert cases.audit_count() == before + 1


def test_a_row_that_changed_after_it_was_read_is_not_written_over(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(ChangedMeanwhile), writing(SYSTEM, cases.clock()) as work:
        case = cases.within(work, reference)
        elsewhere = update(Case).where(Case.id == case.id).values(version=Case.version + 1)
        work.session.execute(elsewhere, execution_options={"synchronize_session": False})
        case.language = "en"
    assert cases.case_of(reference).language == "nl"


class Fault(Exception):
    """Planted."""


@pytest.mark.slow
def test_a_fault_at_any_statement_leaves_nothing_half_written(context):
    student, handler = factories.make_student(), cases.handler()
    factories.add_record(student, "disclosure", recipient="bank", date="2026-02-01", what="rekening")
    asked = [cases.field_of(student, "town", "Alkmaar"), cases.field_of(student, "phone", "0612345678")]
    reference = cases.opened(RequestKind.RECTIFICATION, student, asked)
    first, second = (item.id for item in cases.items_of(reference))
    decisions = [
        ItemDecision(first, Outcome.GRANTED, checked="Alkmaar"),
        ItemDecision(second, Outcome.REFUSED, "not_shown", cases.CHECK_REASON),
    ]
    version, engine, state = cases.version_of(reference), db.engines[None], {"left": -1}

    def strike(*_):
        if state["left"] == 0:
            state["left"] = -1
            raise Fault
        state["left"] -= 1

    def picture():
        case = cases.case_of(reference)
        return (
            (case.state, case.version, case.outcome, case.sealed, cases.audit_count()),
            [(item.outcome, item.sealed) for item in cases.items_of(reference)],
            (set(cases.steps_of(reference)), cases.events_of(reference), cases.mails_of(reference)),
        )

    before, faults = picture(), 0
    event.listen(engine, "before_cursor_execute", strike)
    try:
        for at in range(300):
            state["left"] = at
            try:
                decide(handler, cases.clock(), reference, version, decisions)
            except Fault:
                faults += 1
                assert picture() == before, at
            else:
                break
    finally:
        event.remove(engine, "before_cursor_execute", strike)
    assert faults > 10
    assert cases.case_of(reference).state == "decided"
    assert cases.audit_count() == before[0][4] + 1


def test_a_fault_at_the_commit_leaves_nothing_half_written(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    handler, before = cases.handler(), cases.audit_count()
    decisions, version = cases.all_of(reference, Outcome.GRANTED), cases.version_of(reference)
    engine = db.engines[None]

    def strike(_connection):
        raise Fault

    event.listen(engine, "commit", strike)
    try:
        with pytest.raises(Fault):
            decide(handler, cases.clock(), reference, version, decisions)
    finally:
        event.remove(engine, "commit", strike)
    assert cases.case_of(reference).state == "in_progress"
    assert (cases.audit_count(), cases.mails_of(reference)) == (before, ["receipt"])
    decide(handler, cases.clock(), reference, version, decisions)
