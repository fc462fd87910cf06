"""What stands in clear beside a student's sealed values: language, branch, whether there is an address, and the end of
the last programme. Whoever changes such a value keeps them the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from portal.domain.retention import last_programme_end
from portal.policy.model import Policy
from portal.records import importing
from portal.records.items import Item, items_of
from portal.records.tables.people import Branch, Student
from portal.services.unit import Work
from portal.vault.envelope import Json

PERSON, PROGRAMME, ENDS = "person", "programme", "end_date"


def mirror(work: Work, student_id: UUID, dataset: str, code: str, value: Json) -> None:
    """Follows one changed value."""
    if dataset == PROGRAMME and code == ENDS:
        follow_programmes(work, student_id)
    if dataset != PERSON:
        return
    student = work.session.get_one(Student, student_id)
    if code == "email":
        student.has_email = value is not None
    elif code == "preferred_language" and value in work.policy.languages:
        student.language = str(value)
    elif code == "branch":
        branch_id = work.session.execute(select(Branch.id).where(Branch.code == str(value))).scalar()
        student.branch_id = branch_id or student.branch_id


def follow_programmes(work: Work, student_id: UUID) -> None:
    """The end of the last programme, from which the terms run; none while one goes on (regulation, art. 5)."""
    work.session.flush()
    student = work.session.get_one(Student, student_id)
    ends = ends_of(items_of(work.session, work.vault, student_id, [PROGRAMME]))
    student.last_programme_ended = last_programme_end(ends)


def ends_of(programmes: Iterable[Item]) -> list[date | None]:
    found = (each.values.get(ENDS) for each in programmes)
    return [date.fromisoformat(str(end)) if end else None for end in found]


def mirror_people(work: Work, people: Mapping[UUID, Mapping[str, Json]], branches: Mapping[str, UUID]) -> None:
    """Follows many person records at once; only students of whom something differs are written."""
    rows = []
    for student in importing.in_clear(work.session, list(people)):
        values = people[student.id]
        now = {
            "has_email": values.get("email") is not None,
            "language": _language(work.policy, values.get("preferred_language"), student.language),
            "branch_id": branches.get(str(values.get("branch")), student.branch_id),
        }
        if any(getattr(student, name) != value for name, value in now.items()):
            rows.append({"id": student.id, **now})
    importing.update_rows(work.session, Student, rows)


def _language(policy: Policy, preferred: Json, otherwise: str) -> str:
    return str(preferred) if preferred in policy.languages else otherwise
