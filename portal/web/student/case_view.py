"""A case as its asker reads it: the tracker, the timeline, the answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import current_app

from portal.domain.events import EventKind
from portal.domain.lifecycle import StepStatus
from portal.domain.vocabulary import ActorKind, Level, RequestKind
from portal.services import erasures, own_cases
from portal.services.answer import answer_html
from portal.services.erasures import Planned, StopState
from portal.services.own_cases import AskedLine, OwnCase
from portal.web.language import _, current_language, current_speaker
from portal.web.pieces import Happening, Step
from portal.web.sessions import current_actor, current_clock
from portal.web.student.show import Shown, shown
from portal.wording import (
    DONE_FOR_YOU,
    EVENT_ICONS,
    EVENTS,
    KINDS,
    OUTCOME_KINDS,
    OUTCOMES,
    STATE_ICONS,
    STATE_KINDS,
    STATES,
    TARGETS,
    TRACKER,
    TRACKER_ICONS,
)

_LOOK = {StepStatus.DONE: "done", StepStatus.NOW: "now", StepStatus.TODO: "later"}


class Tag(NamedTuple):
    kind: str
    text: str
    icon: str = ""


def around(case: OwnCase, with_data: bool) -> dict[str, Any]:
    """What the page of a case shows."""
    say = current_speaker().text
    return {
        "case": case,
        "words": KINDS[case.kind],
        "state": Tag(STATE_KINDS[case.state], say(STATES[case.state]), STATE_ICONS[case.state]),
        "outcome": Tag(OUTCOME_KINDS[case.outcome], say(OUTCOMES[case.outcome])) if case.outcome else None,
        "steps": [Step(say(TRACKER[each.code]), _LOOK[each.status], TRACKER_ICONS[each.code]) for each in case.steps],
        "timeline": [
            Happening(say(event_words(each.kind, each.by)), each.at, EVENT_ICONS.get(each.kind, "clock"), each.words)
            for each in case.happened
        ],
        "asked": [(subject(line), value_asked(line)) for line in case.items] if with_data else [],
        "with_data": with_data,
    }


def event_words(kind: EventKind, by: ActorKind) -> str:
    """What happened, to the student; what a representative did says so, but not to the representative."""
    for_you = by is ActorKind.REPRESENTATIVE and current_actor().kind is not by
    return DONE_FOR_YOU.get(kind, EVENTS[kind]) if for_you else EVENTS[kind]


def subject(line: AskedLine) -> str:
    """What one item is about, in words of the policy; never a value."""
    policy = current_app.extensions["policy"]
    if line.activity in policy.activities:
        return _(policy.activities[line.activity].label)
    if line.group is not None:
        return _(policy.groups.get(line.group, policy.own_section).label)
    if line.dataset and line.field:
        return _(policy.field(line.dataset, line.field).label)
    if line.dataset:
        return _(policy.datasets[line.dataset].label)
    return _(TARGETS[line.target])


def value_asked(line: AskedLine) -> Shown | None:
    """What it must become, where the reader may see that."""
    if line.value is None or line.dataset is None or line.field is None:
        return None
    return shown(current_app.extensions["policy"].field(line.dataset, line.field), line.value, current_speaker())


def answer(reference: str | None) -> str | None:
    """The written answer as ready markup, once there is one; `reference` None for whoever holds the case code."""
    found = own_cases.answer_for(current_actor(), current_clock(), reference)
    return answer_html(found, current_language(), current_app.extensions["policy"]) if found else None


def stoppable(case: OwnCase, reference: str | None) -> Planned | None:
    """The erasure that waits and that its asker may still stop; `reference` None for whoever holds the case code."""
    if case.kind is not RequestKind.ERASURE:
        return None
    found = erasures.planned(current_actor(), current_clock(), reference)
    return found if found is not None and found.state is StopState.WAITING else None


def may_receive(level: Level) -> bool:
    """Whether the session is sure enough to hand over the copy (regulation, L2)."""
    return level >= Level.KNOWLEDGE
