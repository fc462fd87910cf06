"""Write the answer of a case once, when it is decided; read the same answer as long as the case is kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from markupsafe import Markup

from portal.domain import assurance
from portal.domain.clock import current_due_on, receipt_date
from portal.domain.erasure_plan import ErasurePlan, PlanLine, Verdict
from portal.domain.rights import right
from portal.domain.vocabulary import ActorKind, Level, Outcome, RequestKind, Role, StepKind, TargetKind
from portal.letters import wording
from portal.letters.answer import (
    Answer,
    AnsweredItem,
    Erased,
    Kept,
    Named,
    Progress,
    Route,
    Value,
    as_json,
    from_json,
)
from portal.letters.render import render_answer
from portal.policy.model import Field, Policy
from portal.records import casebook, items
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.services.assurance_of import level_now
from portal.services.steps import OFFER, STOP, concerned_recipients, limits_to_lift
from portal.services.targets import granted, right_value
from portal.services.unit import Work
from portal.vault.envelope import Json

KEY = "answer"  # in the case's sealed contents
EARLIER = "earlier_answers"


def write_answer(work: Work, case: Case, plans: dict[CaseItem, ErasurePlan] | None = None, reply: str = "") -> Answer:
    """Fixes the answer as the case stands now, sealed under the case's own key; one given before is kept behind it."""
    answer = build_answer(work, case, plans or {}, reply)
    contents = casebook.contents(work.vault, case)
    if KEY in contents:
        contents[EARLIER] = [*contents.get(EARLIER, ()), contents[KEY]]
    contents[KEY] = as_json(answer)
    casebook.set_contents(work.vault, case, contents)
    return answer


def has_answer(work: Work, case: Case) -> bool:
    return KEY in casebook.contents(work.vault, case)


def answer_of(work: Work, case: Case) -> Answer | None:
    """The written answer with how far it is carried out, as the actor may read it; None while there is none.

    A withdrawal is confirmed without a decision; until its case closes the confirmation is made afresh.

    Values are left out below the level that shows them; whoever holds only the case code reads none (ux.md, rule 12).
    """
    if case.decided_at is None:
        return None
    stored = casebook.contents(work.vault, case).get(KEY)
    if stored is None and case.kind != RequestKind.WITHDRAWAL:
        return None  # the case's own term has ended
    answer = (from_json(stored) if stored else build_answer(work, case, {}, "")).shown_at(_level_of_reader(work, case))
    return with_progress(work, case, answer)


def given_answer(work: Work, case: Case) -> Answer | None:
    """The answer as it was fixed, with every value: for the letters that tell it."""
    stored = casebook.contents(work.vault, case).get(KEY)
    return from_json(stored) if stored else None


def with_progress(work: Work, case: Case, answer: Answer) -> Answer:
    """The answer with how far it is carried out."""
    steps = casebook.steps_of(work.session, case.id)
    progress = tuple(_progress(work, step) for step in steps)
    done_on = receipt_date(case.executed_at) if case.executed_at else None
    return replace(answer, progress=progress, done_on=done_on)


def answer_html(answer: Answer, language: str, policy: Policy) -> Markup:
    """The answer as HTML: in the reader's language, the binding Dutch below it. Safe markup of our own templates."""
    return render_answer(answer, language, policy)


def _level_of_reader(work: Work, case: Case) -> Level:
    actor = work.actor
    if actor.is_staff:
        return Level.SECOND_CHANNEL
    if actor.kind is ActorKind.SYSTEM:
        return Level(case.assured_level)
    if actor.kind in {ActorKind.STUDENT, ActorKind.REPRESENTATIVE}:
        return level_now(work)
    return Level.NONE


# --- building ---------------------------------------------------------------------------------------------------------


