"""Every state × action × actor, against a table written by hand from the regulation and not from the code."""

from __future__ import annotations

import itertools

import pytest

from portal.domain.lifecycle import ACTS, TRANSITIONS, Action, CaseState, NotPossible, next_state
from portal.domain.permissions import may
from tests.domain.people import (
    ADMINISTRATOR,
    ANYBODY,
    CODE,
    DIRECTOR,
    HANDLER,
    OFFICER,
    OTHER_CASE,
    OTHER_STUDENT,
    PORTAL,
    REPRESENTATIVE,
    SOUTH,
    THE_STUDENT,
    subject,
)

# What each letter stands for. R received, P in progress, D decided, C closed, T taken back, U duplicate, A abuse.
STATES = {
    "R": CaseState.RECEIVED,
    "P": CaseState.IN_PROGRESS,
    "D": CaseState.DECIDED,
    "C": CaseState.CLOSED,
    "T": CaseState.TAKEN_BACK,
    "U": CaseState.DUPLICATE,
    "A": CaseState.ABUSE,
}
# h handler, o privacy officer, d director, a administrator, s student, r representative, c case code, n nobody known,
# y the system: who may do it to a case of their own branch, student or code.
ACTORS = {
    "h": HANDLER,
    "o": OFFICER,
    "d": DIRECTOR,
    "a": ADMINISTRATOR,
    "s": THE_STUDENT,
    "r": REPRESENTATIVE,
    "c": CODE,
    "n": ANYBODY,
    "y": PORTAL,
}

EXPECTED = """
                    R P D C T U A
match               R P . . . . .   hod
take                P P D . . . .   hod
assign              P P D . . . .   hod
message             R P D C T . A   hod
student_message     R P D C T . A   src
note                R P D C T U A   hod
confirm_identity    R P D C . . .   hod
extend              R P . . . . .   hod
take_effect         D D . . . . .   hod
decide              . D . . . . .   hod
approve             . . D . . . .   od
carry_out_step      . . D . . . .   hody
release_answer      . . D C . . .   hod
lift_restriction    . . D C . . .   hod
close               . . C . . . .   hody
take_back           T T . . . . .   sr
record_take_back    T T . . . . .   hod
merge               U U . . . . .   hod
abuse               A A . . . . .   o
reopen              . . P P P P P   hod
stop_erasure        . . T . . . .   sc
"""


def expected() -> dict[tuple[str, str, str], str]:
    """(action, state letter, actor letter) → letter of the new state; "." not possible, "-" not allowed."""
    header, *rows = EXPECTED.strip().splitlines()
    letters = header.split()
    cells: dict[tuple[str, str, str], str] = {}
    for row in rows:
        action, *rest = row.split()
        *results, who = rest
        assert len(results) == len(letters), row
        for (letter, result), actor in itertools.product(zip(letters, results, strict=True), ACTORS):
            cells[action, letter, actor] = result if actor in who else "-"
    return cells


CELLS = expected()


def outcome(action: Action, state: CaseState, actor_letter: str, **about: object) -> str:
    if not may(ACTORS[actor_letter], ACTS[action], subject(**about)):
        return "-"
    try:
        after = next_state(state, action)
    except NotPossible:
        return "."
    return next(letter for letter, each in STATES.items() if each is after)


def test_the_table_by_hand_names_every_cell():
    assert len(CELLS) == len(Action) * len(CaseState) * len(ACTORS) == 21 * 7 * 9
    assert {action for action, _, _ in CELLS} == {action.value for action in Action}


@pytest.mark.parametrize("action", Action)
def test_every_state_and_actor_has_the_outcome_of_the_table_by_hand(action):
    found = {
        (action.value, letter, actor): outcome(action, state, actor)
        for (letter, state), actor in itertools.product(STATES.items(), ACTORS)
    }
    assert found == {cell: result for cell, result in CELLS.items() if cell[0] == action.value}


@pytest.mark.parametrize("action", Action)
def test_nobody_but_those_across_branches_touches_a_case_that_is_not_theirs(action):
    """The same cells for a case of another branch, student and code: only officer, director and system are left."""
    foreign = {"branch_id": SOUTH, "student_id": OTHER_STUDENT, "case_id": OTHER_CASE}
    for (letter, state), actor in itertools.product(STATES.items(), ACTORS):
        allowed = CELLS[action.value, letter, actor] if actor in "ody" else "-"
        assert outcome(action, state, actor, **foreign) == allowed, (action, state, actor)


def test_the_transition_table_only_names_what_the_table_by_hand_names():
    by_hand = {(action, letter): result for (action, letter, _), result in CELLS.items() if result not in ".-"}
    in_code = {
        (action.value, next(key for key, each in STATES.items() if each is state)): next(
            key for key, each in STATES.items() if each is after
        )
        for (state, action), after in TRANSITIONS.items()
    }
    assert in_code == by_hand
