"""Who asks, for a request that is written down with the student's file open: what the form would ask for anyway."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, scope_of
from portal.records.items import full_name, persons
from portal.records.tables.people import Student
from portal.services.casework import NotFound
from portal.services.unit import reading


@dataclass(frozen=True, slots=True)
class Asker:
    name: str
    student_number: str
    language: str


def known_asker(actor: Actor, clock: Clock, student_id: UUID) -> Asker:
    """Raises NotFound for a student out of reach, NotAllowed. Whoever calls sees to it that the file is open."""
    with reading(actor, clock) as work:
        work.require(Act.RECORD_REQUEST)
        student = work.session.get(Student, student_id)
        scope = scope_of(actor, Act.VIEW_STUDENT)
        if student is None or student.state != "active" or not scope.holds(student.branch_id):
            raise NotFound(str(student_id))
        person = persons(work.session, work.vault, [student_id]).get(student_id)
        values = person.values if person else {}
        return Asker(full_name(values), str(values.get("student_number") or ""), student.language)
