"""Who may act for a student, for staff: a view of the student's data, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.records.items import full_name, persons
from portal.services.change_email import student_in_reach
from portal.services.representing import Helper, helpers_of
from portal.services.unit import writing
from portal.services.why_opened import log_opened


@dataclass(frozen=True, slots=True)
class RepresentativesPage:
    name: str  # of the student
    helpers: list[Helper]


def representatives_page(actor: Actor, clock: Clock, student_id: UUID, reason: str) -> RepresentativesPage:
    """Raises NotFound out of reach, NotAllowed("reason_missing")."""
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        about = Subject(branch_id=student.branch_id, student_id=student_id, reason_given=bool(reason))
        work.require(Act.VIEW_STUDENT, about)
        work.require(Act.MANAGE_REPRESENTATIVE, about)
        why = log_opened(work, student_id, reason, "representatives")
        work.note("view_representatives", "student", student_id, reason=why.reason)
        person = persons(work.session, work.vault, [student_id]).get(student_id)
        return RepresentativesPage(full_name(person.values) if person else "", helpers_of(work, student_id))
