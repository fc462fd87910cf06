"""Carry out a decision: the portal's own step, and the steps that staff finish at holders and recipients.

Nothing is carried out below the level of identity it asks for, nor an erasure without its second person. The portal's
own step may be interrupted anywhere and carried out again. An erasure waits until the student has had time to think it
over; then it runs by its own steps (`portal.services.erasing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Found, Letter, RequestKind, StepKind, StepState
from portal.records import casebook, items, limits
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.people import Branch, Limit
from portal.services import change_lines, erasing
from portal.services.address_change import demand_settled
from portal.services.casework import NotFound, event, move, subject_of
from portal.services.close_case import close_if_done, keep_address
from portal.services.correct_email import correct_email
from portal.services.erasures import demand_thought_over, of_case
from portal.services.export import build_export
from portal.services.held_case import held_case
from portal.services.identity import demand_level
from portal.services.in_clear import mirror
from portal.services.issue_letter import issue
from portal.services.limits_of_processing import place_objection, place_restriction
from portal.services.plan_erasure import plan_for
from portal.services.reindex import reindex
from portal.services.reviewed import images_of, unreviewed
from portal.services.steps import (
    CORRECT,
    ERASE,
    LIFT,
    OFFER,
    POST,
    RELEASE,
    RESTRICT,
    SEARCH,
    STOP,
    TELL,
    open_steps,
)
from portal.services.targets import granted, target_of
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json

CARRIED_OUT = frozenset({CORRECT, ERASE, RESTRICT, STOP, RELEASE})  # of the portal's own; the others wait for somebody
EMAIL, BRANCH = ("person", "email"), ("person", "branch")  # whoever reads the one may sign in, or see the file
NEED_NO_LEVEL = frozenset({SEARCH, POST, LIFT, OFFER})
MOST_WORDS = 10_000


def carry_out(actor: Actor, clock: Clock, reference: str, version: int) -> None:
    """Carries out what the portal does itself: writes checked values, erases, restricts, stops, releases the copy.

    Raises NotFound, NotAllowed (approval_missing among its codes), ChangedMeanwhile, NotPossible, and Refused:
    nothing_to_carry_out, identity_needed (level), search_open (count), review_open (count), item_gone (item),
    address_change_pending (until), address_change_stopped, not_both_branches, not_told, cooling_off (until). A new mail
    address from afar is set going and then answered with address_change_pending: what is left is done once it is on
    file.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CARRY_OUT_STEP, version)
        move(case, Action.CARRY_OUT_STEP)
        waiting = _own_open(work, case)
        if not waiting:
            raise Refused("nothing_to_carry_out")
        demand_level(work, case)
        going = granted(casebook.items_of(work.session, case.id))
        corrects = any(step.task == CORRECT for step in waiting)
        until = [_first_stroke(work, case, step, going) for step in waiting]
        close_if_done(work, case)
        student_id, erasure = case.student_id, of_case(work, case.id)
        erasure_id = erasure.id if erasure is not None and erasure.state == erasing.RUNNING else None
    if erasure_id is not None:
        erasing.run(clock, erasure_id)
    elif corrects and student_id is not None:
        with reading(actor, clock) as work:
            reindex(work, student_id)
        if address_on := max(filter(None, until), default=None):
            raise Refused("address_change_pending", until=address_on)
        _second_stroke(actor, clock, reference)


def _own_open(work: Work, case: Case) -> list[CaseStep]:
    steps = open_steps(casebook.steps_of(work.session, case.id), kind=StepKind.OWN)
    return [step for step in steps if step.task in CARRIED_OUT]


def _first_stroke(work: Work, case: Case, step: CaseStep, going: Sequence[CaseItem]) -> date | None:
    """The day on which the rest of it can be done, where that is not now."""
    match step.task:
        case "correct":
            return _correct(work, case, going)
        case "erase":
            _begin_erasure(work, case, going)
        case "restrict":
            assert case.student_id is not None
            held = items.items_of(work.session, work.vault, case.student_id)
            for item in going:
                place_restriction(work, case, target_of(item), provisional=False)
            change_lines.list_restricted(work, case, held, going)
            _finish(work, case, step, going)
        case "stop":
            for item in going:
                place_objection(work, case, target_of(item), provisional=False)
            _finish(work, case, step, going)
        case "release":
            _release(work, case, step, going)
        case _:
            raise AssertionError(step.task)
    return None


