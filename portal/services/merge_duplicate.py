"""Merge a case into an earlier one in which the same student asks the same."""

from __future__ import annotations

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.cases import Case
from portal.services.case_lines import why_not_same
from portal.services.casework import NotFound, case_by_reference
from portal.services.end_case import end, tell_change, words_of
from portal.services.held_case import held_case
from portal.services.unit import writing


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
