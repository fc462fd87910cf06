"""The yearly reports: the years whose figures are fixed, and each as a document for the director and the inspector."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.periods import closes_on
from portal.domain.permissions import Actor
from portal.letters.year_report import print_year_report
from portal.records.figures import first_year
from portal.records.tables.figures import YearReport
from portal.services.casework import NotFound
from portal.services.unit import Work, reading


@dataclass(frozen=True, slots=True)
class Line:
    """One closed year. A number is None where it is too small to be shown."""

    year: int
    closed_on: date
    received: int | None
    answered: int | None
    share_in_time: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A year that is not closed yet, and the day on which it will be."""

    year: int
    closes_on: date


def year_reports(actor: Actor, clock: Clock) -> tuple[tuple[Line, ...], tuple[Waiting, ...]]:
    """The closed years, the latest first, and those that are still open. Raises NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_YEAR_REPORT)
        rows = work.session.execute(select(YearReport).order_by(YearReport.year.desc())).scalars().all()
        return tuple(_line(row) for row in rows), _waiting(work, {row.year for row in rows})


def _line(row: YearReport) -> Line:
    report = json.loads(row.figures)
    answered = report["answered"]
    by_kind = answered["tables"].get("by_kind") or {}
    return Line(
        year=row.year,
        closed_on=receipt_date(row.closed_at),
        received=report["received"]["total"],
        answered=answered["total"],
        share_in_time=by_kind.get("share_in_time"),
    )


def _waiting(work: Work, closed: set[int]) -> tuple[Waiting, ...]:
    first = first_year(work.session)
    years = range(first, work.today.year + 1) if first else range(0)
    return tuple(Waiting(year, closes_on(year)) for year in years if year not in closed)


def print_report(actor: Actor, clock: Clock, year: int) -> bytes:
    """The report of a closed year as PDF, the same each time. Raises NotAllowed, NotFound, NotPrintable."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_YEAR_REPORT)
        row = work.session.get(YearReport, year)
        if row is None:
            raise NotFound(str(year))
        report, closed_on, policy = json.loads(row.figures), receipt_date(row.closed_at), work.policy
    return print_year_report(report, closed_on, policy)
