"""What staff see and do about terms that end: the list beforehand, letters, steps of the holders outside; and what a
student sees of the own terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.erasure_plan import Verdict
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import StepState
from portal.i18n import N_, speaker
from portal.letters.pdf import letter_pdf
from portal.records import limits
from portal.records.items import full_name, persons
from portal.records.tables.erasure import OutsideStep, TermEnd
from portal.records.tables.people import Branch, Student
from portal.services import clock_guard, sweep_classes
from portal.services.case_page import log_view
from portal.services.casework import NotFound
from portal.services.clock_guard import Doubt
from portal.services.retention import BOUNCED, POST, erased_from, is_due, open_outside, plan_of, running_targets
from portal.services.retention_terms import Terms, all_terms, is_confirmed
from portal.services.unit import Work, reading, writing

MOST = 200  # lines on the page
TITLE = N_("Wij wissen oude gegevens")
WHY = "retention"  # of the policy's reasons: the student reads it beside the view


@dataclass(frozen=True, slots=True)
class TermLine:
    """One class of one student. `state`: unconfirmed | to_tell | to_post | waiting | due | kept | outside."""

    id: UUID
    student: str  # name; "" for whoever sees no student data
    branch: str
    retention: str
    kept_until: date
    erased_from: date
    told_on: date | None
    told_how: str
    state: str
    outside_open: int


@dataclass(frozen=True, slots=True)
class OutsideLine:
    holder: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Preview:
    lines: list[TermLine]
    terms: list[Terms]
    classes: dict[str, int]  # of the portal's own: how many are past their term
    doubt: Doubt | None


@dataclass(frozen=True, slots=True)
class TermPage:
    line: TermLine
    outside: list[OutsideLine]


@dataclass(frozen=True, slots=True)
class OwnTerm:
    """A class of the student's own data that goes soon."""

    retention: str
    erased_from: date


