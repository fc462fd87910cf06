"""The life of a case: one table of (state, action) → state; what it does not name is not possible."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from portal.domain.acts import Act
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, StepState


class CaseState(StrEnum):
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    DECIDED = "decided"  # answered; being carried out
    CLOSED = "closed"
    TAKEN_BACK = "taken_back"  # by the student
    DUPLICATE = "duplicate"  # points to the other case
    ABUSE = "abuse"  # confirmed by the privacy officer


UNDECIDED = frozenset({CaseState.RECEIVED, CaseState.IN_PROGRESS})  # the clock runs
OPEN = UNDECIDED | {CaseState.DECIDED}
ENDED = frozenset(CaseState) - OPEN
UNANSWERED = frozenset({CaseState.TAKEN_BACK, CaseState.ABUSE})  # ended, and no answer comes


class Action(StrEnum):
    """What happens to a case."""

    MATCH = "match"  # to a student
    TAKE = "take"
    ASSIGN = "assign"
    MESSAGE = "message"  # from staff
    STUDENT_MESSAGE = "student_message"
    NOTE = "note"
    CONFIRM_IDENTITY = "confirm_identity"
    EXTEND = "extend"
    TAKE_EFFECT = "take_effect"  # a withdrawal of consent whose student was not known at first
    DECIDE = "decide"
    APPROVE = "approve"  # an erasure, by a second person
    CARRY_OUT_STEP = "carry_out_step"
    RELEASE_ANSWER = "release_answer"
    LIFT_RESTRICTION = "lift_restriction"
    CLOSE = "close"
    TAKE_BACK = "take_back"
    RECORD_TAKE_BACK = "record_take_back"  # by staff on the student's behalf
    MERGE = "merge"
    ABUSE = "abuse"
    REOPEN = "reopen"
    STOP_ERASURE = "stop_erasure"  # by the student, in the time to think it over


ACTS: dict[Action, Act] = {
    Action.MATCH: Act.MATCH_REQUEST,
    Action.TAKE: Act.TAKE_CASE,
    Action.ASSIGN: Act.ASSIGN_CASE,
    Action.MESSAGE: Act.SEND_MESSAGE,
    Action.STUDENT_MESSAGE: Act.WRITE_MESSAGE,
    Action.NOTE: Act.WRITE_NOTE,
    Action.CONFIRM_IDENTITY: Act.CONFIRM_IDENTITY,
    Action.EXTEND: Act.EXTEND,
    Action.TAKE_EFFECT: Act.MATCH_REQUEST,
    Action.DECIDE: Act.DECIDE,
    Action.APPROVE: Act.APPROVE_ERASURE,
    Action.CARRY_OUT_STEP: Act.CARRY_OUT_STEP,
    Action.RELEASE_ANSWER: Act.RELEASE_ANSWER,
    Action.LIFT_RESTRICTION: Act.LIFT_RESTRICTION,
    Action.CLOSE: Act.CLOSE_CASE,
    Action.TAKE_BACK: Act.TAKE_BACK,
    Action.RECORD_TAKE_BACK: Act.RECORD_TAKE_BACK,
    Action.MERGE: Act.MERGE_DUPLICATE,
    Action.ABUSE: Act.CLOSE_AS_ABUSE,
    Action.REOPEN: Act.REOPEN,
    Action.STOP_ERASURE: Act.STOP_ERASURE,
}

_R, _P, _D, _C = CaseState.RECEIVED, CaseState.IN_PROGRESS, CaseState.DECIDED, CaseState.CLOSED
_T, _U, _A = CaseState.TAKEN_BACK, CaseState.DUPLICATE, CaseState.ABUSE

TRANSITIONS: dict[tuple[CaseState, Action], CaseState] = {
    (_R, Action.MATCH): _R,
    (_R, Action.TAKE): _P,
    (_R, Action.ASSIGN): _P,
    (_R, Action.MESSAGE): _R,
    (_R, Action.STUDENT_MESSAGE): _R,
    (_R, Action.NOTE): _R,
    (_R, Action.CONFIRM_IDENTITY): _R,
    (_R, Action.EXTEND): _R,
    (_R, Action.TAKE_EFFECT): _D,
    (_R, Action.TAKE_BACK): _T,
    (_R, Action.RECORD_TAKE_BACK): _T,
    (_R, Action.MERGE): _U,
    (_R, Action.ABUSE): _A,
    (_P, Action.MATCH): _P,
    (_P, Action.TAKE): _P,
    (_P, Action.ASSIGN): _P,
    (_P, Action.MESSAGE): _P,
    (_P, Action.STUDENT_MESSAGE): _P,
    (_P, Action.NOTE): _P,
    (_P, Action.CONFIRM_IDENTITY): _P,
    (_P, Action.EXTEND): _P,
    (_P, Action.TAKE_EFFECT): _D,
    (_P, Action.DECIDE): _D,
    (_P, Action.TAKE_BACK): _T,
    (_P, Action.RECORD_TAKE_BACK): _T,
    (_P, Action.MERGE): _U,
    (_P, Action.ABUSE): _A,
    (_D, Action.TAKE): _D,
    (_D, Action.ASSIGN): _D,
    (_D, Action.MESSAGE): _D,
    (_D, Action.STUDENT_MESSAGE): _D,
    (_D, Action.NOTE): _D,
    (_D, Action.CONFIRM_IDENTITY): _D,
    (_D, Action.APPROVE): _D,
    (_D, Action.CARRY_OUT_STEP): _D,
    (_D, Action.RELEASE_ANSWER): _D,
    (_D, Action.LIFT_RESTRICTION): _D,
    (_D, Action.CLOSE): _C,
    (_D, Action.REOPEN): _P,
    (_D, Action.STOP_ERASURE): _T,
    (_C, Action.MESSAGE): _C,
    (_C, Action.STUDENT_MESSAGE): _C,
    (_C, Action.NOTE): _C,
    (_C, Action.CONFIRM_IDENTITY): _C,
    (_C, Action.RELEASE_ANSWER): _C,
    (_C, Action.LIFT_RESTRICTION): _C,
    (_C, Action.REOPEN): _P,
    (_T, Action.MESSAGE): _T,
    (_T, Action.STUDENT_MESSAGE): _T,
    (_T, Action.NOTE): _T,
    (_T, Action.REOPEN): _P,
    (_U, Action.NOTE): _U,
    (_U, Action.REOPEN): _P,
    (_A, Action.MESSAGE): _A,
    (_A, Action.STUDENT_MESSAGE): _A,
    (_A, Action.NOTE): _A,
    (_A, Action.REOPEN): _P,
}


class NotPossible(Refused):
    """An action that the case's state does not allow: not yet (`take_first`), or not any more."""

    def __init__(self, state: CaseState, action: Action) -> None:
        waits = state is CaseState.RECEIVED and (CaseState.IN_PROGRESS, action) in TRANSITIONS
        super().__init__("take_first" if waits else "not_possible_in_state", state=state, action=action)
        self.state = state
        self.action = action


