"""Open the page of a case. Opening shows data of a student, so each opening is a row in the student's own list of views
and in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, insert
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.letters.answer import Answer
from portal.records.staff import active_staff
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import View
from portal.records.written_last import Value, alone
from portal.services.answer import answer_of
from portal.services.case_view import CasePage, read_case
from portal.services.casework import case_by_reference, case_to_read, subject_of
from portal.services.unit import Work, reading, writing


def adds_view(value: Value) -> Insert:
    """The line of `log_view`."""
    return insert(View).values({each.name: value(each.name) for each in View.__table__.c})


@dataclass(frozen=True, slots=True)
class Colleague:
    id: UUID
    name: str


def case_page(actor: Actor, clock: Clock, reference: str) -> CasePage:
    """The case, logged as a view of the student's data. Raises NotFound when it is not within reach."""
    with reading(actor, clock) as work:
        page = read_case(work, reference)
    with writing(actor, clock, keys=work.vault) as work:
        if page.student_id is not None:
            work.write_last(adds_view, _view(work, page.student_id, "case", "case", page.id))
        work.note("view_case", "case", page.id)
    return page


def written_answer(actor: Actor, clock: Clock, reference: str) -> Answer | None:
    """The answer as it went out, values included; None while there is none. `case_page` logs the view.

    Raises NotFound when the case is not within reach.
    """
    with reading(actor, clock) as work:
        return answer_of(work, case_to_read(work, reference, Act.VIEW_CASE))


def log_view(work: Work, student_id: UUID, reason: str, what: str, case_id: UUID | None = None) -> None:
    """A line in the student's list of who looked: with the role by which this person may (regulation, "Who")."""
    work.session.connection().execute(alone(adds_view), _view(work, student_id, reason, what, case_id))


def _view(work: Work, student_id: UUID, reason: str, what: str, case_id: UUID | None) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "student_id": student_id,
        "at": work.now,
        "staff_id": work.actor.id,
        "role": role_of(work.actor),
        "reason": reason,
        "case_id": case_id,
        "what": what,
    }


def role_of(actor: Actor) -> str:
    """The role by which somebody works on cases: the least of those held that is enough."""
    order = ("case_handler", "privacy_officer", "director", "administrator")
    held = {role.value for role in actor.roles}
    return next((role for role in order if role in held), "")


def colleagues(actor: Actor, clock: Clock, reference: str) -> tuple[Colleague, ...]:
    """Who may be given this case: active handlers of its branch, privacy officers and directors."""
    with reading(actor, clock) as work:
        case = case_by_reference(work, reference, Act.ASSIGN_CASE)
        return tuple(Colleague(staff.id, staff.name) for staff in may_handle(work, case))


def may_handle(work: Work, case: Case) -> list[Staff]:
    """Those who may be given the case; of a complaint never whoever decided what it is about (regulation, art. 10)."""
    barred = subject_of(work, case).about_decider_id
    found: dict[UUID, Staff] = {}
    for role, branch_id in (
        ("case_handler", case.branch_id),
        ("privacy_officer", None),
        ("director", None),
    ):
        for staff in active_staff(work.session, work.today, role, branch_id):
            if staff.id != barred:
                found.setdefault(staff.id, staff)
    return sorted(found.values(), key=lambda staff: staff.name.casefold())