def build_answer(
    work: Work, case: Case, plans: dict[CaseItem, ErasurePlan], reply: str, asked: Sequence[CaseItem] | None = None
) -> Answer:
    """The case as it stands, decided or not; `write_answer` fixes it. `asked`: its items, where they were read."""
    kind, policy = RequestKind(case.kind), work.policy
    asked = casebook.items_of(work.session, case.id) if asked is None else asked
    going = asked if kind is RequestKind.WITHDRAWAL else granted(asked)
    told = concerned_recipients(work, case, going) if case.student_id and going else []
    described = right(kind)
    answered_on = receipt_date(case.decided_at) if case.decided_at else work.today
    return Answer(
        reference=case.reference,
        kind=kind.value,
        gdpr=described.gdpr,
        regulation=described.regulation,
        received_on=case.received_on,
        answer_by=current_due_on(case.original_due_on, case.extended_days, case.extension_told_on),
        answered_on=answered_on,
        extended_days=case.extended_days,
        extension_reason=policy.reasons[case.extension_reason].label if case.extension_reason else "",
        outcome=case.outcome,
        language=case.language,
        words=str(casebook.contents(work.vault, case).get("words", "")),
        reply=reply,
        items=tuple(_item(work, case, item, plans.get(item)) for item in asked),
        recipients=tuple(Named(code, policy.recipients[code].name) for code in told)
        if kind in _NAMES_RECIPIENTS
        else (),
        holders=tuple(Named(each.code, each.label) for each in policy.holders.values() if not each.portal)
        if going and kind in _AT_HOLDERS
        else (),
        signed_by=policy.roles.names[_signing_role(work)],
        school=policy.controller.name,
        contact=policy.controller.contact_name,
        contact_email=policy.controller.contact_email,
        contact_phone=policy.controller.contact_phone,
        routes=tuple(Route(each.code, each.name, each.how, each.website) for each in policy.authorities.values()),
        nothing_held=kind is RequestKind.ACCESS and case.student_id is None and bool(going),
        lifted_after=bool(limits_to_lift(work, case, asked)),
    )


_NAMES_RECIPIENTS = frozenset(
    {
        RequestKind.RECTIFICATION,
        RequestKind.ERASURE,
        RequestKind.RESTRICTION,
        RequestKind.OBJECTION,
        RequestKind.WITHDRAWAL,
    }
)
_AT_HOLDERS = frozenset({RequestKind.ACCESS, RequestKind.RECTIFICATION, RequestKind.ERASURE, RequestKind.RESTRICTION})
_SIGNING = (Role.DIRECTOR, Role.PRIVACY_OFFICER, Role.CASE_HANDLER)


def _signing_role(work: Work) -> Role:
    """As whom the actor signs: the weightiest of the roles held; the portal itself signs for the privacy officer."""
    return next((role for role in _SIGNING if role in work.actor.roles), Role.PRIVACY_OFFICER)


def _item(work: Work, case: Case, item: CaseItem, plan: ErasurePlan | None) -> AnsweredItem:
    policy = work.policy
    contents = casebook.item_contents(work.vault, item)
    ground = policy.grounds.get(item.ground or "")
    activity = policy.activities.get(item.activity or "")
    return AnsweredItem(
        subject=subject_of_item(policy, item),
        which=_which(work, case, item),
        words=str(contents.get("words") or ""),
        asked=_values(policy, item, contents.get("asked")),
        outcome=item.outcome,
        ground=ground.label if ground else "",
        article=ground.article if ground else "",
        explanation=ground.explanation if ground else "",
        reason=str(contents.get("reason") or ""),
        changed=_values(policy, item, right_value(case.kind, item, contents)),
        erased=erased_lines(policy, plan) if plan else (),
        kept=kept_lines(policy, plan) if plan else (),
        code=ground.code if ground else "",
        continues=activity.continues if activity else "",
        consequence=activity.consequence if activity and item.outcome != Outcome.REFUSED else "",
    )


def subject_of_item(policy: Policy, item: CaseItem) -> tuple[str, ...]:
    """What an item is about, as labels of the catalogue from the general to the particular; never a value."""
    match TargetKind(item.target):
        case TargetKind.EVERYTHING:
            return (wording.ALL_DATA,)
        case TargetKind.GROUP:
            group = policy.groups.get(item.group or 0, policy.own_section)
            return (group.label,)
        case TargetKind.RECORD:
            return (policy.datasets[item.dataset or ""].label,)
        case TargetKind.FIELD:
            dataset = policy.datasets[item.dataset or ""]
            return (dataset.label, dataset.fields[item.field or ""].label)
        case TargetKind.ACTIVITY:
            return (policy.activities[item.activity or ""].label,)
        case TargetKind.WORDS:
            return (wording.OWN_WORDS,)


