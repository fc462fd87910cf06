"""Which days an office works here: no weekends, no Dutch public holidays, no closing days of the school."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from portal.domain.clock import is_weekday
from portal.domain.public_holidays import public_holidays


def is_working_day(day: date, closing_days: Collection[date] = ()) -> bool:
    """Whether the school works that day; `closing_days` are the policy's own."""
    return is_public_working_day(day) and day not in closing_days


def is_public_working_day(day: date) -> bool:
    """Whether it is neither a weekend nor a public holiday of the Netherlands: what moves the law's own limit."""
    return is_weekday(day) and day not in public_holidays(day.year)
