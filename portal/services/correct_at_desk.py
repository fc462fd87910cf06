"""Correct a value with the student present: a rectification case like any other, opened, taken and known in one press.

Nothing is written past the case: it is decided, answered and carried out as every correction, so the student has it in
writing and the holders outside and the recipients are told (GDPR 16, 19).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.assurance import Way
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor, Subject, may
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel, FieldType, RequestKind, TargetKind
from portal.intake.faults import BadValue
from portal.intake.values import parse_value
from portal.policy.model import Field
from portal.records import items
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.services.casework import Asked, NewCase, NotFound, Opened, event, move, open_case
from portal.services.limits_of_processing import place_meanwhile, restricted
from portal.services.student_page import value_of
from portal.services.unit import Work, writing
from portal.services.why_opened import log_opened
from portal.vault.envelope import Json

AT_THE_DESK = (Way.RECOGNISED_BY_STAFF, Way.SHOW_ID_AT_DESK)
MOST_WORDS = 4000  # characters


@dataclass(frozen=True, slots=True)
class Correctable:
    """What is to be corrected: whose, and the value as the open file shows it (None where it is masked)."""

    field: Field
    name: str
    value: Json


def correctable(actor: Actor, clock: Clock, student_id: UUID, item_id: UUID, code: str, reason: str) -> Correctable:
    """The field, when this person may open a case about it; a view, with the reason for which the file is open.

    Raises NotFound, Refused: not_correctable, reason_missing.
    """
    with writing(actor, clock) as work:
        student = _student(work, student_id)
        held, field = _held(work, student, item_id, code)
        log_opened(work, student_id, reason, f"{field.dataset}.{code}"[:48])
        person = items.persons(work.session, work.vault, [student_id]).get(student_id)
        name = items.full_name(person.values) if person else ""
        return Correctable(field, name, value_of(held, field, restricted(work, student_id)).value)


def correct_at_desk(
    actor: Actor,
    clock: Clock,
    student_id: UUID,
    item_id: UUID,
    code: str,
    typed: str,
    how: Way,
    words: str = "",
    once: bytes | None = None,
) -> Opened:
    """Opens the case, in the actor's hands, its asker known by `how`; what is left is to check and decide.

    Raises NotFound, NotAllowed, and Refused: not_correctable, bad_way, bad_value (reason), words_too_long (most). The
    same form sent twice is one case.
    """
    if len(words) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    with writing(actor, clock) as work:
        student = _student(work, student_id)
        held, field = _held(work, student, item_id, code)
        if how not in AT_THE_DESK:
            raise Refused("bad_way", how=how)
        opened = open_case(
            work,
            NewCase(
                kind=RequestKind.RECTIFICATION,
                channel=Channel.DESK,
                language=student.language,
                received_on=work.today,
                items=(
                    Asked(
                        TargetKind.FIELD,
                        dataset=field.dataset,
                        item_id=item_id,
                        field=code,
                        asked=_read(work, field, typed),
                        current=held.values.get(code),
                        words=words.strip(),
                    ),
                ),
                student_id=student_id,
                once=once,
            ),
        )
        if opened.code is not None:
            _in_hand(work, work.session.get_one(Case, opened.case_id), how)
        return opened


def _student(work: Work, student_id: UUID) -> Student:
    """The student, within reach and with a file that is open for corrections."""
    work.require(Act.RECORD_REQUEST)
    student = work.session.get(Student, student_id)
    about = Subject(branch_id=student.branch_id if student else None, student_id=student_id)
    if student is None or student.state != "active" or not may(work.actor, Act.CONFIRM_IDENTITY, about):
        raise NotFound(str(student_id))
    return student


def _held(work: Work, student: Student, item_id: UUID, code: str) -> tuple[items.Item, Field]:
    held = items.item(work.session, work.vault, student.id, item_id)
    field = work.policy.datasets[held.dataset].fields.get(code) if held else None
    if held is None or field is None or code in held.hidden:
        raise NotFound(code)
    if not field.correctable or field.type is FieldType.IMAGE:
        raise Refused("not_correctable", field=code)
    return held, field


def _read(work: Work, field: Field, typed: str) -> Json:
    try:
        return parse_value(field, typed.strip(), today=work.today)
    except BadValue as fault:
        raise Refused("bad_value", field=field.code, reason=fault.code) from fault


def _in_hand(work: Work, case: Case, how: Way) -> None:
    move(case, Action.TAKE)
    case.handler_id = work.actor.id
    event(work, case, EventKind.TAKEN)
    move(case, Action.CONFIRM_IDENTITY)
    level = how.leads_to
    case.assured_level, case.assured_how = int(level), how.value
    event(work, case, EventKind.IDENTITY_CONFIRMED, level=int(level), how=how.value)
    work.note("correct_at_desk", "case", case.id, how=how.value)
    work.session.flush()
    place_meanwhile(work, case)
