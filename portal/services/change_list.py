"""The change list as staff use it: what is open, as a page and as a file for the administration, and confirming it.

The page names fields and numbers; values are in the file alone, whose making is logged as a view of each student.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, StepState
from portal.i18n import N_
from portal.records import casebook
from portal.records.queue import within
from portal.records.tables.cases import Case
from portal.records.tables.erasure import ChangeLine, Erasure
from portal.records.tables.people import ImportFinding
from portal.services import change_lines
from portal.services.case_page import log_view
from portal.services.cells import as_csv, as_xlsx
from portal.services.change_lines import CORRECTED, ERASED, OPEN, RESTRICTED
from portal.services.close_case import close_if_done
from portal.services.unit import Work, reading, writing

Say = Callable[[str], str]
MOST = 1000  # lines on a page and in a file
CSV, XLSX = "csv", "xlsx"
MEDIA = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
KINDS = {
    CORRECTED: N_("Wijzigen"),
    RESTRICTED: N_("Niet gebruiken"),
    ERASED: N_("Wissen"),
}
HEADINGS = (
    N_("Cursistnummer"),
    N_("Wat te doen"),
    N_("Gegevens"),
    N_("Welke"),
    N_("Veld"),
    N_("Moet worden"),
    N_("Sinds"),
    N_("Kenmerk"),
)
EVERYTHING, WHOLE_RECORD = N_("Alles van deze cursist"), N_("alles")
TITLE = N_("Wijzigingslijst")
WHY = "changes"  # of the policy's reasons: the student reads it beside the view


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One line. `value` is only in the file."""

    id: UUID
    number: str
    kind: str
    dataset: str | None
    record: tuple[tuple[str, str], ...]
    field: str | None
    since: date
    reference: str


def open_changes(actor: Actor, clock: Clock) -> list[ChangeRow]:
    """What the administration has not applied yet, within the actor's branches, the oldest first."""
    with reading(actor, clock) as work:
        work.require(Act.EXPORT_CHANGES)
        lines = _open(work)
        cases = _cases(work, lines)
        return [_row(work, line, cases) for line in lines]


def _open(work: Work, ids: Collection[UUID] | None = None) -> list[ChangeLine]:
    scope = scope_of(work.actor, Act.EXPORT_CHANGES)
    statement = select(ChangeLine).where(ChangeLine.state == OPEN, within(scope, ChangeLine.branch_id))
    if ids is not None:
        statement = statement.where(ChangeLine.id.in_(list(ids))).with_for_update()
    return list(work.session.execute(statement.order_by(ChangeLine.created_at, ChangeLine.id).limit(MOST)).scalars())


def _cases(work: Work, lines: Collection[ChangeLine]) -> dict[UUID | None, Case]:
    """The cases that the lines come from, by id, in one query; and their keys in another."""
    work.vault.preload({change_lines.holder_of(line) for line in lines if line.sealed is not None})
    ids = {line.case_id for line in lines if line.case_id}
    return {case.id: case for case in work.session.execute(select(Case).where(Case.id.in_(ids))).scalars()}


def _row(work: Work, line: ChangeLine, cases: Mapping[UUID | None, Case]) -> ChangeRow:
    told = change_lines.contents(work, line)
    case = cases.get(line.case_id)
    return ChangeRow(
        id=line.id,
        number=str(told.get("student_number", "")),
        kind=line.kind,
        dataset=line.dataset,
        record=tuple((code, text) for code, text in told.get("record", ())),
        field=line.field,
        since=receipt_date(line.created_at),
        reference=case.reference if case else "",
    )


def as_file(actor: Actor, clock: Clock, form: str, say: Say) -> bytes:
    """The open lines with their values, as CSV or XLSX; cells that a spreadsheet would run are quoted.

    Raises NotAllowed, Refused("bad_kind").
    """
    if form not in MEDIA:
        raise Refused("bad_kind")
    with writing(actor, clock) as work:
        work.require(Act.EXPORT_CHANGES)
        lines = _open(work)
        cases = _cases(work, lines)
        head, rows = [say(each) for each in HEADINGS], [_cells(work, line, cases, say) for line in lines]
        for student_id in sorted({whose for line in lines if (whose := _whose(work, line, cases))}):
            log_view(work, student_id, reason=WHY, what="changes")
        work.note("export_changes", "installation", None, form=form, lines=len(lines))
    return as_csv(head, rows) if form == CSV else as_xlsx(say(TITLE), head, rows)


def _cells(work: Work, line: ChangeLine, cases: Mapping[UUID | None, Case], say: Say) -> list[str]:
    row, policy = _row(work, line, cases), work.policy
    value = change_lines.contents(work, line).get("value")
    dataset = policy.datasets.get(row.dataset or "")
    field = dataset.fields.get(row.field or "") if dataset else None
    record = [f"{say(dataset.fields[code].label)}: {text}" for code, text in row.record] if dataset else []
    return [
        row.number,
        say(KINDS[row.kind]),
        say(dataset.label) if dataset else say(EVERYTHING),
        "; ".join(record),
        say(field.label) if field else (say(WHOLE_RECORD) if dataset else ""),
        "" if value is None else str(value),
        row.since.isoformat(),
        row.reference,
    ]


def _whose(work: Work, line: ChangeLine, cases: Mapping[UUID | None, Case]) -> UUID | None:
    if line.case_id is not None:
        case = cases.get(line.case_id)
        return case.student_id if case else None
    if line.finding_id is not None:
        finding = work.session.get(ImportFinding, line.finding_id)
        return finding.student_id if finding else None
    erasure = work.session.get(Erasure, line.erasure_id) if line.erasure_id else None
    return erasure.student_id if erasure else None


def confirm_changes(actor: Actor, clock: Clock, ids: Collection[UUID], state: StepState = StepState.DONE) -> int:
    """The administration has applied these lines (or cannot); how many were open. The last line of a case finishes
    the case's step there, and the case with its last step. Raises NotAllowed, Refused: bad_state, no_line_chosen."""
    if state is StepState.OPEN:
        raise Refused("bad_state")
    if not ids:
        raise Refused("no_line_chosen")
    with writing(actor, clock) as work:
        lines = _open(work, ids)
        for branch_id in {line.branch_id for line in lines} or {None}:
            work.require(Act.EXPORT_CHANGES, Subject(branch_id=branch_id))
        for holder in change_lines.end_lines(work, lines, state):
            if holder.kind == "case":
                _finish_step(work, holder.id, state)
        work.note("confirm_changes", "installation", None, lines=len(lines), state=state.value)
        return len(lines)


def _finish_step(work: Work, case_id: UUID, state: StepState) -> None:
    case = work.session.execute(select(Case).where(Case.id == case_id).with_for_update()).scalar_one()
    for step in change_lines.steps_ended_by(work, case_id):
        step.state, step.at = state.value, work.now
        step.by_id = work.actor.id if work.actor.kind is ActorKind.STAFF else None
        casebook.set_step_contents(work.vault, step, {"note": TITLE})
    work.session.flush()
    close_if_done(work, case)
