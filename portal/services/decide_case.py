"""Decide a case item by item: granted, partly or refused, each refusal with its ground and a reason in words.

Decision, answer, steps, timeline, log and mail are one transaction (security.md). A late decision is never blocked; the
answer says that it is late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock, current_due_on
from portal.domain.erasure_plan import ErasurePlan, Verdict
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.rights import outcome_of_case
from portal.domain.vocabulary import Evidence, FieldType, Letter, Outcome, RequestKind, TargetKind
from portal.intake.faults import BadValue
from portal.intake.values import cell_text, parse_value
from portal.letters.answer import Answer
from portal.mail import messages
from portal.policy.model import Field
from portal.records import casebook, items
from portal.records.tables.cases import Case, CaseItem
from portal.services import upload_way
from portal.services.answer import write_answer
from portal.services.casework import NotFound, event, move, reply_address, subject_of
from portal.services.close_case import close_if_done
from portal.services.decision_draft import forget_draft
from portal.services.held_case import held_case
from portal.services.issue_letter import issue
from portal.services.plan_erasure import plan_for
from portal.services.steps import limits_to_lift, plan_steps
from portal.services.targets import Target, target_of
from portal.services.tell_recipients import issue_notices
from portal.services.unit import Work, writing
from portal.vault.envelope import Json

IDENTITY_UNCONFIRMED = "identity_unconfirmed"
_DONE_BY_HAND = frozenset({RequestKind.RECTIFICATION, RequestKind.ERASURE, RequestKind.RESTRICTION})
MOST_WORDS = 10_000  # characters of a reason or reply


@dataclass(frozen=True, slots=True)
class ItemDecision:
    """The decision on one item. `checked` is the right value of a rectified field, or a mapping of fields to values for
    a whole record; as typed, or canonical. `about` says what something in the asker's own words turned out to be about.
    """

    item_id: UUID  # of the case's item
    outcome: Outcome
    ground: str | None = None
    reason: str = ""
    checked: Json = None
    about: Target | None = None
    evidence: Evidence | None = None  # of a correction: by what it was checked


@dataclass(frozen=True, slots=True)
class Decided:
    outcome: Outcome
    late: bool
    closed: bool  # nothing was left to carry out


def decide(
    actor: Actor,
    clock: Clock,
    reference: str,
    version: int,
    decisions: Sequence[ItemDecision],
    words: str = "",
) -> Decided:
    """Decides every item and answers. `words` are a reply of staff, shown untranslated.

    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused with one of: item_undecided, nothing_asked,
    reason_missing, bad_ground, bad_value, not_correctable, item_gone, target_missing, not_matched, plan_keeps_all,
    plan_keeps_some, activity_mandatory, takes_effect_without_decision, upload_waits, words_too_long. Each names `item`
    where it is about one.
    """
    with writing(actor, clock) as work:
        case, asked, plans = _decided(work, reference, version, decisions, words)
        outcome = outcome_of_case(Outcome(item.outcome) for item in asked if item.outcome)
        due = current_due_on(case.original_due_on, case.extended_days, case.extension_told_on)
        late = work.today > due
        answered_as = case.version
        forget_draft(work, case)
        work.session.flush()
        steps = plan_steps(work, case)
        write_answer(work, case, plans, words.strip())
        issue(work, case, Letter.ANSWER)
        issue_notices(work, case, steps)
        _tell(work, case, outcome, late, answered_as, asked)
        closed = close_if_done(work, case)
        return Decided(outcome, late, closed or case.state == CaseState.CLOSED)


class _Rehearsed(Exception):
    """Ends a rehearsal, so that nothing of it is kept."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


def rehearse(
    actor: Actor,
    clock: Clock,
    reference: str,
    version: int,
    decisions: Sequence[ItemDecision],
    words: str = "",
) -> Answer:
    """The answer that `decide` would give now, by the same rules and with the same refusals; nothing is kept of it."""
    try:
        with writing(actor, clock) as work:
            case, _asked, plans = _decided(work, reference, version, decisions, words)
            work.session.flush()
            raise _Rehearsed(write_answer(work, case, plans, words.strip()))
    except _Rehearsed as rehearsed:
        return rehearsed.answer


