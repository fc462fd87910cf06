"""The change list for the school's student administration: what was corrected, restricted or erased here, so that its
next export does not undo it (regulation, art. 7).

Each line is sealed under a key of its own case or erasure, which is destroyed when the last line is confirmed: what
names a student is kept no longer than the administration needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from portal.domain.vocabulary import StepKind, StepState, TargetKind
from portal.policy.model import Policy
from portal.records import casebook
from portal.records.items import Item
from portal.records.tables.cases import Case, CaseItem, CaseStep
from portal.records.tables.erasure import ChangeLine, Erasure
from portal.records.tables.people import Student
from portal.services import erase_items
from portal.services.doomed import Doomed
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded

CLASS, FINDING = erase_items.CHANGES, erase_items.FINDING
CORRECTED, RESTRICTED, ERASED = "corrected", "restricted", "erased"
OPEN, APPLIED, IMPOSSIBLE = "open", "applied", "impossible"
_BECOMES = {StepState.DONE: APPLIED, StepState.IMPOSSIBLE: IMPOSSIBLE}


def place(line_id: UUID) -> Place:
    return Place("change_line", "sealed", line_id)


def holder_of(line: ChangeLine) -> Holder:
    if line.case_id is not None:
        return Holder.case(line.case_id)
    if line.finding_id is not None:
        return Holder(FINDING, line.finding_id)
    assert line.erasure_id is not None
    return Holder("erasure", line.erasure_id)


def contents(work: Work, line: ChangeLine) -> dict[str, Json]:
    """{"student_number", "record", "value"}; nothing once the last line of its case is confirmed."""
    if line.sealed is None:
        return {}
    try:
        found: dict[str, Json] = work.vault.open(holder_of(line), CLASS, place(line.id), line.sealed)
    except Shredded:
        return {}
    return found


def administration(policy: Policy) -> str | None:
    """The code of the holder whose exports are imported."""
    return next((holder.code for holder in policy.holders.values() if holder.exports), None)


# --- writing lines


def list_erased(work: Work, erasure: Erasure, held: Sequence[Item], doomed: Doomed) -> None:
    """One line for a whole student, else for each record or value that goes."""
    number = erase_items.student_number(held)
    add = partial(_add, work, erasure.student_id, ERASED, number, case_id=erasure.case_id, erasure_id=erasure.id)
    if doomed.everything:
        add()
        return
    for record in held:
        key = _record_names(work.policy, record)
        if record.id in doomed.records:
            add(record.dataset, None, key)
        else:
            for code in sorted(doomed.fields.get(record.id, ())):
                add(record.dataset, code, key)


def list_corrected(work: Work, case: Case, held: Sequence[Item], record: Item, code: str, value: Json) -> None:
    assert case.student_id is not None
    number, key = erase_items.student_number(held), _record_names(work.policy, record)
    _add(work, case.student_id, CORRECTED, number, record.dataset, code, key, value, case_id=case.id)


def list_kept(
    work: Work, finding_id: UUID, student_id: UUID, held: Sequence[Item], record: Item, code: str, value: Json
) -> None:
    """Ours was kept where an import said otherwise: the administration has to change it."""
    number, key = erase_items.student_number(held), _record_names(work.policy, record)
    _add(work, student_id, CORRECTED, number, record.dataset, code, key, value, finding_id=finding_id)


def list_restricted(work: Work, case: Case, held: Sequence[Item], items: Iterable[CaseItem]) -> None:
    """One line for each thing that is restricted for good: everything, a group's fields, a record, a value."""
    assert case.student_id is not None
    number, by_id = erase_items.student_number(held), {record.id: record for record in held}
    for item in items:
        target = TargetKind(item.target)
        if target is TargetKind.EVERYTHING:
            _add(work, case.student_id, RESTRICTED, number, case_id=case.id)
        elif target is TargetKind.GROUP:
            for record in held:
                for code in sorted(record.values):
                    if work.policy.field(record.dataset, code).group == item.group:
                        key = _record_names(work.policy, record)
                        _add(work, case.student_id, RESTRICTED, number, record.dataset, code, key, case_id=case.id)
        elif item.item_id in by_id:
            key = _record_names(work.policy, by_id[item.item_id])
            _add(work, case.student_id, RESTRICTED, number, item.dataset, item.field, key, case_id=case.id)