def preview(actor: Actor, clock: Clock) -> Preview:
    """Everything that is listed and not finished, the earliest first; changes nothing."""
    terms = all_terms(actor, clock)
    with reading(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        statement = (
            select(TermEnd)
            .where(
                TermEnd.done_at.is_(None)
                | TermEnd.id.in_(select(OutsideStep.term_end_id).where(OutsideStep.state == StepState.OPEN.value))
            )
            .order_by(TermEnd.kept_until, TermEnd.id)
            .limit(MOST)
        )
        rows = list(work.session.execute(statement).scalars())
        names = _names(work, rows)
        lines = [_line(work, term, names) for term in rows]
        return Preview(lines, terms, sweep_classes.due_counts(work), clock_guard.doubt(work))


def _names(work: Work, rows: list[TermEnd]) -> dict[UUID, str]:
    if not work.actor.is_staff:
        return {}
    people = persons(work.session, work.vault, [row.student_id for row in rows])
    return {student_id: full_name(person.values) for student_id, person in people.items()}


def _line(work: Work, term: TermEnd, names: dict[UUID, str]) -> TermLine:
    student = work.session.get_one(Student, term.student_id)
    steps = _steps(work, term.id)
    return TermLine(
        id=term.id,
        student=names.get(term.student_id, ""),
        branch=work.session.get_one(Branch, student.branch_id).name,
        retention=term.retention,
        kept_until=term.kept_until,
        erased_from=erased_from(term, work.today),
        told_on=term.told_on,
        told_how=term.told_how or "",
        state=_state(work, term, student),
        outside_open=open_outside(steps),
    )


def _state(work: Work, term: TermEnd, student: Student) -> str:
    retention = work.policy.retention.get(term.retention)
    if term.done_at is not None:
        return "outside"
    if retention is None or not is_confirmed(work, retention):
        return "unconfirmed"
    if term.told_on is None:
        return "to_tell" if student.has_email and term.told_how != BOUNCED else "to_post"
    held = limits.active(work.session, term.student_id, [limits.HOLD])
    if (held or running_targets(work, term.student_id)) and not plan_of(work, term).of(Verdict.ERASE):
        return "kept"
    return "due" if is_due(work, term) else "waiting"


def _steps(work: Work, term_id: UUID) -> list[OutsideStep]:
    statement = select(OutsideStep).where(OutsideStep.term_end_id == term_id).order_by(OutsideStep.holder)
    return list(work.session.execute(statement).scalars())


def term_page(actor: Actor, clock: Clock, term_id: UUID) -> TermPage:
    """One line with its steps outside. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        term = _term(work, term_id)
        outside = [OutsideLine(step.holder, StepState(step.state)) for step in _steps(work, term.id)]
        return TermPage(_line(work, term, _names(work, [term])), outside)


def _term(work: Work, term_id: UUID) -> TermEnd:
    term = work.session.get(TermEnd, term_id)
    if term is None:
        raise NotFound(str(term_id))
    return term


def finish_outside(actor: Actor, clock: Clock, term_id: UUID, holder: str, state: StepState) -> None:
    """A holder outside threw it away, or had nothing. Raises NotFound, NotAllowed, Refused: bad_state, step_finished,
    too_early (from) before the student's month is over."""
    with writing(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        term = _term(work, term_id)
        step = next((each for each in _steps(work, term_id) if each.holder == holder), None)
        if step is None:
            raise NotFound(holder)
        if state is StepState.OPEN:
            raise Refused("bad_state")
        if step.state != StepState.OPEN.value:
            raise Refused("step_finished")
        if term.done_at is None and not is_due(work, term):
            raise Refused("too_early", on=erased_from(term, work.today))
        step.state, step.by_id, step.at = state.value, actor.id, work.now
        work.note("retention_step", "installation", None, term=str(term.id), holder=holder, state=state.value)


def print_notice(actor: Actor, clock: Clock, term_id: UUID) -> bytes:
    """The letter as PDF, for whoever has no usable e-mail: a view of the address, and logged."""
    with writing(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        term = _term(work, term_id)
        student = work.session.get_one(Student, term.student_id)
        person = persons(work.session, work.vault, [student.id]).get(student.id)
        retention = work.policy.retention.get(term.retention)
        if person is None or retention is None:
            raise Refused("nothing_to_post")
        values = person.values
        place = f"{values.get('postcode') or ''}  {values.get('town') or ''}".strip()
        log_view(work, student.id, reason=WHY, what="letter")
        work.note("print_letter", "student", student.id, letter="retention")
        return letter_pdf(
            "letters/ending.html",
            speaker(student.language),
            policy=work.policy,
            title=TITLE,
            on=work.today,
            address=(full_name(values), str(values.get("street") or ""), place),
            together=True,
            label=retention.label,
            from_on=erased_from(term, work.today),
            contact=work.policy.controller,
        )


def record_told(actor: Actor, clock: Clock, term_id: UUID, on: date) -> None:
    """The letter was posted on that day, which counts as told. Raises NotFound, NotAllowed, Refused: posted_in_future,
    already_told."""
    with writing(actor, clock) as work:
        work.require(Act.PREVIEW_RETENTION)
        term = _term(work, term_id)
        if on > work.today:
            raise Refused("posted_in_future")
        if term.told_on is not None:
            raise Refused("already_told")
        term.told_on, term.told_how = max(on, term.listed_at.date()), POST
        work.note("tell_retention", "student", term.student_id, retention=term.retention, how=POST)


def own_terms(actor: Actor, clock: Clock) -> list[OwnTerm]:
    """What of the signed-in student's own data goes soon, the earliest first."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
        statement = select(TermEnd).where(
            TermEnd.student_id == actor.student_id, TermEnd.done_at.is_(None), TermEnd.told_on.is_not(None)
        )
        rows = work.session.execute(statement.order_by(TermEnd.kept_until, TermEnd.retention)).scalars()
        return [OwnTerm(term.retention, erased_from(term, work.today)) for term in rows]