def _decided(
    work: Work, reference: str, version: int, decisions: Sequence[ItemDecision], words: str
) -> tuple[Case, Sequence[CaseItem], dict[CaseItem, ErasurePlan]]:
    """The case with every item decided, before anything is told."""
    case = held_case(work, reference, Act.DECIDE, version)
    asked = casebook.items_of(work.session, case.id)
    move(case, Action.DECIDE)
    if upload_way.waits(work, case.id):
        raise Refused("upload_waits")  # looking at it wipes it: nothing of an ID outlives the decision
    if len(words) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    plans = _decide_items(work, case, asked, decisions)
    outcome = outcome_of_case(Outcome(item.outcome) for item in asked if item.outcome)
    case.decided_at, case.decider_id, case.outcome = work.now, work.actor.id, outcome.value
    case.approver_id = case.approved_at = case.executed_at = None
    return case, asked, plans


def _tell(work: Work, case: Case, outcome: Outcome, late: bool, version: int, asked: Sequence[CaseItem]) -> None:
    event(work, case, EventKind.DECIDED, outcome=outcome.value, late=late)
    work.note("decide", "case", case.id, outcome=outcome.value, late=late, items=len(asked))
    to = reply_address(work, case)
    message = messages.decided(to, case.language, case.id, case.reference, version) if to else None
    if message:
        work.send(message)
    if limits_to_lift(work, case, asked):  # the answer is the notice of GDPR 18(3)
        event(work, case, EventKind.RESTRICTION_ANNOUNCED, mail=message.dedupe if message else "")


def _decide_items(
    work: Work, case: Case, asked: Sequence[CaseItem], decisions: Sequence[ItemDecision]
) -> dict[CaseItem, ErasurePlan]:
    by_item = {decision.item_id: decision for decision in decisions}
    if not asked:
        raise Refused("nothing_asked")
    if unknown := set(by_item) - {item.id for item in asked}:
        raise NotFound(str(sorted(unknown, key=str)[0]))
    plans: dict[CaseItem, ErasurePlan] = {}
    for item in asked:
        decision = by_item.get(item.id)
        if decision is None:
            raise Refused("item_undecided", item=item.id)
        plan = _decide_item(work, case, item, decision)
        if plan is not None:
            plans[item] = plan
    return plans


def _decide_item(work: Work, case: Case, item: CaseItem, decision: ItemDecision) -> ErasurePlan | None:
    kind = RequestKind(case.kind)
    if decision.outcome is not Outcome.REFUSED and kind is RequestKind.WITHDRAWAL:
        raise Refused("takes_effect_without_decision", item=item.id)
    if len(decision.reason) > MOST_WORDS:
        raise Refused("words_too_long", item=item.id, most=MOST_WORDS)
    _demand_match(case, item, decision)
    if item.target == TargetKind.WORDS and decision.about is not None:
        _pin(work, case, item, decision.about)
    plan, checked, contents = None, None, casebook.item_contents(work.vault, item)
    if decision.outcome is not Outcome.REFUSED:
        _demand_reachable(work, case, item, decision)
        if kind is RequestKind.RECTIFICATION and item.dataset is not None:
            checked = _checked(work, case, item, decision)
        if kind is RequestKind.ERASURE and item.target != TargetKind.WORDS:
            plan = _plan(work, case, item, decision.outcome)
    ground = _ground(work, case, item, decision, plan)
    item.outcome, item.ground, item.executed_at = decision.outcome.value, ground, None
    evidence = decision.evidence.value if decision.evidence and checked is not None else None
    contents.update(reason=decision.reason.strip(), checked=checked, keeps=_keeps(plan), evidence=evidence)
    casebook.set_item_contents(work.vault, item, contents)
    return plan


def _ground(work: Work, case: Case, item: CaseItem, decision: ItemDecision, plan: ErasurePlan | None) -> str | None:
    """The ground of a refusal, whole or in part; one that only the regulation knows needs its own permission. Where
    a plan keeps a part, the answer gives its reasons line by line, and more is not asked for."""
    if decision.outcome is Outcome.GRANTED:
        return None
    explained = plan is not None and plan.keeps_a_part
    if explained and not decision.ground:
        return None
    if not decision.ground or not (explained or decision.reason.strip()):
        raise Refused("reason_missing", item=item.id)
    fitting = {ground.code: ground for ground in work.policy.grounds_for(RequestKind(case.kind))}
    if decision.ground not in fitting:
        raise Refused("bad_ground", item=item.id, ground=decision.ground)
    if fitting[decision.ground].regulation_only:
        work.require(Act.REFUSE_ON_REGULATION_ONLY, subject_of(work, case))
    return decision.ground


