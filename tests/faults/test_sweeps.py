"""Sweeps that are doubled, run at once, or left out for a week and more: each warning comes exactly once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.proof import OutMail
from portal.services.casework import Asked, NewCase, open_case
from portal.services.digest import digest
from portal.services.unit import writing
from portal.services.warn import sweep
from tests.factories import make_branch, make_staff, make_student
from tests.proofs import keep, rounds

pytestmark = pytest.mark.proof
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIRST, LAST = date(2026, 1, 5), date(2026, 11, 2)  # days of receipt
DAYS = 42  # that a history goes on: two weeks past the due date
# Public holidays of the Netherlands in 2026 that fall on a weekday, by hand.
HOLIDAYS = {
    date(2026, 1, 1),
    date(2026, 4, 3),
    date(2026, 4, 6),
    date(2026, 4, 27),
    date(2026, 5, 14),
    date(2026, 5, 25),
}


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 7, tzinfo=AMSTERDAM)


def expected(received: date, until: date, closing: frozenset[date]) -> set[str]:
    """What staff must have been told, counted day by day and not as the portal counts."""
    found = {("half_way", 14), ("seven_days", 21), ("draft_extension", 24), ("two_days", 26), ("due_today", 28)}
    keys = {f"{name}:{received + timedelta(days=after)}" for name, after in found}
    day = received + timedelta(days=29)
    while day <= until:
        if day.isoweekday() <= 5 and day not in HOLIDAYS | closing:
            keys.add(f"overdue:{day}")
        day += timedelta(days=1)
    return keys


def run_days(chance: random.Random, received: date) -> list[date]:
    """The days on which somebody ran the sweep: some twice, gaps of up to ten days, the last day always."""
    days, day, last = [], received, received + timedelta(days=DAYS)
    while day < last:
        days += [day] * chance.choice((1, 1, 2, 3))
        day += timedelta(days=chance.choice((1, 1, 1, 2, 7, 10)))
    return [*days, last]


def sweep_at_once(app: Flask, clock: FixedClock) -> int:
    """Two workers ask at the same moment. One that waited ten seconds for the other, which a busy machine may make
    happen, asks again, as a runner does within five minutes (portal/jobs.py); how often that was."""
    faults: list[BaseException] = []
    waited: list[str] = []

    def one() -> None:
        with app.app_context():
            try:
                for job in (sweep, digest):
                    try:
                        job(clock)
                    except OperationalError as fault:
                        db.session.rollback()
                        waited.append(str(fault.orig))
                        job(clock)
            except BaseException as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    assert all("lock" in each for each in waited), waited
    return len(waited)


def sent(case_id: UUID, kind: str) -> Counter[str]:
    db.session.rollback()
    keys = db.session.execute(select(OutMail.dedupe).where(OutMail.case_id == case_id, OutMail.kind == kind)).scalars()
    return Counter(":".join(key.split(":")[2:-1]) for key in keys)


def test_each_warning_comes_exactly_once_whenever_the_sweeps_run(app: Flask, clock: FixedClock):
    chance, histories, sweeps, warned, again = random.Random(20261128), rounds(2, 60), 0, 0, 0
    with app.app_context():
        clock.set(at(FIRST))
        branch = make_branch("alkmaar")
        make_staff("handler", Role.CASE_HANDLER, branch=branch)
        closing = frozenset(app.extensions["policy"].term.closing_days)
        for number in range(histories):
            received = FIRST + timedelta(days=chance.randrange((LAST - FIRST).days - DAYS))
            clock.set(at(received))
            student = make_student(branch, email=f"student{number}@example.org")
            new = NewCase(
                RequestKind.ACCESS, Channel.LETTER, "nl", received, (Asked(TargetKind.EVERYTHING),), student_id=student
            )
            with writing(SYSTEM, clock) as work:
                case_id = open_case(work, new).case_id
            for day in run_days(chance, received):
                clock.set(at(day))
                again += sweep_at_once(app, clock)
                sweeps += 2
            found = sent(case_id, "staff_warning")
            assert set(found) == expected(received, clock.today(), closing)
            assert set(found.values()) == {1}
            assert sum(sent(case_id, "late").values()) == 1
            warned += len(found)
            end(case_id, clock)
        engine = db.engine.dialect.name
    figures = {"histories": histories, "sweeps": sweeps, "warnings": warned, "lost": 0, "twice": 0}
    keep("sweeps", engine=engine, **figures, kept_waiting_and_asked_again=again)


def end(case_id: UUID, clock: FixedClock) -> None:
    """The case is over, so that the next history stands alone."""
    from portal.records.tables.cases import Case

    with writing(SYSTEM, clock) as work:
        work.session.get_one(Case, case_id).state = "closed"
