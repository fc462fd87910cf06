from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.lifecycle import (
    ACTS,
    ENDED,
    OPEN,
    TRANSITIONS,
    UNDECIDED,
    Action,
    CaseState,
    NotPossible,
    check_close,
    initial_state,
    may_close,
    next_state,
    possible,
    student_steps,
)
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, StepState


def test_what_the_table_does_not_name_raises_with_state_and_action():
    with pytest.raises(NotPossible) as refused:
        next_state(CaseState.CLOSED, Action.DECIDE)
    assert refused.value.code == "not_possible_in_state"
    assert refused.value.params == {"state": CaseState.CLOSED, "action": Action.DECIDE}


def test_what_becomes_possible_once_a_case_is_taken_says_so():
    with pytest.raises(NotPossible) as refused:
        next_state(CaseState.RECEIVED, Action.DECIDE)
    assert refused.value.code == "take_first"


def test_every_action_has_the_act_it_needs():
    assert set(ACTS) == set(Action)


def test_a_withdrawal_of_consent_begins_as_decided_and_everything_else_as_received():
    begins = {kind: initial_state(kind) for kind in RequestKind}
    assert begins.pop(RequestKind.WITHDRAWAL) is CaseState.DECIDED
    assert set(begins.values()) == {CaseState.RECEIVED}


def test_a_withdrawal_of_somebody_unknown_takes_effect_once_matched():
    state = initial_state(RequestKind.WITHDRAWAL, matched=False)
    assert state is CaseState.RECEIVED
    assert next_state(state, Action.TAKE_EFFECT) is CaseState.DECIDED


@given(actions=st.lists(st.sampled_from(Action), max_size=30), kind=st.sampled_from(RequestKind))
def test_no_history_closes_a_case_that_was_never_decided(actions, kind):
    state = initial_state(kind)
    decided = state is CaseState.DECIDED
    for action in actions:
        if action not in possible(state):
            continue
        state = next_state(state, action)
        if action in (Action.DECIDE, Action.TAKE_EFFECT):
            decided = True
        if state is CaseState.IN_PROGRESS:
            decided = False
        assert state not in (CaseState.DECIDED, CaseState.CLOSED) or decided


def test_every_state_can_be_reached_and_left():
    reached, frontier = {CaseState.RECEIVED}, [CaseState.RECEIVED]
    while frontier:
        state = frontier.pop()
        for action in possible(state):
            after = next_state(state, action)
            if after not in reached:
                reached.add(after)
                frontier.append(after)
    assert reached == set(CaseState)
    assert all(any(TRANSITIONS[state, action] is not state for action in possible(state)) for state in CaseState)


def test_the_clock_runs_while_a_case_is_undecided_and_states_are_open_or_ended():
    assert {CaseState.RECEIVED, CaseState.IN_PROGRESS} == UNDECIDED
    assert set(CaseState) == OPEN | ENDED
    assert not OPEN & ENDED
    for state in CaseState:
        assert (Action.EXTEND in possible(state)) == (state in UNDECIDED)
        assert (Action.TAKE_BACK in possible(state)) == (state in UNDECIDED)


STEPS = st.lists(st.sampled_from(StepState), max_size=6)


@given(steps=STEPS, answered=st.booleans())
def test_a_case_closes_only_with_its_answer_and_without_open_steps(steps, answered):
    allowed = answered and steps.count(StepState.OPEN) == 0
    assert may_close(steps, answered) == allowed
    if allowed:
        check_close(steps, answered)
        return
    with pytest.raises(Refused) as refused:
        check_close(steps, answered)
    assert refused.value.code == ("steps_open" if answered else "answer_missing")


def test_a_refusal_to_close_says_how_many_steps_are_open():
    with pytest.raises(Refused) as refused:
        check_close([StepState.OPEN, StepState.DONE, StepState.OPEN, StepState.IMPOSSIBLE], answered=True)
    assert refused.value.params == {"count": 2}


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (CaseState.RECEIVED, "received done, looked_at now, answered todo, carried_out todo"),
        (CaseState.IN_PROGRESS, "received done, looked_at now, answered todo, carried_out todo"),
        (CaseState.DECIDED, "received done, looked_at done, answered done, carried_out now"),
        (CaseState.CLOSED, "received done, looked_at done, answered done, carried_out done"),
        (CaseState.TAKEN_BACK, "received done, taken_back done"),
        (CaseState.DUPLICATE, "received done, duplicate done"),
        (CaseState.ABUSE, "received done, abuse done"),
    ],
)
def test_the_student_sees_where_the_request_is(state, steps):
    assert ", ".join(f"{step.code} {step.status}" for step in student_steps(state)) == steps


def test_a_refusal_leaves_nothing_to_carry_out():
    steps = student_steps(CaseState.DECIDED, to_carry_out=False)
    assert [(step.code, step.status.value) for step in steps] == [
        ("received", "done"),
        ("looked_at", "done"),
        ("answered", "done"),
    ]
