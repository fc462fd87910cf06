from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.rights import RIGHTS, Effect, outcome_of_case, right
from portal.domain.vocabulary import LegalBasis, Outcome, RequestKind, Source, TargetKind


def test_every_kind_of_request_has_its_right_and_article():
    assert set(RIGHTS) == set(RequestKind)
    assert all(kind is described.kind for kind, described in RIGHTS.items())
    assert {kind.value: (each.gdpr, each.regulation) for kind, each in RIGHTS.items()} == {
        "access": ("15", "9.1"),
        "portability": ("20", ""),
        "rectification": ("16", "9.2"),
        "erasure": ("17", "9.2"),
        "restriction": ("18", "9.2"),
        "objection": ("21", "9.3"),
        "withdrawal": ("7(3)", "9.7"),
        "complaint": ("77", "10"),
    }


def letters(kind: RequestKind) -> str:
    """The letters of GDPR 6(1) whose data the right applies to."""
    return "".join(letter for letter, basis in zip("abcdef", LegalBasis, strict=True) if right(kind).applies_to(basis))


def test_the_legal_basis_decides_which_rights_apply():
    assert {kind.value: letters(kind) for kind in RequestKind} == {
        "access": "abcdef",
        "portability": "ab",
        "rectification": "abcdef",
        "erasure": "abcdef",
        "restriction": "abcdef",
        "objection": "ef",
        "withdrawal": "a",
        "complaint": "abcdef",
    }


def test_only_what_the_student_gave_is_portable():
    assert right(RequestKind.PORTABILITY).applies_to(LegalBasis.CONTRACT, Source.STUDENT)
    assert not right(RequestKind.PORTABILITY).applies_to(LegalBasis.CONTRACT, Source.SCHOOL)
    assert right(RequestKind.ACCESS).applies_to(LegalBasis.CONTRACT, Source.THIRD_PARTY)


def test_a_withdrawal_takes_effect_at_once_without_decision_or_clock():
    withdrawal = right(RequestKind.WITHDRAWAL)
    assert not withdrawal.decided
    assert not withdrawal.has_clock
    assert Effect.STOP_ACTIVITY in withdrawal.immediate
    assert all(each.decided and each.has_clock for kind, each in RIGHTS.items() if kind is not RequestKind.WITHDRAWAL)


def test_an_objection_suspends_at_once_and_a_contested_value_is_restricted_meanwhile():
    assert right(RequestKind.OBJECTION).immediate == {Effect.SUSPEND_ACTIVITY}
    assert right(RequestKind.RECTIFICATION).immediate == {Effect.RESTRICT_MEANWHILE}


def test_recipients_are_told_of_rectification_erasure_and_restriction():
    telling = {kind for kind, each in RIGHTS.items() if Effect.TELL_RECIPIENTS in each.effects}
    assert telling >= {RequestKind.RECTIFICATION, RequestKind.ERASURE, RequestKind.RESTRICTION}
    assert RequestKind.ACCESS not in telling


def test_only_erasure_needs_a_second_person():
    assert {kind for kind, each in RIGHTS.items() if each.second_person} == {RequestKind.ERASURE}


def test_own_words_can_be_used_wherever_something_is_weighed():
    in_own_words = {kind for kind, each in RIGHTS.items() if TargetKind.WORDS in each.targets}
    assert set(RequestKind) - in_own_words == {RequestKind.PORTABILITY, RequestKind.WITHDRAWAL}
    assert TargetKind.ACTIVITY in right(RequestKind.OBJECTION).targets
    assert TargetKind.FIELD in right(RequestKind.RECTIFICATION).targets


@given(outcomes=st.lists(st.sampled_from(Outcome), min_size=1))
def test_a_case_is_granted_or_refused_only_when_all_its_items_are(outcomes):
    whole = outcome_of_case(outcomes)
    if all(each is Outcome.GRANTED for each in outcomes):
        assert whole is Outcome.GRANTED
    elif all(each is Outcome.REFUSED for each in outcomes):
        assert whole is Outcome.REFUSED
    else:
        assert whole is Outcome.PARTLY


def test_a_case_without_items_has_no_outcome():
    with pytest.raises(ValueError, match="no outcome"):
        outcome_of_case([])
