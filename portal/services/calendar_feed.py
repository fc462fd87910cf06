"""A calendar of due dates for one member of staff, at an address that only they know.

A calendar program cannot sign in, so the address is the proof: random, kept as a hash, replaced or withdrawn by its
owner at any time, dead when the account is. What it shows is little: references and dates, nothing of a person.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import Select, delete, or_, select

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import UNDECIDED
from portal.domain.permissions import SYSTEM, Actor, could, scope_of
from portal.domain.vocabulary import RequestKind
from portal.i18n import N_, staff_speaker
from portal.records.queue import within
from portal.records.tables.access import CalendarFeed, Staff
from portal.records.tables.cases import Case
from portal.services import second_factor
from portal.services.casework import NotFound
from portal.services.recognise import staff_actor
from portal.services.unit import Work, reading, writing

MOST = 500  # dates in a calendar, the earliest first
REFRESH = timedelta(hours=4)
NAME = N_("Verzoeken: uiterste datums")
LINE = N_("Antwoord op %(reference)s")


def renew(actor: Actor, clock: Clock) -> str:
    """A new address in the place of the old one, which is dead; returns its secret, which nobody can show again.

    Raises NotAllowed("not_fresh") when the sign-in is too old.
    """
    token = secrets.token_urlsafe(32)
    with writing(actor, clock) as work:
        staff, _ = second_factor.account_to_change(work)
        _drop(work, staff.id)
        work.session.add(CalendarFeed(staff_id=staff.id, digest=_digest(token), created_at=work.now))
        work.note("calendar_renewed", "staff", staff.id)
    return token


def withdraw(actor: Actor, clock: Clock) -> None:
    """The address is dead from now on. Twice changes nothing."""
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_OWN_ACCOUNT)
        if actor.id is not None and _drop(work, actor.id):
            work.note("calendar_withdrawn", "staff", actor.id)


def made_at(actor: Actor, clock: Clock) -> datetime | None:
    """Since when the reader has an address; None without one."""
    with reading(actor, clock) as work:
        work.require(Act.MANAGE_OWN_ACCOUNT)
        return work.session.execute(select(CalendarFeed.created_at).where(CalendarFeed.staff_id == actor.id)).scalar()


def feed(clock: Clock, token: str) -> bytes:
    """The calendar (RFC 5545). Raises NotFound for an address that is not, or not any more, somebody's."""
    with reading(SYSTEM, clock) as work:
        staff = work.session.execute(
            select(Staff)
            .join(CalendarFeed, CalendarFeed.staff_id == Staff.id)
            .where(CalendarFeed.digest == _digest(token))
            .where(Staff.disabled_at.is_(None), Staff.confidentiality_at.is_not(None))
        ).scalar_one_or_none()
        if staff is None:
            raise NotFound("calendar")
        actor = replace(staff_actor(staff.id, clock), confidentiality_acknowledged=True)
        cases = work.session.execute(_due(actor)).all() if could(actor, Act.VIEW_QUEUE) else []
        return _written(staff.language, work.now, [(row.reference, row.due_on) for row in cases])


def _due(actor: Actor) -> Select[str, date]:
    """The undecided cases that are this person's, or within reach and nobody's yet. A withdrawal has no due date."""
    mine = or_(Case.handler_id == actor.id, Case.handler_id.is_(None))
    undecided = Case.state.in_(sorted(state.value for state in UNDECIDED))
    return (
        select(Case.reference, Case.due_on)
        .where(undecided, mine, Case.kind != RequestKind.WITHDRAWAL.value, within(scope_of(actor), Case.branch_id))
        .order_by(Case.due_on, Case.id)
        .limit(MOST)
    )


def _written(language: str, now: datetime, due: list[tuple[str, date]]) -> bytes:
    from icalendar import Calendar, Event  # eighty modules for a page that few ask

    settings: Settings = current_app.config["SETTINGS"]
    say = staff_speaker(language).text
    calendar = Calendar()
    calendar.add("prodid", "-//privacy-portal//due dates//NL")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", say(NAME))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for reference, on in due:
        event = Event()
        event.add("uid", f"{reference}@{urlsplit(settings.base_url).hostname}")
        event.add("dtstamp", now)
        event.add("dtstart", on)
        event.add("dtend", on + timedelta(days=1))
        event.add("summary", say(LINE, reference=reference))
        event.add("transp", "TRANSPARENT")  # a due date makes nobody busy
        calendar.add_component(event)
    return cast(bytes, calendar.to_ical())


def _drop(work: Work, staff_id: UUID) -> bool:
    gone = work.session.execute(
        delete(CalendarFeed).where(CalendarFeed.staff_id == staff_id), execution_options={"synchronize_session": False}
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _digest(token: str) -> bytes:
    return hashlib.sha256(f"calendar|{token}".encode()).digest()