def _begin_erasure(work: Work, case: Case, going: Sequence[CaseItem]) -> None:
    """Logs the intent, once; what was begun is gone on with."""
    work.require(Act.CARRY_OUT_ERASURE, subject_of(work, case))
    assert case.student_id is not None
    erasure = demand_thought_over(work, case)
    if erasure.state == erasing.RUNNING:
        return
    demand_settled(work, case.student_id)
    keep_address(work, case)
    held = items.items_of(work.session, work.vault, case.student_id)
    plan = plan_for(work, case.student_id, [target_of(item) for item in going], held)
    erasing.begin(work, erasure, plan, held)


def _second_stroke(actor: Actor, clock: Clock, reference: str) -> None:
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CARRY_OUT_STEP)
        going = granted(casebook.items_of(work.session, case.id))
        for step in _own_open(work, case):
            if step.task == CORRECT:
                event(work, case, EventKind.CORRECTED)
                _finish(work, case, step, going)
        close_if_done(work, case)


def _finish(work: Work, case: Case, step: CaseStep, going: Iterable[CaseItem]) -> None:
    step.state, step.by_id, step.at = StepState.DONE.value, work.actor.id, work.now
    for item in going:
        item.executed_at = work.now
    if step.task in (STOP, RELEASE):
        kind = EventKind.ANSWER_RELEASED if step.task == RELEASE else EventKind.STEP_DONE
        event(work, case, kind, task=step.task)
    work.note("carry_out", "case", case.id, task=step.task)
    work.session.flush()


def _release(work: Work, case: Case, step: CaseStep, going: Sequence[CaseItem]) -> None:
    """No release while a holder outside is unanswered (regulation, art. 9.1), or a picture is not looked at."""
    work.require(Act.RELEASE_ANSWER, subject_of(work, case))
    unanswered = open_steps(casebook.steps_of(work.session, case.id), SEARCH)
    if unanswered:
        raise Refused("search_open", count=len(unanswered))
    if waiting := unreviewed(work, case):
        raise Refused("review_open", count=waiting)
    document = build_export(work, case)
    _finish(work, case, step, going)
    searches = [{**each, "pages": []} for each in document.get("searches", ())]
    issue(work, case, Letter.COPY, facts=document.get("about"), searches=searches)


def _correct(work: Work, case: Case, going: Sequence[CaseItem]) -> date | None:
    """Writes the checked values and ends what was set aside while they were checked. A new mail address may have to
    wait until the day that is returned, and all that was set aside with it."""
    assert case.student_id is not None
    until = None
    for item in going:
        checked = casebook.item_contents(work.vault, item).get("checked")
        if item.item_id is None or item.dataset is None:
            continue
        for code, value in _changes(item, checked).items():
            held = items.item(work.session, work.vault, case.student_id, item.item_id)
            if held is None:
                raise Refused("item_gone", item=item.id)
            if (item.dataset, code) == BRANCH:
                _demand_both_branches(work, str(value))
            if (item.dataset, code) == EMAIL:
                until = correct_email(work, case, value)
                if until is not None or _was_listed(work, case, code):
                    continue
            elif held.values.get(code) == value and any(code in part.imported for part in held.parts):
                continue  # written by an earlier press
            retention = work.policy.field(item.dataset, code).retention
            everything = items.items_of(work.session, work.vault, case.student_id)
            change_lines.list_corrected(work, case, everything, held, code, value)
            if (item.dataset, code) != EMAIL:
                items.change_value(work.session, work.vault, held, code, value, retention, work.now)
                mirror(work, case.student_id, item.dataset, code, value)
    if until is None and limits.end(_meanwhile_of(work, case, going), work.now):
        event(work, case, EventKind.RESTRICTION_LIFTED)
    return until


def _was_listed(work: Work, case: Case, code: str) -> bool:
    """Whether the administration was told since the decision: a new address takes more than one press."""
    listed = select(ChangeLine.id).where(ChangeLine.case_id == case.id, ChangeLine.field == code)
    return work.session.execute(listed.where(ChangeLine.created_at >= case.decided_at)).first() is not None


