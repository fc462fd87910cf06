"""Erasing as a list of named steps, each of which may run again; a crash goes on after the last one that ended.

A step and the mark that it ended are one transaction; what lies outside it (keys, the write-ahead log) comes before the
mark and does nothing the second time. Another step is a line in `STEPS` at its place.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import defer
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.erasure_plan import ErasurePlan
from portal.domain.events import EventKind
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.vocabulary import ActorKind, StepKind, StepState
from portal.records import casebook, cleaning, items
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure, TermEnd
from portal.records.tables.people import Record
from portal.services import change_lines, erase_items, erasure_ledger, going_whole
from portal.services.casework import event
from portal.services.close_case import close_if_done
from portal.services.doomed import Doomed, doomed_by, doomed_classes
from portal.services.reindex import reindex
from portal.services.steps import ERASE, open_steps
from portal.services.targets import granted
from portal.services.unit import Work, reading, writing

WAITING, RUNNING, DONE, STOPPED = "waiting", "running", "done", "stopped"
REQUEST, RETENTION = "request", "retention"


class Act(Protocol):
    def __call__(self, work: Work, erasure: Erasure, doomed: Doomed, /) -> Doomed | None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """`run` works in the unit that marks the step; `apart` comes before it, outside any transaction."""

    name: str
    run: Act | None = None
    apart: Callable[[], None] | None = None


def begin(work: Work, erasure: Erasure, plan: ErasurePlan | frozenset[str], held: Sequence[items.Item] = ()) -> None:
    """Logs the intent: what goes is fixed, remembered for later imports and listed for the student administration.

    `plan`: value by value, or the retention classes of which nothing is kept by anybody. `held`: the student's items,
    where the caller has read them in this unit.
    """
    doomed, held = _what_goes(work, erasure.student_id, plan, held)
    erase_items.bury(work, erasure.student_id, doomed.graves)
    change_lines.list_erased(work, erasure, held, doomed)
    erasure.state, erasure.begun_at, erasure.by_id, erasure.step = RUNNING, work.now, work.actor.id, INTENT
    erasure.plan = doomed.as_text()
    work.note("begin_erasure", *_about(erasure), erasure=str(erasure.id), cause=erasure.cause)
    work.session.flush()


def _what_goes(
    work: Work, student_id: UUID, plan: ErasurePlan | frozenset[str], held: Sequence[items.Item]
) -> tuple[Doomed, Sequence[items.Item]]:
    """With the items that were opened to know it: all of them, or few where nothing of the student stays."""
    if not isinstance(plan, ErasurePlan) and going_whole.goes_whole(work, student_id, plan):
        return going_whole.planned(work, student_id)
    held = held or items.items_of(work.session, work.vault, student_id)
    if isinstance(plan, ErasurePlan):
        doomed = doomed_by(work.policy, plan, held)
    else:
        doomed = doomed_classes(work.policy, plan, held)
    return replace(doomed, graves=erase_items.graves(work, held, doomed)), held


def new_erasure(work: Work, student_id: UUID, cause: str, not_before: datetime, **more: object) -> Erasure:
    erasure = Erasure(
        id=uuid7(),
        student_id=student_id,
        cause=cause,
        state=WAITING,
        not_before=not_before,
        plan=json.dumps({}),
        created_at=work.now,
        **more,
    )
    work.session.add(erasure)
    work.session.flush()
    return erasure


# --- the steps


def _ledger(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    erasure_ledger.remember(work, erasure, doomed)


def _keys(work: Work, erasure: Erasure, doomed: Doomed) -> Doomed:
    return erase_items.destroy_keys(work, erasure.student_id, doomed)


def _rows(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    erase_items.remove_rows(work, erasure.student_id, doomed)


def _files(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    erase_items.remove_files(work, erasure.student_id, doomed)


def _older_keys(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    erase_items.destroy_older_keys(work, erasure.student_id, doomed)


def _lookups(work: Work, erasure: Erasure, _doomed: Doomed) -> None:
    reindex(work, erasure.student_id)


def _traces(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    erase_items.remove_traces(work, erasure.student_id, doomed)


def _clean() -> None:
    for bind in cleaning.VACUUM:
        cleaning.clean(db.engines[bind or None], bind)


def _done(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    """The done entry; a request's own step is finished by it, and the case with its last step."""
    if erasure.cause == REQUEST and erasure.case_id is not None:
        _finish_case(work, erasure)
    for ended in work.session.execute(select(TermEnd).where(TermEnd.erasure_id == erasure.id)).scalars():
        left = select(Record.id).where(Record.student_id == erasure.student_id, Record.retention == ended.retention)
        if work.session.execute(left.limit(1)).first() is None:
            ended.done_at = work.now
    kind, about = _about(erasure)
    work.note("erased", kind, about, erasure=str(erasure.id), **counts_of(doomed))


