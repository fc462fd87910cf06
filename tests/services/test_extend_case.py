"""Extending a term: once, in time, for a reason, and only from when the student was told."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from portal.domain.lifecycle import NotPossible
from portal.domain.permissions import SYSTEM
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Outcome, RequestKind
from portal.services.casework import ChangedMeanwhile, Contact
from portal.services.extend_case import extend, mark_told
from portal.services.post_letter import record_posted
from portal.services.unit import writing
from tests import factories
from tests.services import cases

DUE = date(2026, 12, 7)  # four weeks after the cases' receipt


def extended(reference, actor, days=14, reason="complexity"):
    return extend(actor, cases.clock(), reference, cases.version_of(reference), days, reason, "Wij zoeken nog.")


def told(reference, on):
    with writing(SYSTEM, cases.clock()) as work:
        return mark_told(work, cases.within(work, reference).id, on)


def test_an_extension_counts_from_the_first_due_date_once_the_student_is_told(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    assert extended(reference, cases.handler()) == date(2026, 12, 21)
    case = cases.case_of(reference)
    assert (case.due_on, case.extended_days, case.extension_reason) == (DUE, 14, "complexity")
    assert case.extended_at == cases.clock().now()
    assert "extended" in cases.mails_of(reference)
    assert "extended" in cases.events_of(reference)

    version = case.version
    assert told(reference, date(2026, 11, 24))
    assert cases.version_of(reference) == version  # nobody who is deciding loses a form over a delivered mail
    assert told(reference, date(2026, 12, 20))  # a later word changes nothing
    case = cases.case_of(reference)
    assert (case.due_on, case.extension_told_on) == (date(2026, 12, 21), date(2026, 11, 24))


def test_an_extension_that_is_told_too_late_is_worth_nothing(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    extended(reference, cases.handler())
    assert not told(reference, date(2026, 12, 8))
    assert cases.case_of(reference).due_on == DUE


def test_a_case_is_extended_once(context):
    reference, handler = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.handler()
    extended(reference, handler)
    with pytest.raises(Refused, match="extension_already_used"):
        extended(reference, handler)


@pytest.mark.parametrize("days", [0, 29, -1])
def test_an_extension_has_one_to_twenty_eight_days(context, days):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(Refused, match="extension_out_of_term"):
        extended(reference, cases.handler(), days)


@pytest.mark.parametrize("reason", ["", "holiday", "new_facts"])
def test_an_extension_needs_a_reason_that_the_law_knows(context, reason):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    with pytest.raises(Refused, match="reason_missing"):
        extended(reference, cases.handler(), reason=reason)
    assert cases.case_of(reference).extended_days is None


def test_after_the_due_day_it_is_too_late(context):
    reference, handler = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.handler()
    cases.clock().set(datetime(2026, 12, 7, 23, 1, tzinfo=UTC))  # 00:01 in Amsterdam
    with pytest.raises(Refused, match="extension_too_late") as caught:
        extended(reference, handler)
    assert caught.value.params["due"] == DUE
    cases.clock().set(datetime(2026, 12, 7, 22, 59, tzinfo=UTC))
    assert extended(reference, handler)


def test_a_decided_case_is_not_extended(context):
    reference, handler = cases.opened(RequestKind.ACCESS, factories.make_student()), cases.handler()
    cases.decided(reference, handler, Outcome.GRANTED)
    with pytest.raises(NotPossible):
        extended(reference, handler)


def test_a_form_shown_before_the_case_changed_extends_nothing(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    stale = cases.version_of(reference) - 1
    with pytest.raises(ChangedMeanwhile):
        extend(cases.handler(), cases.clock(), reference, stale, 7, "complexity")


def test_without_mail_the_posting_date_of_the_letter_counts(context):
    student = factories.make_student(email=None)
    reference, handler = (
        cases.opened(RequestKind.ACCESS, student, contact=Contact(address="Kerkplein 1")),
        cases.handler(),
    )
    extended(reference, handler)
    assert "extended" not in cases.mails_of(reference)
    post = lambda on: record_posted(  # noqa: E731
        handler, cases.clock(), reference, cases.version_of(reference), Letter.EXTENSION, on
    )
    for wrong in (date(2026, 11, 8), date(2026, 11, 24)):
        with pytest.raises(Refused, match="bad_date"):
            post(wrong)
    post(date(2026, 11, 23))
    assert cases.case_of(reference).due_on == date(2026, 12, 21)
