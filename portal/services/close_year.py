"""Fix the figures of a year: before its cases go, and once. What is kept was made fit for everybody to see, so it tells
of nobody and stays when the cases are removed.

A month after the year has ended a daily job does it; and before the first case is removed for its term, whatever day
that is. The lot by which counts were hidden is drawn once: printed again, the report hides the same.
"""

from __future__ import annotations

import json
import secrets

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.figures import figures
from portal.domain.periods import year as year_of
from portal.domain.periods import years_to_close
from portal.domain.permissions import SYSTEM, BranchScope
from portal.domain.year_report import year_report
from portal.records import figures as counts
from portal.records.db import insert_into
from portal.records.tables.figures import YearReport
from portal.services.unit import Work, reading, writing

WHOLE_SCHOOL = BranchScope(every=True, unplaced=True)


def close_years(clock: Clock) -> int:
    """Fixes the figures of every year that is due and not fixed yet; how many."""
    with reading(SYSTEM, clock) as work:
        if not _to_close(work, years_due(work)):
            return 0
    with writing(SYSTEM, clock) as work:
        work.require(Act.CLOSE_YEAR)
        return sum(_close(work, year) for year in _to_close(work, years_due(work)))


def close_before_removal(work: Work) -> None:
    """Every year that has ended, at once: cases of it are about to go."""
    first = counts.first_year(work.session)
    for year in _to_close(work, range(first, work.today.year) if first else ()):
        _close(work, year)


def years_due(work: Work) -> tuple[int, ...]:
    first = counts.first_year(work.session)
    return years_to_close(first, work.today) if first else ()


def _to_close(work: Work, years: tuple[int, ...] | range) -> list[int]:
    closed = set(work.session.execute(select(YearReport.year)).scalars())
    return [year for year in years if year not in closed]


def _close(work: Work, year: int) -> bool:
    """Whether it was this one that did it: of two at once, the first counts."""
    period = year_of(year)
    found = figures(period, period.last, counts.tallies(work.session, WHOLE_SCHOOL, None, period, period.last))
    report = year_report(year, found, work.policy.version, secrets.randbelow)
    statement = insert_into(work.session, YearReport).values(year=year, closed_at=work.now, figures=json.dumps(report))
    done = work.session.execute(statement.on_conflict_do_nothing().returning(YearReport.year)).first()
    if done is not None:
        work.note("close_year", "installation", None, year=year)
    return done is not None
