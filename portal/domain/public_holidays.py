"""The public holidays of the Netherlands (Algemene termijnenwet, art. 3).

The library that knows them for every country takes thirty megabytes of each process to name these ten; a test holds
this against it, so that a new version of it tells when the law has changed.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

FIRST_YEAR = 2014  # the first King's Day
_AROUND_EASTER = (-2, 0, 1, 39, 49, 50)  # Good Friday, Easter, Ascension Day, Whitsun: days from Easter Sunday


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Those of a year from FIRST_YEAR on."""
    birthday = date(year, 4, 27)
    if birthday.isoweekday() == 7:
        birthday -= timedelta(days=1)
    days = {date(year, 1, 1), birthday, date(year, 12, 25), date(year, 12, 26)}
    if year % 5 == 0:
        days.add(date(year, 5, 5))
    easter = easter_sunday(year)
    return frozenset(days | {easter + timedelta(days=each) for each in _AROUND_EASTER})


def easter_sunday(year: int) -> date:
    """By the Gregorian calendar (the anonymous computus of 1876, as Meeus gives it)."""
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leap, of_leap = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * of_leap + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
