"""How long data are kept (regulation, art. 5): from a start, so many years or days, the last day included.

For classes that run from the end of the programme the start is the end of the student's last one, and there is none
while one still runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta


def last_programme_end(ends: Iterable[date | None], otherwise: date | None = None) -> date | None:
    """The end of the last programme, or None while one runs (an end of None).

    `otherwise` is the start for somebody without any programme, so that their data are not kept for ever.
    """
    known: list[date] = []
    for end in ends:
        if end is None:
            return None
        known.append(end)
    return max(known, default=otherwise)


def kept_until(years: int, days: int, start: date | None) -> date | None:
    """The last day on which data of a class are kept, or None where the term has not begun.

    The same date so many years on, then so many days; 29 February becomes the 28th where the year lacks it. They may be
    removed from the day after. ValueError for a term of nothing or below.
    """
    if years < 0 or days < 0 or not (years or days):
        raise ValueError("a retention class lasts at least one day")
    if start is None:
        return None
    return years_later(start, years) + timedelta(days=days)


def years_later(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return date(start.year + years, 2, 28)


def is_past(until: date | None, today: date) -> bool:
    """Whether data kept until that day may be removed; never while the term has not begun."""
    return until is not None and today > until