def _demand_both_branches(work: Work, code: str) -> None:
    """Nothing, or Refused("not_both_branches"): a student moves by the hand of somebody who works for both."""
    branch_id = work.session.execute(select(Branch.id).where(Branch.code == code)).scalar()
    if work.actor.is_staff and branch_id and not scope_of(work.actor, Act.MANAGE_STUDENT).holds(branch_id):
        raise Refused("not_both_branches")


def _changes(item: CaseItem, checked: Json) -> dict[str, Json]:
    if item.field is not None:
        return {item.field: checked}
    return dict(checked) if isinstance(checked, dict) else {}


def _meanwhile_of(work: Work, case: Case, going: Iterable[CaseItem]) -> list[Limit]:
    records = {(item.item_id, item.field) for item in going}
    return [
        limit
        for limit in limits.of_case(work.session, case.id, provisional=True)
        if (limit.item_id, limit.field) in records
    ]


def finish_step(
    actor: Actor,
    clock: Clock,
    reference: str,
    step_id: UUID,
    state: StepState,
    note: str,
    reason: str = "",
    found: Found | None = None,
) -> None:
    """A step at a holder, a recipient or an activity is done, or impossible and why.

    `note` says what was found or done; it is required for a search, for a recipient that was told (GDPR 19: what, how
    and when) and for what is impossible (regulation, art. 9.6), where `reason`, a code of the policy's reasons, may
    stand for it. `found` says what a search came to; without it the note does. Raises NotFound, NotAllowed,
    NotPossible, and Refused: step_finished, own_step, bad_state, scan_missing, reason_missing and proof_missing (step),
    bad_reason, identity_needed (level), approval_missing, words_too_long (most).
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.CARRY_OUT_STEP)
        step = next((each for each in casebook.steps_of(work.session, case.id) if each.id == step_id), None)
        if step is None:
            raise NotFound(str(step_id))
        move(case, Action.CARRY_OUT_STEP)
        if found is not None and (step.task != SEARCH or state is not StepState.DONE):
            found = None
        text = _note(work, step, state, note, reason, found)
        if found is Found.COPY and not any(image.step_id == step.id for image in images_of(work, case)):
            raise Refused("scan_missing")
        _demand_allowed(work, case, step, state)
        step.state, step.by_id, step.at = state.value, actor.id, work.now
        contents = {"note": text, "reason": reason, "found": found.value if found else ""}
        casebook.set_step_contents(work.vault, step, contents)
        change_lines.end_with_step(work, case, step, state)
        event(work, case, _event_of(step, state), task=step.task, target=step.target)
        work.note("finish_step", "case", case.id, task=step.task, target=step.target, state=state.value)
        work.session.flush()
        close_if_done(work, case)


def _note(work: Work, step: CaseStep, state: StepState, note: str, reason: str, found: Found | None) -> str:
    if state is StepState.OPEN:
        raise Refused("bad_state")
    if step.state != StepState.OPEN.value:
        raise Refused("step_finished")
    text = note.strip()
    if len(text) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    if reason:
        known = work.policy.reasons.get(reason)
        if known is None or known.use != "step_impossible":
            raise Refused("bad_reason", reason=reason)
        text = text or known.label
    if not text and (state is StepState.IMPOSSIBLE or (step.task == SEARCH and found is None)):
        raise Refused("reason_missing", step=step.id)
    if not text and step.kind == StepKind.RECIPIENT.value:
        raise Refused("proof_missing", step=step.id)
    return text


def _demand_allowed(work: Work, case: Case, step: CaseStep, state: StepState) -> None:
    if state is StepState.IMPOSSIBLE:
        if step.task == ERASE and step.kind == StepKind.OWN.value:
            work.require(Act.CARRY_OUT_ERASURE, subject_of(work, case))
        return
    if step.kind == StepKind.OWN.value:
        raise Refused("own_step")
    if step.task not in NEED_NO_LEVEL and case.kind != RequestKind.WITHDRAWAL:
        demand_level(work, case)
    if case.kind == RequestKind.ERASURE and step.task in (ERASE, TELL):
        if case.approver_id is None:
            raise Refused("approval_missing")
        demand_thought_over(work, case)


def _event_of(step: CaseStep, state: StepState) -> EventKind:
    if state is StepState.IMPOSSIBLE:
        return EventKind.STEP_IMPOSSIBLE
    return EventKind.RECIPIENT_TOLD if step.kind == StepKind.RECIPIENT.value else EventKind.STEP_DONE
