"""Lifting a restriction: never before the student was told (GDPR 18(3))."""

from __future__ import annotations

import pytest

from portal.domain.permissions import SYSTEM
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Outcome, RequestKind, TargetKind
from portal.records.db import begin_write, db
from portal.records.tables.proof import OutMail
from portal.services.carry_out import carry_out
from portal.services.casework import Asked
from portal.services.lift_restriction import announce_lifting, lift_restriction
from portal.services.limits_of_processing import place_meanwhile, restricted, stopped_activities
from portal.services.post_letter import record_posted
from portal.services.unit import reading, writing
from tests import factories
from tests.services import cases

REFUSAL = {"ground": "compelling_grounds", "reason": cases.CHECK_REASON}


def delivered(reference):
    """The mail server took every mail of the case."""
    case_id = cases.case_of(reference).id
    begin_write()
    for mail in db.session.query(OutMail).filter_by(case_id=case_id):
        mail.state = "sent"
    db.session.commit()


def lifted(reference, actor):
    return lift_restriction(actor, cases.clock(), reference, cases.version_of(reference))


def refused_objection(**person):
    student = factories.make_student(**person)
    asked = [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")]
    reference, handler = cases.opened(RequestKind.OBJECTION, student, asked), cases.handler()
    with writing(SYSTEM, cases.clock()) as work:
        place_meanwhile(work, cases.within(work, reference))
    cases.decided(reference, handler, Outcome.REFUSED, **REFUSAL)
    return student, reference, handler


def stopped(student):
    with reading(SYSTEM, cases.clock()) as work:
        return stopped_activities(work, student)


def test_a_refused_objection_resumes_only_after_the_answer_was_delivered(context):
    student, reference, handler = refused_objection()
    assert set(cases.steps_of(reference)) == {("lift", "portal")}
    assert "restriction_announced" in cases.events_of(reference)
    with pytest.raises(Refused, match="not_told_yet"):
        lifted(reference, handler)
    assert stopped(student)
    delivered(reference)
    assert lifted(reference, handler) == 1
    assert not stopped(student)
    assert cases.case_of(reference).state == "closed"
    assert "restriction_lifted" in cases.events_of(reference)


def test_a_posted_letter_is_being_told_too(context):
    student, reference, handler = refused_objection(email=None)
    with pytest.raises(Refused, match="not_told_yet"):
        lifted(reference, handler)
    today = cases.clock().today()
    record_posted(handler, cases.clock(), reference, cases.version_of(reference), Letter.ANSWER, today)
    lifted(reference, handler)
    assert not stopped(student)
    assert cases.case_of(reference).state == "closed"


def test_a_restriction_that_stands_is_announced_with_a_reason_before_it_is_lifted(context):
    student, handler = factories.make_student(), cases.handler()
    reference = cases.opened(RequestKind.RESTRICTION, student, [Asked(TargetKind.GROUP, group=3)])
    cases.decided(reference, handler)
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    with pytest.raises(Refused, match="not_announced"):
        lifted(reference, handler)
    with pytest.raises(Refused, match="reason_missing"):
        announce_lifting(handler, cases.clock(), reference, cases.version_of(reference), " ")
    announce_lifting(handler, cases.clock(), reference, cases.version_of(reference), "Uw BSN klopt nu.")
    assert "message" in cases.mails_of(reference)
    with pytest.raises(Refused, match="not_told_yet"):
        lifted(reference, handler)
    delivered(reference)
    lifted(reference, handler)
    with reading(SYSTEM, cases.clock()) as work:
        assert not restricted(work, student)
    with pytest.raises(Refused, match="nothing_restricted"):
        lifted(reference, handler)


def test_a_case_that_restricted_nothing_has_nothing_to_lift(context):
    reference, handler = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    with pytest.raises(Refused, match="nothing_restricted"):
        lifted(reference, handler)