def _demand_match(case: Case, item: CaseItem, decision: ItemDecision) -> None:
    """A request about data needs its student: else it can only be refused because we do not know who asks, or answered
    with "we keep nothing about you" (access)."""
    kind = RequestKind(case.kind)
    if case.student_id is not None or kind is RequestKind.COMPLAINT:
        return
    if decision.outcome is Outcome.REFUSED and (
        decision.ground == IDENTITY_UNCONFIRMED or kind is RequestKind.WITHDRAWAL
    ):
        return
    if decision.outcome is Outcome.GRANTED and kind is RequestKind.ACCESS:
        return
    raise Refused("not_matched", item=item.id)


def _pin(work: Work, case: Case, item: CaseItem, about: Target) -> None:
    """Ties something in own words to what it is about, so that it can be carried out."""
    policy = work.policy
    known = (
        (about.dataset is None or about.dataset in policy.datasets)
        and (about.field is None or about.field in policy.datasets[about.dataset or ""].fields)
        and (about.activity is None or about.activity in policy.activities)
        and (about.group is None or about.group in policy.groups)
    )
    if not known:
        raise Refused("target_missing", item=item.id)
    item.target, item.dataset, item.item_id = about.kind.value, about.dataset, about.item_id
    item.field, item.group, item.activity = about.field, about.group, about.activity


def _demand_reachable(work: Work, case: Case, item: CaseItem, decision: ItemDecision) -> None:
    """What is granted must exist: the record, the activity. Words alone can be granted where it is done by hand, and
    then the reason says what is done."""
    target, kind = target_of(item), RequestKind(case.kind)
    if target.kind is TargetKind.WORDS:
        if kind is RequestKind.OBJECTION:
            raise Refused("target_missing", item=item.id)
        if kind in _DONE_BY_HAND and not decision.reason.strip():
            raise Refused("reason_missing", item=item.id)
    if target.kind is TargetKind.ACTIVITY:
        activity = work.policy.activities.get(target.activity or "")
        if activity is None:
            raise Refused("target_missing", item=item.id)
        if kind is RequestKind.OBJECTION and activity.mandatory:
            raise Refused("activity_mandatory", item=item.id, activity=activity.code)
    if kind is not RequestKind.OBJECTION and case.student_id and target.item_id and not _on_record(work, case, target):
        raise Refused("item_gone", item=item.id)


def _on_record(work: Work, case: Case, target: Target) -> bool:
    assert case.student_id is not None
    assert target.item_id is not None
    return items.item(work.session, work.vault, case.student_id, target.item_id) is not None


def _checked(work: Work, case: Case, item: CaseItem, decision: ItemDecision) -> Json:
    """The right value or values, canonical (regulation, art. 9.2: correct data; GDPR 16)."""
    fields = work.policy.datasets[item.dataset or ""].fields
    if item.field is not None:
        return _canonical(work, item, fields[item.field], decision.checked)
    if not isinstance(decision.checked, Mapping) or not decision.checked:
        raise Refused("bad_value", item=item.id, field=None, reason="required")
    unknown = [code for code in decision.checked if code not in fields]
    if unknown:
        raise Refused("bad_value", item=item.id, field=unknown[0], reason="unknown_field")
    return {code: _canonical(work, item, fields[code], value) for code, value in decision.checked.items()}


def _canonical(work: Work, item: CaseItem, field: Field, value: Json) -> Json:
    """One value as the field's libraries read it; "" takes an optional value out."""
    if not field.correctable or field.type is FieldType.IMAGE:
        raise Refused("not_correctable", item=item.id, field=field.code)
    if value is None or not isinstance(value, str | int | float | bool):
        raise Refused("bad_value", item=item.id, field=field.code, reason="required")
    try:
        return parse_value(field, cell_text(value), today=work.today)
    except BadValue as fault:
        raise Refused("bad_value", item=item.id, field=field.code, reason=fault.code) from fault


def _plan(work: Work, case: Case, item: CaseItem, outcome: Outcome) -> ErasurePlan:
    """What erasing does today, which the outcome fits."""
    assert case.student_id is not None
    plan = plan_for(work, case.student_id, [target_of(item)])
    if outcome in plan.rules_out:
        raise Refused("plan_keeps_all" if plan.keeps_everything else "plan_keeps_some", item=item.id)
    return plan


def _keeps(plan: ErasurePlan | None) -> Json:
    """What stays of an erased item, in short: codes and dates only."""
    if plan is None:
        return None
    return [
        {
            "dataset": line.item.dataset,
            "field": line.item.field,
            "verdict": line.verdict.value,
            "why": line.why.value,
            "until": line.until.isoformat() if line.until else None,
        }
        for line in plan.lines
        if line.verdict is not Verdict.ERASE
    ]