def next_state(state: CaseState, action: Action) -> CaseState:
    """The state after `action`, or `NotPossible`."""
    try:
        return TRANSITIONS[state, action]
    except KeyError:
        raise NotPossible(state, action) from None


@cache
def possible(state: CaseState) -> frozenset[Action]:
    """The actions that `state` allows; who may do them is another question."""
    return frozenset(action for held, action in TRANSITIONS if held is state)


def initial_state(kind: RequestKind, matched: bool = True) -> CaseState:
    """How a case begins: a withdrawal of consent takes effect at once, without a decision (regulation, art. 9.7).

    Only a known student's consent can end: one that is not `matched` yet takes effect when it is (`TAKE_EFFECT`).
    """
    return CaseState.DECIDED if kind is RequestKind.WITHDRAWAL and matched else CaseState.RECEIVED


def may_close(steps: Iterable[StepState], answered: bool) -> bool:
    """Whether the written answer exists and every step is done or found impossible (regulation, art. 9.5, 9.6)."""
    return answered and all(step is not StepState.OPEN for step in steps)


def check_close(steps: Iterable[StepState], answered: bool) -> None:
    """Nothing, or why the case cannot be closed: `answer_missing`, or `steps_open` with their number."""
    if not answered:
        raise Refused("answer_missing")
    still_open = sum(step is StepState.OPEN for step in steps)
    if still_open:
        raise Refused("steps_open", count=still_open)


class StepStatus(StrEnum):
    DONE = "done"
    NOW = "now"
    TODO = "todo"


@dataclass(frozen=True, slots=True)
class StudentStep:
    """One step of the tracker that a student sees; `code` names its words."""

    code: str  # received | looked_at | answered | carried_out | taken_back | duplicate | abuse
    status: StepStatus


def student_steps(state: CaseState, *, to_carry_out: bool = True) -> tuple[StudentStep, ...]:
    """Where a request is: received, being looked at, answered, carried out; or how it ended otherwise.

    `to_carry_out` is False where a decision leaves nothing to do (all refused): that step is left out then.
    """
    if state in (_T, _U, _A):
        return (StudentStep("received", StepStatus.DONE), StudentStep(state.value, StepStatus.DONE))
    codes = ("received", "looked_at", "answered", "carried_out")[: 4 if to_carry_out else 3]
    done = {_R: 1, _P: 1, _D: 3, _C: 4}[state]
    return tuple(
        StudentStep(code, StepStatus.DONE if place < done else StepStatus.NOW if place == done else StepStatus.TODO)
        for place, code in enumerate(codes)
    )
