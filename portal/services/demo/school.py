"""Open the demonstration school in empty databases: import, accounts, and weeks of cases at their real dates."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import func, select

from config import Settings
from portal.domain.clock import AMSTERDAM, Clock, FixedClock
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Role
from portal.policy.model import Policy
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.records.tables.people import Student
from portal.records.tables.proof import Setting
from portal.services.branches import open_branches
from portal.services.close_year import close_years
from portal.services.deliver_mail import deliver
from portal.services.demo.diary import Line, diary
from portal.services.demo.export import write_export
from portal.services.demo.people import PASSWORD, STAFF
from portal.services.demo.scene import Scene
from portal.services.demo.sign_ins import MARK
from portal.services.demo.years import FIRST, years
from portal.services.import_students import import_folder
from portal.services.staff_accounts import create_account
from portal.services.unit import reading, writing
from portal.services.warn import sweep

BEGAN = FIRST + 5  # days ago: the portal was opened at the school
DAY_BY_DAY = 75  # days ago: from here on the portal runs every day, before that on those on which something was done
SWEEP_AT = time(6, 30)
POLICY = "jar_opleidingen"
Progress = Callable[[str], None]


class NotEmpty(Exception):
    """The databases hold students, staff or cases: a demonstration would mix with them."""


@dataclass(frozen=True, slots=True)
class Opened:
    students: int
    staff: int
    cases: int


def open_school(clock: Clock, progress: Progress | None = None, *, with_years: bool = True) -> Opened:
    """Fills the databases; `with_years` with the requests of the last two years, which figures are made of. Raises
    NotEmpty, or Refused where mail would leave the house or the policy is another."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    policy = cast(Policy, current_app.extensions["policy"])
    if settings.production or not settings.mail_url.startswith("file:"):
        raise Refused("demonstration_mail_would_leave")
    if policy.code != POLICY:
        raise Refused("demonstration_needs_policy", policy=POLICY)
    _demand_empty(clock)
    tell = progress or (lambda _line: None)
    today = clock.today()
    then = FixedClock(_at(today - timedelta(days=BEGAN if with_years else DAY_BY_DAY), time(9)))
    tell("Demonstration school: importing its students")
    with tempfile.TemporaryDirectory(prefix="demonstration-") as folder:
        write_export(Path(folder), today)
        import_folder(SYSTEM, then, Path(folder))
    scene = Scene(then, _accounts(then))
    scene.ready_accounts()
    tell("Demonstration school: telling the last weeks")
    _tell_the_weeks(scene, [*diary(today), *(years() if with_years else ())], today, clock.now())
    with writing(SYSTEM, clock) as work:
        work.session.add(Setting(name=MARK, value="open", changed_at=work.now))
        work.note("open_demonstration", "installation", None)
    return _count(clock)


def _demand_empty(clock: Clock) -> None:
    with reading(SYSTEM, clock) as work:
        for table in (Student, Staff, Case):
            if work.session.execute(select(table.id).limit(1)).first():
                raise NotEmpty(table.__tablename__)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, AMSTERDAM)


def _accounts(clock: Clock) -> dict[str, UUID]:
    """The staff, made by an administrator who is not one of them."""
    actor = Actor(
        ActorKind.STAFF,
        roles=frozenset({Role.ADMINISTRATOR}),
        confidentiality_acknowledged=True,
        fresh_sign_in=True,
    )
    branches = open_branches(actor, clock)
    found = {}
    for each in STAFF:
        made = create_account(
            actor,
            clock,
            each.username,
            each.name,
            f"{each.username}@school.example.org",
            [Role(role) for role in each.roles],
            [branches[each.branch]] if each.branch else [],
            each.language,
            PASSWORD,
        )
        found[each.username] = made.id
    return found


def _tell_the_weeks(scene: Scene, lines: Sequence[Line], today: date, now: datetime) -> None:
    """Day by day: the morning's warnings, what people did, and the mails of it. Nothing lies in the future."""
    days = {line.days_ago for line in lines} | set(range(DAY_BY_DAY))
    for days_ago in sorted(days, reverse=True):
        day = today - timedelta(days=days_ago)
        scene.clock.set(min(_at(day, SWEEP_AT), now))
        sweep(scene.clock)
        close_years(scene.clock)
        deliver(scene.clock)
        of_the_day = (line for line in lines if line.days_ago == days_ago)
        for line in sorted(of_the_day, key=lambda line: line.hour):
            scene.clock.set(min(_at(day, time(line.hour)), now))
            line.do(scene)
            deliver(scene.clock)


def _count(clock: Clock) -> Opened:
    with reading(SYSTEM, clock) as work:
        counts = [
            work.session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (Student, Staff, Case)
        ]
    return Opened(*counts)
