"""Match a request that nobody has placed yet to a student."""

from __future__ import annotations

from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.services import find_students
from portal.services.casework import ChangedMeanwhile, NotFound, case_by_reference, event, move
from portal.services.find_students import Candidate
from portal.services.held_case import held_case
from portal.services.limits_of_processing import place_meanwhile
from portal.services.unit import Work, writing
from portal.services.withdraw_consent import take_effect


def search(actor: Actor, clock: Clock, reference: str, typed: str = "") -> tuple[Candidate, ...]:
    """The students who may have asked: by what was typed, else by what the request itself gives. Within the actor's
    branches; the log says that somebody searched, never what was typed."""
    with writing(actor, clock) as work:
        case = case_by_reference(work, reference, Act.MATCH_REQUEST)
        work.require(Act.SEARCH_STUDENTS)
        found = find_students.ids(work.vault, typed) if typed.strip() else _suggested(work, case)
        shown = find_students.candidates(work, found, scope_of(actor, Act.VIEW_STUDENT))
        work.note("search_students", "case", case.id, shown=len(shown))
        return shown


def _suggested(work: Work, case: Case) -> frozenset[UUID]:
    """By number, else address, else phone, else the whole name: the surest that finds anybody."""
    contact = casebook.contents(work.vault, case).get("contact", {})
    for key in ("student_number", "email", "phone", "name"):
        found = find_students.ids(work.vault, str(contact.get(key, "")))
        if found:
            return found
    return frozenset()


def match(actor: Actor, clock: Clock, reference: str, version: int, student_id: UUID) -> None:
    """The case is this student's from now on, and belongs to the student's branch. A withdrawal takes effect at once.

    Raises NotFound when case or student is not within reach, Refused("already_matched"), ChangedMeanwhile.
    """
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.MATCH_REQUEST)
        if case.student_id == student_id:
            return
        if case.student_id is not None:
            raise Refused("already_matched")
        if case.version != version:
            raise ChangedMeanwhile(reference)
        student = work.session.get(Student, student_id)
        scope = scope_of(actor, Act.VIEW_STUDENT)
        if student is None or student.state != "active" or not scope.holds(student.branch_id):
            raise NotFound(str(student_id))
        move(case, Action.MATCH)
        case.student_id = student.id
        case.branch_id = student.branch_id
        case.by_post = not student.has_email
        work.session.flush()
        event(work, case, EventKind.MATCHED)
        work.note("match_request", "case", case.id, student=str(student.id))
        _begin(work, case, student.id)


def _begin(work: Work, case: Case, student_id: UUID) -> None:
    """What a request sets going as soon as its student is known, without a decision (regulation, art. 9.3, 9.7)."""
    place_meanwhile(work, case)
    if RequestKind(case.kind) is not RequestKind.WITHDRAWAL:
        return
    move(case, Action.TAKE_EFFECT)
    for code in dict.fromkeys(item.activity for item in casebook.items_of(work.session, case.id)):
        if code:
            take_effect(work, case, student_id, code)
