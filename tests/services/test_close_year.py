"""The figures of a year: fixed once, before its cases go, without any small count; and the report that is printed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Outcome, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.figures import YearReport
from portal.records.tables.proof import Audit
from portal.services import sweep_classes
from portal.services.casework import Asked, NotFound
from portal.services.close_year import close_years
from portal.services.retention_terms import confirm
from portal.services.year_reports import print_report, year_reports
from tests import factories
from tests.services import cases

pytestmark = pytest.mark.slow

MAY = datetime(2025, 5, 12, 9, tzinfo=UTC)


def at(year: int, month: int, day: int) -> FixedClock:
    return FixedClock(datetime(year, month, day, 9, tzinfo=UTC))


def staff(role: Role) -> Any:
    return factories.staff_actor(factories.make_staff(role.value, role))


def complaints(app: Flask, actor: Any, count: int) -> None:
    """Answered on their day in May 2025, and closed with it."""
    student, clock = factories.make_student(), app.extensions["clock"]
    now = clock.now()
    clock.set(MAY)
    for _ in range(count):
        asked = [Asked(TargetKind.WORDS, words="Ik wachtte te lang.")]
        reference = cases.opened(RequestKind.COMPLAINT, student, asked, received_on=date(2025, 5, 2))
        cases.decided(reference, actor, Outcome.GRANTED, reason="Het spijt ons.")
    clock.set(now)


def kept() -> dict[int, dict[str, Any]]:
    db.session.rollback()
    return {row.year: json.loads(row.figures) for row in db.session.execute(select(YearReport)).scalars()}


def test_a_year_is_closed_from_february_on_and_never_again(app: Flask) -> None:
    with app.app_context():
        director = staff(Role.DIRECTOR)
        complaints(app, director, 6)
        assert close_years(at(2026, 1, 31)) == 0
        assert close_years(at(2026, 2, 1)) == 1
        first = kept()
        assert first[2025]["received"]["total"] == 6
        assert first[2025]["answered"]["tables"]["by_kind"]["kinds"]["complaint"]["answered"] == 6
        complaints(app, director, 3)
        assert close_years(at(2026, 2, 2)) == 0
        assert kept() == first, "what was published stays as it was"
        noted = select(func.count()).select_from(Audit).where(Audit.act == "close_year")
        assert db.session.execute(noted).scalar_one() == 1


def test_of_several_workers_at_once_one_closes_it(app: Flask) -> None:
    with app.app_context():
        complaints(app, staff(Role.DIRECTOR), 5)
    done: list[int] = []

    def work() -> None:
        with app.app_context():
            done.append(close_years(at(2026, 2, 1)))
            db.session.remove()

    threads = [Thread(target=work) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(done) == [0, 0, 0, 1]
    with app.app_context():
        assert list(kept()) == [2025]


def test_cases_do_not_go_before_the_figures_of_their_year_are_fixed(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        director = staff(Role.DIRECTOR)
        complaints(sqlite_app, director, 6)
        confirm(director, sqlite_app.extensions["clock"], "case")
        gone = sweep_classes.sweep(at(2028, 5, 14))
        assert gone["case"] == 6
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 0
        assert kept()[2025]["received"]["total"] == 6
        closed, waiting = year_reports(director, at(2028, 5, 14))
        assert [line.received for line in closed if line.year == 2025] == [6]
        assert waiting == ()


def test_a_year_with_fewer_than_five_requests_shows_no_number(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        complaints(sqlite_app, staff(Role.DIRECTOR), 4)
        close_years(at(2026, 2, 1))
        report = kept()[2025]
        assert report["received"] == {"total": None, "tables": {}}
        assert report["answered"] == {"total": None, "tables": {}}


def test_who_may_read_the_reports(sqlite_app: Flask) -> None:
    clock = at(2026, 2, 1)
    with sqlite_app.app_context():
        complaints(sqlite_app, staff(Role.DIRECTOR), 5)
        close_years(clock)
        for role in (Role.PRIVACY_OFFICER, Role.ADMINISTRATOR):
            actor = staff(role)
            assert [line.year for line in year_reports(actor, clock)[0]] == [2025]
            assert print_report(actor, clock, 2025).startswith(b"%PDF-1.7")
            with pytest.raises(NotFound):
                print_report(actor, clock, 2024)
        handler = cases.handler()
        with pytest.raises(NotAllowed):
            year_reports(handler, clock)
        with pytest.raises(NotAllowed):
            print_report(handler, clock, 2025)