def _record_names(policy: Policy, record: Item) -> list[list[str]]:
    """How the administration tells this record from others: the fields of its natural key with what it wrote there."""
    codes = policy.datasets[record.dataset].natural_key
    return [[code, text] for code, text in zip(codes, erase_items.natural_key(policy, record), strict=True)]


def _add(
    work: Work,
    student_id: UUID,
    kind: str,
    number: str,
    dataset: str | None = None,
    field: str | None = None,
    record: Json = (),
    value: Json = None,
    *,
    case_id: UUID | None = None,
    erasure_id: UUID | None = None,
    finding_id: UUID | None = None,
) -> None:
    if not number or administration(work.policy) is None:
        return  # nobody the administration could find
    line = ChangeLine(
        id=uuid7(),
        case_id=case_id,
        erasure_id=erasure_id,
        finding_id=finding_id,
        branch_id=work.session.get_one(Student, student_id).branch_id,
        kind=kind,
        dataset=dataset,
        field=field,
        created_at=work.now,
        state=OPEN,
    )
    if finished := _finished_step(work, case_id):
        line.state, line.by_id, line.at = _BECOMES[StepState(finished.state)], finished.by_id, finished.at
    else:
        told = {"student_number": number, "record": list(record), "value": value}
        line.sealed = work.vault.seal(holder_of(line), CLASS, place(line.id), told)
    work.session.add(line)
    work.session.flush()


def _finished_step(work: Work, case_id: UUID | None) -> CaseStep | None:
    """The step at the administration, where staff finished it before the portal did its own part."""
    if case_id is None:
        return None
    code = administration(work.policy)
    return next(
        (
            step
            for step in casebook.steps_of(work.session, case_id)
            if step.kind == StepKind.HOLDER and step.target == code and step.state != StepState.OPEN
        ),
        None,
    )


# --- ending lines


def open_count(work: Work, case_id: UUID) -> int:
    statement = select(func.count()).where(ChangeLine.case_id == case_id, ChangeLine.state == OPEN)
    return int(work.session.execute(statement).scalar_one())


def end_lines(work: Work, lines: Iterable[ChangeLine], state: StepState) -> set[Holder]:
    """Marks lines as applied or impossible, and forgets what they said; the holders of which none is open any more."""
    touched = set()
    for line in lines:
        line.state, line.by_id, line.at, line.sealed = _BECOMES[state], work.actor.id, work.now, None
        touched.add(holder_of(line))
    work.session.flush()
    over = {holder for holder in touched if not _open_of(work, holder)}
    for holder in over:
        work.vault.destroy(holder, CLASS)
    return over


def _open_of(work: Work, holder: Holder) -> bool:
    columns = {"case": ChangeLine.case_id, FINDING: ChangeLine.finding_id}
    column = columns.get(holder.kind, ChangeLine.erasure_id)
    statement = select(ChangeLine.id).where(column == holder.id, ChangeLine.state == OPEN).limit(1)
    return work.session.execute(statement).first() is not None


def end_with_step(work: Work, case: Case, step: CaseStep, state: StepState) -> None:
    """The step at the administration speaks for its lines: done there, or not possible there."""
    if step.kind == StepKind.HOLDER and step.target == administration(work.policy):
        lines = select(ChangeLine).where(ChangeLine.case_id == case.id, ChangeLine.state == OPEN).with_for_update()
        end_lines(work, work.session.execute(lines).scalars().all(), state)


def steps_ended_by(work: Work, case_id: UUID) -> list[CaseStep]:
    """The open steps at the administration that a case's last confirmed line finishes."""
    code = administration(work.policy)
    return [
        step
        for step in casebook.steps_of(work.session, case_id)
        if step.kind == StepKind.HOLDER and step.target == code and step.state == StepState.OPEN
    ]
