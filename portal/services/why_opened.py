"""Why a student's file is open: a reason of the policy, or an open case that needs it (regulation, art. 6)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.lifecycle import OPEN
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.cases import Case
from portal.services.case_page import log_view
from portal.services.unit import Work, reading

WITHIN_CASE = "case"  # as the list of who looked says it


@dataclass(frozen=True, slots=True)
class Why:
    reason: str  # a code of the policy's reasons for viewing, or WITHIN_CASE
    case_id: UUID | None = None


def why_of(work: Work, student_id: UUID, given: str) -> Why:
    """`given`: a code of the policy's reasons for viewing, or the reference of an open case of this student.

    Raises Refused("reason_missing").
    """
    reason = work.policy.reasons.get(given)
    if reason is not None and reason.use == "view":
        return Why(given)
    case_id = work.session.execute(
        select(Case.id).where(
            Case.reference == given, Case.student_id == student_id, Case.state.in_([state.value for state in OPEN])
        )
    ).scalar()
    if case_id is None:
        raise Refused("reason_missing")
    return Why(WITHIN_CASE, case_id)


def log_opened(work: Work, student_id: UUID, given: str, what: str) -> Why:
    """A line in the student's list of who looked. Raises Refused("reason_missing")."""
    why = why_of(work, student_id, given)
    log_view(work, student_id, reason=why.reason, what=what, case_id=why.case_id)
    return why


def is_why(actor: Actor, clock: Clock, student_id: UUID, given: str) -> bool:
    """Whether a file may still be open for this: a case may have ended meanwhile."""
    with reading(actor, clock) as work:
        try:
            why_of(work, student_id, given)
        except Refused:
            return False
        return True
