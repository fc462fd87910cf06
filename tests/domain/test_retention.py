from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.domain.retention import is_past, kept_until, last_programme_end

DATES = st.dates(date(2000, 1, 1), date(2094, 12, 31))


def count_years(start: date, years: int) -> date:
    """An independent count: walk day by day until the calendar shows the date again, so many times."""
    day, passed = start, 0
    while passed < years:
        day = date.fromordinal(day.toordinal() + 1)
        same = (day.month, day.day) == (start.month, start.day)
        stands_in = (
            (start.month, start.day) == (2, 29) and not calendar.isleap(day.year) and (day.month, day.day) == (2, 28)
        )
        passed += same or stands_in
    return day


@given(end=DATES, years=st.sampled_from([3, 6]))
@example(end=date(2024, 2, 29), years=3)
@example(end=date(2096, 2, 29), years=6)
@example(end=date(2023, 2, 28), years=3)
def test_three_and_six_years_by_an_independent_count(end, years):
    until = kept_until(years, 0, end)
    assert until == count_years(end, years)
    assert not is_past(until, until)
    assert is_past(until, until + timedelta(days=1))


@given(ends=st.lists(st.one_of(st.none(), DATES), max_size=6), today=DATES)
def test_random_programme_histories_are_kept_from_the_last_end_and_never_removed_while_one_runs(ends, today):
    until = kept_until(3, 0, last_programme_end(ends, otherwise=date(2000, 1, 1)))
    if None in ends:
        assert until is None
        assert not is_past(until, today)
        return
    latest = sorted(ends)[-1] if ends else date(2000, 1, 1)
    assert until == count_years(latest, 3)
    assert is_past(until, today) == (today.toordinal() > until.toordinal())


def test_the_29th_of_february_is_kept_up_to_and_including_the_28th():
    assert kept_until(3, 0, date(2024, 2, 29)) == date(2027, 2, 28)
    assert kept_until(4, 0, date(2024, 2, 29)) == date(2028, 2, 29)


def test_classes_may_count_in_days_or_in_both():
    assert kept_until(0, 14, date(2024, 2, 20)) == date(2024, 3, 5)
    assert kept_until(1, 1, date(2023, 12, 31)) == date(2025, 1, 1)


@pytest.mark.parametrize(("years", "days"), [(0, 0), (-1, 400), (3, -1)])
def test_a_class_without_a_term_is_an_error_and_not_an_immediate_removal(years, days):
    with pytest.raises(ValueError, match="at least one day"):
        kept_until(years, days, date(2024, 1, 1))


def test_somebody_without_a_programme_is_not_kept_for_ever():
    assert last_programme_end([]) is None
    assert last_programme_end([], otherwise=date(2024, 1, 1)) == date(2024, 1, 1)
    assert last_programme_end([date(2020, 1, 1)], otherwise=date(2024, 1, 1)) == date(2020, 1, 1)