def _which(work: Work, case: Case, item: CaseItem) -> tuple[Value, ...]:
    """What tells this record from others of its kind; nothing where a student has at most one."""
    if case.student_id is None or item.item_id is None or item.dataset is None:
        return ()
    dataset = work.policy.datasets[item.dataset]
    record = items.item(work.session, work.vault, case.student_id, item.item_id) if dataset.many else None
    if record is None:
        return ()
    return tuple(_value(dataset.fields[code], record.values[code]) for code in dataset.title if record.values.get(code))


def _values(policy: Policy, item: CaseItem, stored: Json) -> tuple[Value, ...]:
    """One value for a field, several where a whole record is corrected (then `stored` maps fields to values)."""
    if item.dataset is None or stored is None:
        return ()
    fields = policy.datasets[item.dataset].fields
    if item.field:
        return (_value(fields[item.field], stored),)
    if isinstance(stored, dict):
        return tuple(_value(fields[code], value) for code, value in stored.items() if code in fields)
    return ()


def _value(field: Field, value: Json) -> Value:
    needed = assurance.needed_to_show(field.level, field.sensitivity)
    return Value(field.dataset, field.code, field.label, value, int(needed))


def erased_lines(policy: Policy, plan: ErasurePlan) -> tuple[Erased, ...]:
    """What goes, put together where data set and reason are the same."""
    found: dict[tuple[str, str], list[PlanLine]] = {}
    for line in plan.of(Verdict.ERASE):
        found.setdefault((line.item.dataset, line.why), []).append(line)
    return tuple(
        Erased(
            policy.datasets[dataset].label_plural, _labels(policy, lines), _records(lines), wording.PLAN[lines[0].why]
        )
        for (dataset, _), lines in found.items()
    )


def kept_lines(policy: Policy, plan: ErasurePlan) -> tuple[Kept, ...]:
    """What stays, put together where data set, reason, law and date are the same."""
    found: dict[tuple[object, ...], list[PlanLine]] = {}
    for line in plan.lines:
        if line.verdict is not Verdict.ERASE:
            key = (line.item.dataset, line.verdict, line.why, line.law, line.activity, line.until)
            found.setdefault(key, []).append(line)
    return tuple(_kept_line(policy, lines) for lines in found.values())


def _kept_line(policy: Policy, lines: Sequence[PlanLine]) -> Kept:
    first = lines[0]
    activity = policy.activities.get(first.activity)
    return Kept(
        dataset=policy.datasets[first.item.dataset].label_plural,
        fields=_labels(policy, lines),
        records=_records(lines),
        verdict=first.verdict.value,
        why=wording.PLAN[first.why],
        article=wording.ARTICLES[first.article],
        law=first.law,
        activity=activity.label if activity else "",
        until=first.until,
    )


def _labels(policy: Policy, lines: Iterable[PlanLine]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(policy.field(line.item.dataset, line.item.field).label for line in lines))


def _records(lines: Iterable[PlanLine]) -> int:
    return len({line.item.record_id for line in lines})


def _progress(work: Work, step: CaseStep) -> Progress:
    """What a step says to the student; what a search found is told in the export, not here."""
    note = str(casebook.step_contents(work.vault, step).get("note", "")) if step.state == "impossible" else ""
    return Progress(
        task=step.task,
        kind=step.kind,
        target=step.target,
        label=_label_of(work.policy, step),
        state=step.state,
        on=receipt_date(step.at) if step.at else None,
        note=note,
    )


def _label_of(policy: Policy, step: CaseStep) -> str:
    match StepKind(step.kind):
        case StepKind.HOLDER:
            return policy.holders[step.target].label if step.target in policy.holders else step.target
        case StepKind.RECIPIENT:
            return policy.recipients[step.target].name if step.target in policy.recipients else step.target
        case StepKind.ACTIVITY:
            assert step.task in (STOP, OFFER)
            return policy.activities[step.target].label if step.target in policy.activities else step.target
        case StepKind.OWN:
            return wording.THIS_PORTAL
