"""Reopening: the case is decided and answered again, and the earlier answer is kept."""

from __future__ import annotations

import pytest

from portal.domain.lifecycle import NotPossible
from portal.domain.permissions import SYSTEM
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Outcome, RequestKind
from portal.records import casebook
from portal.services.answer import answer_of
from portal.services.reopen_case import reopen
from portal.services.unit import reading
from tests import factories
from tests.services import cases

REFUSAL = {"ground": "no_restriction_ground", "reason": cases.CHECK_REASON}


def reopened(reference, actor, reason="our_mistake"):
    reopen(actor, cases.clock(), reference, cases.version_of(reference), reason, "Wij lazen niet goed.")


def test_a_reopened_case_has_no_answer_until_it_is_decided_again(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler, Outcome.REFUSED, **REFUSAL)
    due = cases.case_of(reference).due_on
    reopened(reference, handler)
    case = cases.case_of(reference)
    assert (case.state, case.outcome, case.decided_at, case.closed_at) == ("in_progress", None, None, None)
    assert case.due_on == due
    with reading(SYSTEM, cases.clock()) as work:
        assert answer_of(work, cases.within(work, reference)) is None

    cases.decided(reference, handler)
    with reading(SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, reference))
    assert answer is not None
    assert answer.outcome == "granted"
    earlier = casebook.contents(factories.vault(), cases.case_of(reference))["earlier_answers"]
    assert [each["outcome"] for each in earlier] == ["refused"]
    assert cases.mails_of(reference).count("decided") == 2
    assert "reopened" in cases.events_of(reference)


@pytest.mark.parametrize("reason", ["", "complexity"])
def test_a_reason_of_the_list_is_needed(context, reason):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler, Outcome.REFUSED, **REFUSAL)
    with pytest.raises(Refused, match="reason_missing"):
        reopened(reference, handler, reason)


def test_a_case_that_is_still_undecided_is_not_reopened(context):
    reference = cases.opened(RequestKind.RESTRICTION, factories.make_student())
    with pytest.raises(NotPossible):
        reopened(reference, cases.handler())
