"""Merge a case into an earlier one in which the same student asks the same; and which ones were."""

from __future__ import annotations

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState
from portal.domain.permissions import Actor, may
from portal.domain.refusal import Refused
from portal.records import casebook
from portal.records.tables.cases import Case, CaseEvent
from portal.services.case_lines import why_not_same
from portal.services.casework import NotFound, case_by_reference, case_to_read, subject_of
from portal.services.end_case import end, tell_change, words_of
from portal.services.held_case import held_case
from portal.services.unit import Work, reading, writing


def merge(actor: Actor, clock: Clock, reference: str, version: int, into: str, words: str = "") -> None:
    """The case ends as a duplicate and points to `into`, where the student is answered; the student is told.

    The other must be undecided, of the same student and kind, and not received later: so no promised date moves back.
    Raises NotFound, NotAllowed, ChangedMeanwhile, NotPossible, and Refused: not_matched, unknown_case,
    merge_other_student, merge_other_kind, merge_ended, merge_into_older, words_too_long (most).
    """
    with writing(actor, clock) as work:
        for each in sorted({reference, into}):  # in one order, so that two who merge crosswise do not wait forever
            work.session.execute(select(Case.id).where(Case.reference == each).with_for_update())
        case = held_case(work, reference, Act.MERGE_DUPLICATE, version)
        if case.student_id is None:
            raise Refused("not_matched")
        try:
            other = case_by_reference(work, into, Act.VIEW_CASE)
        except NotFound:
            raise Refused("unknown_case") from None
        if reason := why_not_same(case, other):
            raise Refused(reason)
        said = words_of(words)
        end(work, case, Action.MERGE, EventKind.MERGED, other=other.reference, words=said)
        work.note("merge_duplicate", "case", case.id, into=str(other.id))
        tell_change(work, case, EventKind.MERGED, other=other.reference)


def go_on_in(actor: Actor, clock: Clock, reference: str) -> list[str]:
    """The references of the duplicates that are answered in this case, also by way of another: they end with it, so
    whoever ends it should know. Oldest first. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        reach = Act.VIEW_CASE if actor.is_staff else Act.VIEW_OWN_STATUS
        student = case_to_read(work, reference, reach).student_id
        if student is None:
            return []
        duplicates = work.session.scalars(
            select(Case)
            .where(Case.student_id == student, Case.state == CaseState.DUPLICATE)
            .order_by(Case.received_on, Case.id)
        )
        into = {each.reference: _into(work, each) for each in duplicates if may(actor, reach, subject_of(work, each))}
        ends = {reference}
        for _ in into:
            ends |= {duplicate for duplicate, other in into.items() if other in ends}
        return [duplicate for duplicate in into if duplicate in ends]


def _into(work: Work, duplicate: Case) -> str:
    """The case into which it was merged, the last time if it was reopened in between."""
    latest = work.session.scalars(
        select(CaseEvent)
        .where(CaseEvent.case_id == duplicate.id, CaseEvent.kind == EventKind.MERGED)
        .order_by(CaseEvent.at.desc(), CaseEvent.id.desc())
        .limit(1)
    ).one()
    return str(casebook.details_of(work.vault, duplicate.id, latest)["other"])
