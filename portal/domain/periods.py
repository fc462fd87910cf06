"""Periods that figures are about: whole days in Amsterdam, both ends included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.domain.clock import AMSTERDAM
from portal.domain.refusal import Refused

MOST_YEARS = 6
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """From the first to the last day. Refused: period_turned_round, period_too_long (years)."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise Refused("period_turned_round")
        if self.last.year - self.first.year >= MOST_YEARS:
            raise Refused("period_too_long", years=MOST_YEARS)

    @property
    def begins(self) -> datetime:
        """The moment at which the first day begins."""
        return begin_of(self.first)

    @property
    def ends(self) -> datetime:
        """The moment at which the day after the last one begins."""
        return begin_of(self.last + timedelta(days=1))

    @property
    def months(self) -> tuple[tuple[int, int], ...]:
        """Year and month of every month that the period touches."""
        start, end = (day.year * MONTHS + day.month - 1 for day in (self.first, self.last))
        return tuple((number // MONTHS, number % MONTHS + 1) for number in range(start, end + 1))

    def as_it_stands(self, today: date) -> date:
        """The day on which what is open is counted: the last one, or today while that lies ahead."""
        return max(self.first, min(self.last, today))


def begin_of(day: date) -> datetime:
    """Midnight in Amsterdam, whatever the time of year."""
    return datetime.combine(day, time(), AMSTERDAM)


def this_year(today: date) -> Period:
    """This year, as far as it has come."""
    return Period(date(today.year, 1, 1), today)


def year(number: int) -> Period:
    return Period(date(number, 1, 1), date(number, 12, 31))


def closes_on(number: int) -> date:
    """When the figures of a year are fixed: a month after its end, so that a letter of December is written down too."""
    return date(number + 1, 2, 1)


def years_to_close(first: int, today: date) -> tuple[int, ...]:
    """The years since `first` whose figures must be fixed by today."""
    return tuple(number for number in range(first, today.year) if closes_on(number) <= today)
