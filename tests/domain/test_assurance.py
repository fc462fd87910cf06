from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.acts import Act
from portal.domain.assurance import (
    OnFile,
    Way,
    effective,
    needed_to_show,
    required,
    required_for,
    ways_to,
)
from portal.domain.permissions import TABLE
from portal.domain.vocabulary import ActorKind, Level, RequestKind, Sensitivity

L0, L1, L2, L3 = Level
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

REGULATION = {
    "file_request": L0,
    "view_own_status": L1,
    "withdraw_consent": L1,
    "object": L1,
    "view_own_data": L1,
    "receive_answer": L2,
    "view_own_sensitive": L3,
    "change_email": L3,
}


def test_each_act_asks_for_the_level_of_the_regulation():
    assert {code: required(Act(code), {}) for code in REGULATION} == REGULATION


def test_each_kind_is_carried_out_at_the_level_of_the_regulation():
    assert {kind.value: required_for(kind, {}) for kind in RequestKind} == {
        "access": L2,
        "portability": L2,
        "rectification": L2,
        "erasure": L3,
        "restriction": L2,
        "objection": L1,
        "withdrawal": L1,
        "complaint": L0,
    }


def test_the_policy_decides_and_what_nobody_names_needs_the_highest_level():
    assert required(Act.OBJECT, {"object": L2}) is L2
    assert required_for(RequestKind.ERASURE, {"carry_out_erasure": L2}) is L2
    assert required("something_new", {}) is L3


def test_every_act_of_a_student_has_a_level_of_its_own():
    for act, rule in TABLE.items():
        if ActorKind.STUDENT in rule.conditions:
            assert required(act, {}) <= L2 or act.value in REGULATION


def test_at_a_shared_address_level_one_gives_the_status_only():
    assert required(Act.VIEW_OWN_STATUS, {}, shared_address=True) is L1
    assert required(Act.FILE_REQUEST, {}, shared_address=True) is L0
    assert required(Act.STOP_ERASURE, {}, shared_address=True) is L1
    for act in (Act.WITHDRAW_CONSENT, Act.OBJECT, Act.VIEW_OWN_DATA, Act.VIEW_OWN_DECISION, Act.TAKE_BACK):
        assert required(act, {}, shared_address=True) is L2
    assert required(Act.VIEW_OWN_SENSITIVE, {}, shared_address=True) is L3
    assert required("carry_out_complaint", {}, shared_address=True) is L0


def test_level_three_ages_back_to_two_after_thirty_minutes():
    assert effective(L3, NOW - 29 * MINUTE, NOW) is L3
    assert effective(L3, NOW - 30 * MINUTE, NOW) is L2
    assert effective(L3, NOW - 30 * MINUTE, NOW, valid_for=31 * MINUTE) is L3
    assert effective(L3, None, NOW) is L2
    assert effective(L3, NOW + MINUTE, NOW) is L2
    assert effective(L2, NOW - timedelta(days=1), NOW) is L2
    assert effective(L0, None, NOW) is L0


@given(
    field=st.sampled_from(Level),
    sensitivity=st.sampled_from(Sensitivity),
    level=st.sampled_from(Level),
    age=st.one_of(st.none(), st.integers(-5, 60)),
    shared=st.booleans(),
)
def test_a_value_is_shown_exactly_at_its_level(field, sensitivity, level, age, shared):
    second_channel = level == 3 and age is not None and 0 <= age < 30
    held = 3 if second_channel else min(int(level), 2)
    wanted = 1
    if shared:
        wanted = 2
    if sensitivity in ("sensitive", "special"):
        wanted = 3
    reached_at = None if age is None else NOW - age * MINUTE
    shown = effective(level, reached_at, NOW) >= needed_to_show(field, sensitivity, shared)
    assert shown == (held >= wanted and held >= int(field))


def test_special_data_stay_masked_below_level_three_whatever_the_policy_says():
    for sensitivity in (Sensitivity.SPECIAL, Sensitivity.SENSITIVE):
        assert {needed_to_show(policy, sensitivity, shared) for policy in Level for shared in (False, True)} == {L3}


def test_nothing_is_shown_to_somebody_unknown_whatever_the_policy_says():
    assert needed_to_show(L0, Sensitivity.ORDINARY) is L1


def test_the_lightest_way_comes_first():
    assert ways_to(L0, L1)[0] is Way.MAIL_LINK
    assert ways_to(L1, L2)[0] is Way.KNOW_BIRTH_DATE_AND_POSTCODE
    assert ways_to(L1, L3) == (Way.POST_CODE, Way.CALL_BACK, Way.SHOW_ID_AT_DESK)
    assert ways_to(L2, L3) == ways_to(L1, L3)
    assert ways_to(L3, L3) == ()


def test_what_somebody_knows_counts_only_after_the_mail_was_read():
    assert Way.KNOW_STUDENT_NUMBER not in ways_to(L0, L2)
    assert ways_to(L0, L2) == (
        Way.MAIL_LINK,
        Way.RECOGNISED_BY_STAFF,
        Way.POST_CODE,
        Way.CALL_BACK,
        Way.SHOW_ID_AT_DESK,
    )


def test_a_way_is_offered_only_when_its_fact_is_on_file():
    without = OnFile(email=False, birth_date=False, address=False, phone=False)
    assert ways_to(L0, L1, without) == (Way.RECOGNISED_BY_STAFF, Way.SHOW_ID_AT_DESK)
    assert ways_to(L1, L2, OnFile(postcode=False))[0] is Way.KNOW_STUDENT_NUMBER


@given(
    level=st.sampled_from(Level),
    needed=st.sampled_from(Level),
    facts=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_there_is_always_a_way_and_showing_an_id_comes_last(level, needed, facts):
    ways = ways_to(level, needed, OnFile(*facts))
    assert bool(ways) == (level < needed)
    assert list(ways) == sorted(ways, key=list(Way).index)
    assert all(way.leads_to > level for way in ways)
    assert not ways or ways[-1] is Way.SHOW_ID_AT_DESK


@pytest.mark.parametrize("way", Way)
def test_every_way_leads_to_a_level(way):
    assert way.leads_to in (L1, L2, L3)