def _finish_case(work: Work, erasure: Erasure) -> None:
    case = work.session.execute(select(Case).where(Case.id == erasure.case_id).with_for_update()).scalar_one()
    own = open_steps(casebook.steps_of(work.session, case.id), ERASE, StepKind.OWN)
    for step in own:
        step.state, step.by_id, step.at = StepState.DONE.value, erasure.by_id, work.now
    if own:
        for item in granted(casebook.items_of(work.session, case.id)):
            item.executed_at = work.now
        event(work, case, EventKind.ERASED)
        work.note("carry_out", "case", case.id, task=ERASE)
    work.session.flush()
    close_if_done(work, case)


def _certificate(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    """What was done, for whoever asks later: numbers and moments, nothing of a person."""
    erasure.state, erasure.ended_at = DONE, work.now
    erasure.certificate = json.dumps(
        {
            "number": f"W-{work.today.year}-{secrets.randbelow(10**7):07}",
            "cause": erasure.cause,
            "begun": (erasure.begun_at or work.now).isoformat(),
            "ended": work.now.isoformat(),
            "steps": [step.name for step in STEPS],
            **counts_of(doomed),
        }
    )
    work.note("certify_erasure", *_about(erasure), erasure=str(erasure.id))


INTENT = "intent"  # logged by `begin`, in the transaction in which somebody carries it out
LEDGER = "ledger"  # written down outside the databases, so that no backup brings it back
STEPS: Sequence[Step] = (
    Step(LEDGER, _ledger),
    Step("keys", _keys),
    Step("rows", _rows),
    Step("files", _files),
    Step("older_keys", _older_keys),
    Step("lookups", _lookups),
    Step("traces", _traces),  # bodies of mails, copies, sessions
    Step("cleaning", apart=_clean),
    Step("done", _done),
    Step("certificate", _certificate),
)


# --- running them


class Known(NamedTuple):
    """The plan as it was when that step had ended: a plan of thousands is read once, and again where somebody else has
    done a step meanwhile."""

    step: str
    doomed: Doomed


def run(clock: Clock, erasure_id: UUID) -> bool:
    """Runs the steps that are left; whether the erasure is done. False where a step must be tried again later.

    Two who run the same erasure at once do each step once: the second finds it marked.
    """
    known = None
    while step := _next(clock, erasure_id):
        try:
            known = _do(clock, erasure_id, step, known)
        except cleaning.StillRead:
            return False
    return True


def _next(clock: Clock, erasure_id: UUID) -> Step | None:
    with reading(SYSTEM, clock) as work:
        state, step = work.session.execute(select(Erasure.state, Erasure.step).where(Erasure.id == erasure_id)).one()
        return after(step) if state == RUNNING else None


def after(name: str | None) -> Step | None:
    """The step that follows the one of this name."""
    names = [INTENT, *(step.name for step in STEPS)]
    place = names.index(name) if name in names else 0
    return STEPS[place] if place < len(STEPS) else None


def _do(clock: Clock, erasure_id: UUID, step: Step, known: Known | None) -> Known | None:
    """Does a step, unless somebody else did; what is known of the plan after it. `known`: after the step before."""
    if step.apart is not None:
        step.apart()
    with writing(SYSTEM, clock) as work:
        erasure = work.session.execute(
            select(Erasure).where(Erasure.id == erasure_id).options(defer(Erasure.plan)).with_for_update(),
            execution_options={"populate_existing": True},
        ).scalar_one()
        if erasure.state != RUNNING or after(erasure.step) is not step:
            return None
        work.actor = _who(erasure)
        doomed = known.doomed if known and known.step == erasure.step else _plan_of(work, erasure_id)
        changed = step.run(work, erasure, doomed) if step.run else None
        if changed is not None and changed is not doomed:
            doomed, erasure.plan = changed, changed.as_text()
        erasure.step = step.name
    return Known(step.name, doomed)


def _plan_of(work: Work, erasure_id: UUID) -> Doomed:
    return Doomed.from_text(work.session.execute(select(Erasure.plan).where(Erasure.id == erasure_id)).scalar_one())


def _who(erasure: Erasure) -> Actor:
    """Whoever carried it out, as far as the log and the timeline name them; nothing is allowed by it."""
    return Actor(ActorKind.STAFF, id=erasure.by_id) if erasure.by_id else SYSTEM


def _about(erasure: Erasure) -> tuple[str, UUID | None]:
    """What the log's entries are about: the case, else nobody; an entry about the student would make a key anew."""
    return ("case", erasure.case_id) if erasure.case_id else ("installation", None)


def counts_of(doomed: Doomed) -> dict[str, int]:
    """How much goes, in numbers only."""
    return {
        "values": doomed.values,
        "records": len(doomed.records),
        "files": len(doomed.files),
        "classes": len(doomed.whole),
    }
