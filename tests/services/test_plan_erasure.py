"""The erasure plan from what stands in the policy and the records."""

from __future__ import annotations

from datetime import date

import pytest

from portal.domain.erasure_plan import Verdict, Why
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import TargetKind
from portal.records import limits
from portal.services.plan_erasure import plan_for
from portal.services.targets import EVERYTHING, Target
from portal.services.unit import reading, writing
from tests import factories
from tests.services import cases

LONG_AGO, LATELY = date(2021, 6, 30), date(2026, 6, 30)


def planned(student, *targets):
    with reading(SYSTEM, cases.clock()) as work:
        plan = plan_for(work, student, targets or (EVERYTHING,))
    return {(line.item.dataset, line.item.field): line for line in plan.lines}


def limited(student, kind, **place):
    with writing(SYSTEM, cases.clock()) as work:
        limits.place(work.session, student, kind, None, work.now, **place)


def test_what_is_past_its_term_goes_whatever_used_it(context):
    plan = planned(factories.make_student(last_programme_ended=LONG_AGO))
    assert {line.verdict for line in plan.values()} == {Verdict.ERASE}
    assert {line.why for line in plan.values()} == {Why.RETENTION_OVER}


def test_a_running_programme_keeps_what_the_agreement_needs(context):
    student = factories.make_student()
    factories.add_record(student, "programme", programme_number="1", start_date="2026-02-01")
    line = planned(student)["person", "town"]
    assert (line.verdict, line.until) == (Verdict.KEEP, None)
    assert planned(student)["programme", "programme_number"].why in {Why.LEGAL_OBLIGATION, Why.CONTRACT_RUNNING}


def test_after_the_programme_only_the_law_keeps_and_until_its_term(context):
    student = factories.make_student(last_programme_ended=LATELY)
    factories.add_record(student, "permit", kind="asylum", valid_until="2027-01-01")
    plan = planned(student)
    assert plan["permit", "valid_until"].verdict is Verdict.ERASE
    assert plan["permit", "valid_until"].why is Why.NOT_NEEDED
    bsn = plan["person", "bsn"]
    assert (bsn.verdict, bsn.why, bsn.until) == (Verdict.KEEP, Why.LEGAL_OBLIGATION, date(2029, 6, 30))
    assert bsn.law


def test_an_exemption_is_kept_for_six_years(context):
    student = factories.make_student(last_programme_ended=LONG_AGO)
    factories.add_record(student, "exemption", kind="medical", application_date="2020-01-05")
    line = planned(student)["exemption", "kind"]
    assert (line.verdict, line.until) == (Verdict.KEEP, date(2027, 6, 30))


@pytest.mark.parametrize(
    ("provisional", "verdict", "why"),
    [
        (None, Verdict.KEEP, Why.STILL_NEEDED),
        (True, Verdict.RESTRICT, Why.OBJECTION_PENDING),
        (False, Verdict.ERASE, Why.OBJECTION_UPHELD),
    ],
)
def test_an_objection_decides_what_a_mere_interest_keeps(context, provisional, verdict, why):
    student = factories.make_student(last_programme_ended=LATELY)
    factories.add_record(student, "screenshot", lesson_date="2026-03-02", class_group="A", participated=True)
    if provisional is not None:
        limited(student, limits.OBJECTION, activity="lesson_screenshots", provisional=provisional)
    line = planned(student)["screenshot", "participated"]
    assert (line.verdict, line.why) == (verdict, why)


def test_a_hold_keeps_what_would_go(context):
    student = factories.make_student(last_programme_ended=LONG_AGO)
    factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    limited(student, limits.HOLD, dataset="bank")
    plan = planned(student)
    assert (plan["bank", "iban"].verdict, plan["bank", "iban"].why) == (Verdict.RESTRICT, Why.LEGAL_CLAIM)
    assert plan["person", "town"].verdict is Verdict.ERASE


def test_a_consent_that_stands_is_ended_by_asking_for_erasure(context):
    student = factories.make_student(last_programme_ended=LATELY)
    factories.add_record(student, "education", programme_number="1", diploma="yes")
    assert planned(student)["education", "diploma"].why is Why.NOT_NEEDED
    factories.add_record(student, "consent", activity="diploma_valuation", date="2026-01-05")
    assert planned(student)["education", "diploma"].why is Why.CONSENT_ENDED


def test_targets_narrow_the_plan(context):
    student = factories.make_student(last_programme_ended=LONG_AGO)
    bank = factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    assert set(planned(student, Target(TargetKind.GROUP, group=3))) == {("person", "bsn")}
    assert set(planned(student, Target(TargetKind.RECORD, "bank", bank))) == {("bank", "iban")}
    town = Target(TargetKind.FIELD, "person", cases.person_of(student), "town")
    assert set(planned(student, town)) == {("person", "town")}
    assert planned(student, Target(TargetKind.WORDS)) == {}


def test_recipients_of_what_goes_are_named(context):
    student = factories.make_student(last_programme_ended=LONG_AGO)
    factories.add_record(student, "disclosure", recipient="duo", date="2021-02-01", what="uw BSN")
    plan = planned(student)
    assert plan["person", "bsn"].tell == ("duo",)
    assert plan["disclosure", "recipient"].tell == ()
