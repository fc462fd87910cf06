"""Which steps a decision opens: in the portal, at each holder outside, at each actual recipient."""

from __future__ import annotations

import pytest

from portal.domain.permissions import SYSTEM
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.services.carry_out import finish_step
from portal.services.casework import Asked, Contact
from portal.services.post_letter import record_posted
from portal.services.steps import plan_steps
from portal.services.unit import writing
from tests import factories
from tests.services import cases

HOLDERS = {"student_administration", "paper_file", "mailbox"}


def student_with_disclosures(**person):
    student = factories.make_student(**person)
    for recipient in ("duo", "bank", "municipality"):
        factories.add_record(student, "disclosure", recipient=recipient, date="2026-02-01", what="gegevens")
    return student


def planned(reference):
    return set(cases.steps_of(reference))


@pytest.mark.parametrize(
    ("kind", "own", "outside"),
    [
        (RequestKind.ACCESS, "release", "search"),
        (RequestKind.PORTABILITY, "release", None),
        (RequestKind.RESTRICTION, "restrict", "restrict"),
    ],
)
def test_each_right_opens_its_own_steps(context, kind, own, outside):
    reference = cases.opened(kind, factories.make_student())
    cases.decided(reference, cases.handler())
    expected = {(own, "portal")} | ({(outside, holder) for holder in HOLDERS} if outside else set())
    assert planned(reference) == expected


def test_recipients_that_received_the_corrected_value_are_told_and_no_others(context):
    student = student_with_disclosures()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "bsn", "111222333")])
    cases.decided(reference, cases.handler(), checked="111222333")
    assert {target for task, target in planned(reference) if task == "tell"} == {"duo"}  # the bank never had it


def test_a_recipient_that_the_policy_names_but_that_received_nothing_is_not_told(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "bsn", "111222333")])
    cases.decided(reference, cases.handler(), checked="111222333")
    assert not [task for task, _ in planned(reference) if task == "tell"]


def test_an_activity_on_consent_that_was_never_given_told_nobody(context):
    student = factories.make_student()
    factories.add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="gegevens")
    asked = [cases.field_of(student, "phone", "0612345678")]  # only the medical advice would give it to DUO
    first, handler = cases.opened(RequestKind.RECTIFICATION, student, asked), cases.handler()
    cases.decided(first, handler, checked="0612345678")
    assert ("tell", "duo") not in planned(first)
    factories.add_record(student, "consent", activity="medical_advice", date="2026-01-05")
    second = cases.opened(RequestKind.RECTIFICATION, student, asked)
    cases.decided(second, handler, checked="0612345678")
    assert ("tell", "duo") in planned(second)


def test_a_granted_objection_stops_the_flow_and_its_recipients(context):
    student = factories.make_student()
    factories.add_record(student, "disclosure", recipient="quality_mark", date="2026-02-01", what="foto")
    asked = [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")]
    reference = cases.opened(RequestKind.OBJECTION, student, asked)
    cases.decided(reference, cases.handler())
    assert planned(reference) == {("stop", "portal"), ("stop", "lesson_screenshots"), ("stop", "quality_mark")}


def test_a_withdrawal_stops_tells_and_offers_erasure(context):
    student = factories.make_student()
    factories.add_record(student, "disclosure", recipient="diploma_body", date="2026-02-01", what="diploma")
    asked = [Asked(TargetKind.ACTIVITY, activity="diploma_valuation")]
    reference = cases.opened(RequestKind.WITHDRAWAL, student, asked, taken=False)
    with writing(SYSTEM, cases.clock()) as work:
        case = cases.within(work, reference)
        case.decided_at, case.outcome = work.now, Outcome.GRANTED.value
        plan_steps(work, case)
    assert planned(reference) == {
        ("stop", "diploma_valuation"),
        ("stop", "diploma_body"),
        ("offer_erasure", "diploma_valuation"),
    }
    handler = cases.handler()
    for step in cases.steps_of(reference).values():
        if step.kind == StepKind.RECIPIENT:
            with pytest.raises(Refused, match="proof_missing"):
                finish_step(handler, cases.clock(), reference, step.id, StepState.DONE, "  ")
        note = "Gebeld op maandag." if step.kind == StepKind.RECIPIENT else ""
        finish_step(handler, cases.clock(), reference, step.id, StepState.DONE, note)
    assert cases.case_of(reference).state == "closed"


def test_own_words_outside_the_portal_open_steps_at_the_holders_only(context):
    words = [Asked(TargetKind.WORDS, words="In mijn map ligt een oude brief")]
    reference = cases.opened(RequestKind.ERASURE, factories.make_student(), words)
    cases.decided(reference, cases.officer(), reason="Wij halen de brief weg.")
    assert planned(reference) == {("erase", holder) for holder in HOLDERS}


def test_without_usable_mail_the_case_waits_for_the_letter(context):
    student = factories.make_student(email=None)
    reference = cases.opened(RequestKind.RESTRICTION, student, contact=Contact(address="Kerkplein 1"))
    handler = cases.handler()
    refusal = {"ground": "no_restriction_ground", "reason": cases.CHECK_REASON}
    result = cases.decided(reference, handler, Outcome.REFUSED, **refusal)
    assert not result.closed
    assert planned(reference) == {("post", "answer")}
    today = cases.clock().today()
    record_posted(handler, cases.clock(), reference, cases.version_of(reference), Letter.ANSWER, today)
    assert cases.case_of(reference).state == "closed"
    assert "letter_posted" in cases.events_of(reference)


def test_a_new_decision_keeps_what_was_searched_and_opens_the_rest_anew(context):
    reference, officer = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.officer()
    cases.decided(reference, officer)
    found = cases.steps_of(reference)["search", "mailbox"].id
    finish_step(officer, cases.clock(), reference, found, StepState.DONE, "Drie berichten.")
    with writing(SYSTEM, cases.clock()) as work:
        steps = plan_steps(work, cases.within(work, reference))
        again = {(step.task, step.target): step.state for step in steps}
    assert again["search", "mailbox"] == "done"
    assert again["release", "portal"] == "open"
    assert len(again) == 4
