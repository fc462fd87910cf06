"""Random programme histories against a count of years made another way: by comparing dates as numbers."""

from __future__ import annotations

import calendar
import random
from datetime import date, timedelta

import pytest

from portal.domain.retention import is_past, kept_until, last_programme_end
from tests.proofs import keep, rounds

FIRST, LAST = date(2000, 1, 1).toordinal(), date(2090, 12, 31).toordinal()


def gone_by_hand(ends: list[date | None], registered: date, years: int, today: date) -> bool:
    """Whether it may be removed today: every programme ended, and the same day so many years on lies behind us."""
    if any(end is None for end in ends):
        return False
    start = registered
    for end in ends:
        assert end is not None
        start = end if end is ends[0] or end > start else start
    month_end = calendar.monthrange(start.year + years, start.month)[1]
    last = (start.year + years, start.month, min(start.day, month_end))
    return (today.year, today.month, today.day) > last


def history(chance: random.Random) -> list[date | None]:
    ends: list[date | None] = [
        date.fromordinal(chance.randint(FIRST, LAST)) for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 5)))
    ]
    if chance.random() < 0.2:
        ends.insert(chance.randint(0, len(ends)), None)
    if ends and chance.random() < 0.1:
        year = chance.choice((2000, 2004, 2024, 2088))
        ends[-1] = date(year, 2, 29)
    return ends


@pytest.mark.proof
def test_random_programme_histories_agree_with_a_count_by_hand():
    seed = 20261123
    chance = random.Random(seed)
    many, wrong, removable = rounds(3_000, 100_000), 0, 0
    for _ in range(many):
        ends, registered = history(chance), date.fromordinal(chance.randint(FIRST, LAST))
        start = last_programme_end(ends, otherwise=registered)
        for years in (3, 6):
            until = kept_until(years, 0, start)
            days = [date.fromordinal(chance.randint(FIRST, LAST))]
            if until is not None:
                days += [until + timedelta(days=each) for each in (-1, 0, 1)]
            for today in days:
                found = is_past(until, today)
                removable += found
                wrong += found is not gone_by_hand(ends, registered, years, today)
    keep("retention_histories", histories=many, terms=[3, 6], removable=removable, wrong=wrong, seed=seed)
    assert wrong == 0
    assert removable > many  # the count saw both answers
