"""End a student's programme on a day: from the end of the last one the retention terms run (regulation, art. 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.policy.model import Field
from portal.records import items
from portal.records.items import Item, full_name
from portal.records.tables.people import Student
from portal.services.casework import NotFound
from portal.services.change_email import student_in_reach
from portal.services.in_clear import ENDS, PROGRAMME, mirror
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json


@dataclass(frozen=True, slots=True)
class Running:
    """A programme that goes on: what names it."""

    item_id: UUID
    title: tuple[tuple[Field, Json], ...]


@dataclass(frozen=True, slots=True)
class Programmes:
    name: str  # the student's
    running: tuple[Running, ...]


def running_programmes(actor: Actor, clock: Clock, student_id: UUID) -> Programmes:
    """Those without an end. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        _student(work, student_id)
        dataset = work.policy.datasets[PROGRAMME]
        held = items.items_of(work.session, work.vault, student_id, ["person", PROGRAMME])
        person = next((each for each in held if each.dataset == "person"), None)
        running = (each for each in held if each.dataset == PROGRAMME and not each.values.get(ENDS))
        return Programmes(
            full_name(person.values) if person else "",
            tuple(
                Running(each.id, tuple((dataset.fields[code], each.values.get(code)) for code in dataset.title))
                for each in running
            ),
        )


def end_programme(actor: Actor, clock: Clock, student_id: UUID, item_id: UUID, ended_on: date) -> None:
    """Writes the day, and keeps it against an import that still says otherwise: that is a conflict to decide on.

    Raises NotFound, NotAllowed, Refused: programme_ended, ended_in_future, ended_before_start (start).
    """
    with writing(actor, clock) as work:
        student = _student(work, student_id)
        held = items.item(work.session, work.vault, student_id, item_id)
        if held is None or held.dataset != PROGRAMME:
            raise NotFound(str(item_id))
        _demand_sound(work, held, ended_on)
        retention = work.policy.field(PROGRAMME, ENDS).retention
        items.change_value(work.session, work.vault, held, ENDS, ended_on.isoformat(), retention, work.now)
        mirror(work, student.id, PROGRAMME, ENDS, ended_on.isoformat())
        work.note("end_programme", "student", student_id, ended_on=ended_on.isoformat())


def _demand_sound(work: Work, held: Item, ended_on: date) -> None:
    if held.values.get(ENDS):
        raise Refused("programme_ended")
    if ended_on > work.today:
        raise Refused("ended_in_future")
    start = held.values.get("start_date")
    if start and ended_on < date.fromisoformat(str(start)):
        raise Refused("ended_before_start", start=start)


def _student(work: Work, student_id: UUID) -> Student:
    student = student_in_reach(work, student_id)
    work.require(Act.MANAGE_STUDENT, Subject(branch_id=student.branch_id, student_id=student_id))
    return student
