"""Somebody is away: a colleague stands in, sees the cases among the own ones, takes them over, gets their warnings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import or_, select, true
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, may
from portal.domain.refusal import Refused
from portal.records.staff import branches_of, handling
from portal.records.tables.access import Absence, Staff
from portal.services.casework import NotFound
from portal.services.queue import Handler, by_name
from portal.services.unit import Work, reading, writing

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Away:
    id: UUID
    staff: str
    deputy: str
    starts_on: date
    ends_on: date
    may_end: bool


@dataclass(frozen=True, slots=True)
class Absences:
    """What the page offers: the lines that are not over, whose absence may be entered, who may stand in."""

    lines: tuple[Away, ...]
    whose: tuple[Handler, ...]
    deputies: tuple[Handler, ...]


def absences(actor: Actor, clock: Clock) -> Absences:
    """One's own and where one stands in; privacy officers, directors and administrators see everybody's."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_OWN_ACCOUNT)
        people = _people(work)
        everybody = _for_others(work)
        rows = work.session.execute(
            select(Absence)
            .where(
                Absence.ends_on >= work.today,
                true() if everybody else or_(Absence.staff_id == actor.id, Absence.deputy_id == actor.id),
            )
            .order_by(Absence.starts_on, Absence.id)
        ).scalars()
        suited = people if everybody else _deputies(work, actor.id)
        names = {row.id: row.name for row in work.session.execute(select(Staff.id, Staff.name))}
        return Absences(
            lines=tuple(
                Away(
                    row.id,
                    names[row.staff_id],
                    names[row.deputy_id],
                    row.starts_on,
                    row.ends_on,
                    may_end=everybody or row.staff_id == actor.id,
                )
                for row in rows
            ),
            whose=tuple(each for each in people if everybody or each.id == actor.id),
            deputies=suited,
        )


def set_absence(actor: Actor, clock: Clock, staff_id: UUID, deputy_id: UUID, starts_on: date, ends_on: date) -> None:
    """`deputy_id` stands in from the first to the last day; a newer line goes before an older one.

    Raises NotAllowed, and Refused: not_a_handler, own_deputy, deputy_elsewhere, ends_before_start, absence_too_long.
    """
    with writing(actor, clock) as work:
        _demand(work, staff_id)
        people = {each.id for each in _people(work)}
        if staff_id not in people or deputy_id not in people:
            raise Refused("not_a_handler")
        if staff_id == deputy_id:
            raise Refused("own_deputy")
        if deputy_id not in {each.id for each in _deputies(work, staff_id)}:
            raise Refused("deputy_elsewhere")
        if ends_on < max(starts_on, work.today):
            raise Refused("ends_before_start")
        if ends_on - starts_on > LONGEST:
            raise Refused("absence_too_long")
        row = uuid7()
        work.session.add(
            Absence(
                id=row,
                staff_id=staff_id,
                deputy_id=deputy_id,
                starts_on=starts_on,
                ends_on=ends_on,
                entered_by=actor.id,
                created_at=work.now,
            )
        )
        work.note("set_absence", "staff", staff_id, deputy=str(deputy_id), until=ends_on.isoformat())


def end_absence(actor: Actor, clock: Clock, absence_id: UUID) -> None:
    """Back again: from today on nobody stands in. Raises NotFound, NotAllowed."""
    with writing(actor, clock) as work:
        row = work.session.get(Absence, absence_id)
        if row is None or not (row.staff_id == actor.id or _for_others(work)):
            raise NotFound(str(absence_id))
        _demand(work, row.staff_id)
        if row.starts_on >= work.today:
            work.session.delete(row)
        else:
            row.ends_on = work.today - timedelta(days=1)
        work.note("end_absence", "staff", row.staff_id)


def _demand(work: Work, staff_id: UUID) -> None:
    work.require(Act.MANAGE_OWN_ACCOUNT if staff_id == work.actor.id else Act.REVIEW_ACCESS)


def _for_others(work: Work) -> bool:
    return bool(may(work.actor, Act.REVIEW_ACCESS))


def _deputies(work: Work, staff_id: UUID | None) -> tuple[Handler, ...]:
    """Who may handle cases in every branch in which this person does: nobody else would see them."""
    reach = (handling(work.session, work.today, [branch]) for branch in branches_of(work.session, work.today, staff_id))
    shared = set(handling(work.session, work.today, None)).intersection(*reach)
    return by_name(each for each in shared if each[0] != staff_id)


def _people(work: Work) -> tuple[Handler, ...]:
    """Who handles cases today, in whichever branch."""
    return by_name(handling(work.session, work.today, None))
