"""The one thing to do next on a case (ux.md, rule 15)."""

from __future__ import annotations

from collections.abc import Iterable

from portal.domain.acts import Act
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.rights import right
from portal.domain.vocabulary import Level, Outcome, RequestKind, StepKind, StepState
from portal.records.tables.cases import Case
from portal.services.carry_out import CARRIED_OUT
from portal.services.case_lines import ItemLine, StepLine
from portal.services.erasures import Wait
from portal.services.steps import SEARCH


def next_of(
    case: Case,
    kind: RequestKind,
    state: CaseState,
    items: Iterable[ItemLine],
    steps: Iterable[StepLine],
    allowed: frozenset[Act],
    needed: Level,
    wait: Wait | None = None,
    changes: int = 0,
    upload: bool = False,
    pictures: int = 0,
) -> str:
    """The one thing to do next, as a code; "" when nothing is left to do.

    upload (a copy of an ID that was sent, soon wiped) |
    match | take | decide | search | look (pictures that nobody reviewed yet) | confirm_identity |
    approve | approve_by_other | tell_first (the notice of an erasure has not left) | cooling_off |
    carry_out | steps | changes (lines that the student administration has not confirmed) | close
    """
    if upload:
        return "upload"
    if state in UNDECIDED:
        if case.student_id is None and kind is not RequestKind.COMPLAINT:
            return "match"
        return "take" if state is CaseState.RECEIVED or case.handler_id is None else "decide"
    if state is not CaseState.DECIDED:
        return ""
    waiting = [step for step in steps if step.state is StepState.OPEN]
    own = [step for step in waiting if step.kind is StepKind.OWN and step.task in CARRIED_OUT]
    granted = any(item.outcome in {Outcome.GRANTED, Outcome.PARTLY} for item in items)
    if own and any(step.task == SEARCH for step in waiting):
        return "search"
    if own and case.assured_level < needed:
        return "confirm_identity"
    if granted and waiting and right(kind).second_person and case.approver_id is None:
        return "approve" if Act.APPROVE_ERASURE in allowed else "approve_by_other"
    if wait is not None:
        return "cooling_off" if wait.told else "tell_first"
    if own:
        return "look" if pictures else "carry_out"
    if waiting:
        return "steps"
    return "changes" if changes else "close"
