"""Steps of carrying out: what a decision sets going, in the portal, at each holder outside and at each recipient.

Tasks: `search` (access, before the release), `correct`, `erase`, `restrict`, `stop` (an activity; a recipient of it),
`tell` (GDPR 19), `release`, `lift` (a limit that was placed meanwhile; GDPR 18(3)), `offer_erasure` (after a
withdrawal), `post` (the letter, for who has no usable e-mail).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from uuid_utils.compat import uuid7

from portal.domain.vocabulary import Outcome, RequestKind, StepKind, StepState, TargetKind
from portal.records import casebook, limits
from portal.records.items import items_of
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.records.tables.people import Limit
from portal.services.plan_erasure import plan_for
from portal.services.recipients import receivers
from portal.services.targets import covered, granted, target_of
from portal.services.unit import Work

SEARCH, CORRECT, ERASE, RESTRICT = "search", "correct", "erase", "restrict"
STOP, TELL, RELEASE, LIFT, OFFER, POST = "stop", "tell", "release", "lift", "offer_erasure", "post"
PORTAL, ANSWER = "portal", "answer"

# What is done with the data of a granted request, in the portal and at the holders outside.
_AT_HOLDERS = {
    RequestKind.ACCESS: SEARCH,
    RequestKind.RECTIFICATION: CORRECT,
    RequestKind.ERASURE: ERASE,
    RequestKind.RESTRICTION: RESTRICT,
}
_OWN = {
    RequestKind.ACCESS: RELEASE,
    RequestKind.PORTABILITY: RELEASE,
    RequestKind.RECTIFICATION: CORRECT,
    RequestKind.ERASURE: ERASE,
    RequestKind.RESTRICTION: RESTRICT,
    RequestKind.OBJECTION: STOP,
}
_TELLS = frozenset({RequestKind.RECTIFICATION, RequestKind.ERASURE, RequestKind.RESTRICTION})  # GDPR 19
_STOPS = frozenset({RequestKind.OBJECTION, RequestKind.WITHDRAWAL})


@dataclass(frozen=True, slots=True)
class Planned:
    kind: StepKind
    task: str
    target: str  # code of a holder, recipient or activity


def plan_steps(work: Work, case: Case) -> list[CaseStep]:
    """Writes the steps that the decision (or the withdrawal) asks for and returns them in their order.

    Called again after a new decision, it keeps what was found by searching, opens the others anew and takes away open
    steps that are not asked for any more. What was done stays on record.
    """
    wanted = list(dict.fromkeys(_wanted(work, case)))
    existing = {(step.kind, step.task, step.target): step for step in casebook.steps_of(work.session, case.id)}
    planned = []
    for position, each in enumerate(wanted):
        step = existing.pop((each.kind.value, each.task, each.target), None)
        if step is None:
            step = CaseStep(
                id=uuid7(),
                case_id=case.id,
                position=position,
                kind=each.kind.value,
                task=each.task,
                target=each.target,
                state=StepState.OPEN.value,
            )
            work.session.add(step)
        elif each.task != SEARCH:
            step.state, step.by_id, step.at, step.sealed = StepState.OPEN.value, None, None, None
        step.position = position
        planned.append(step)
    for step in existing.values():
        if step.state == StepState.OPEN.value:
            work.session.delete(step)
        else:
            step.position = len(planned)
            planned.append(step)
    work.session.flush()
    return planned


def _wanted(work: Work, case: Case) -> Iterator[Planned]:
    kind = RequestKind(case.kind)
    items = casebook.items_of(work.session, case.id)
    going = items if kind is RequestKind.WITHDRAWAL else granted(items)
    if going and kind in _OWN and case.student_id is not None and _concerns_portal(kind, going):
        yield Planned(StepKind.OWN, _OWN[kind], PORTAL)
    if going and kind in _AT_HOLDERS:
        for holder in work.policy.holders.values():
            if not holder.portal:
                yield Planned(StepKind.HOLDER, _AT_HOLDERS[kind], holder.code)
    if kind in _STOPS:
        for item in going:
            if item.activity:
                yield Planned(StepKind.ACTIVITY, STOP, item.activity)
    if going and case.student_id is not None and (kind in _TELLS or kind in _STOPS):
        for code in concerned_recipients(work, case, going):
            yield Planned(StepKind.RECIPIENT, TELL if kind in _TELLS else STOP, code)
    if kind is RequestKind.WITHDRAWAL:
        for item in going:
            if item.activity:
                yield Planned(StepKind.ACTIVITY, OFFER, item.activity)
    if limits_to_lift(work, case, items):
        yield Planned(StepKind.OWN, LIFT, PORTAL)
    if case.by_post:
        yield Planned(StepKind.OWN, POST, ANSWER)


def _concerns_portal(kind: RequestKind, going: Iterable[CaseItem]) -> bool:
    """Something asked in own words and not tied to data of the portal is done outside it, except a copy of the data."""
    if kind in (RequestKind.ACCESS, RequestKind.PORTABILITY):
        return True
    return any(item.target != TargetKind.WORDS for item in going)


def concerned_recipients(work: Work, case: Case, going: Iterable[CaseItem]) -> list[str]:
    """The recipients that actually received what these items are about, in the policy's order."""
    assert case.student_id is not None
    actual = receivers(work, case.student_id)
    if not actual.told:
        return []
    targets = [target_of(item) for item in going]
    if case.kind == RequestKind.ERASURE:
        found = set(plan_for(work, case.student_id, targets).tell)
    elif case.kind in (RequestKind.OBJECTION, RequestKind.WITHDRAWAL):
        found = {
            code
            for target in targets
            if target.activity
            for code in work.policy.activities[target.activity].recipients
            if code in actual.told
        }
    else:
        found = {
            code
            for record in items_of(work.session, work.vault, case.student_id)
            for field in record.values
            if covered(work.policy, targets, record.dataset, record.id, field)
            for code in actual.of(work.policy.field(record.dataset, field))
        }
    return [code for code in work.policy.recipients if code in found]


def limits_to_lift(work: Work, case: Case, items: Iterable[CaseItem]) -> list[Limit]:
    """The limits that this case placed meanwhile and that a refusal ends: of refused items only."""
    refused = [item for item in items if item.outcome == Outcome.REFUSED]
    if not refused:
        return []
    places = {(item.dataset, item.item_id, item.field, item.activity) for item in refused}
    whole = {(item.dataset, item.item_id, None, None) for item in refused if item.target == TargetKind.RECORD}
    return [
        limit
        for limit in limits.of_case(work.session, case.id, provisional=True)
        if (limit.dataset, limit.item_id, limit.field, limit.activity) in places | whole
    ]


def open_steps(steps: Iterable[CaseStep], task: str | None = None, kind: StepKind | None = None) -> list[CaseStep]:
    return [
        step
        for step in steps
        if step.state == StepState.OPEN.value and task in (None, step.task) and kind in (None, step.kind)
    ]
