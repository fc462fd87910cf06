"""Periods: whole days in Amsterdam, in summer and in winter; when a year is closed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.clock import receipt_date
from portal.domain.periods import Period, closes_on, this_year, year, years_to_close
from portal.domain.refusal import Refused

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
MOMENTS = st.datetimes(datetime(2024, 12, 30), datetime(2026, 1, 3), timezones=st.just(UTC))


@given(at=MOMENTS)
def test_a_moment_lies_in_a_year_when_its_day_in_amsterdam_does(at):
    period = year(2025)
    assert (period.begins <= at < period.ends) == (receipt_date(at).year == 2025)


def test_midnight_in_summer_is_an_hour_earlier_in_the_world_than_in_winter():
    summer, winter = Period(date(2026, 7, 1), date(2026, 7, 1)), Period(date(2026, 12, 1), date(2026, 12, 1))
    assert summer.begins.astimezone(UTC).hour == 22
    assert winter.begins.astimezone(UTC).hour == 23
    assert summer.ends - summer.begins == timedelta(days=1)


@given(first=DAYS, length=st.integers(0, 1800))
def test_the_months_are_each_one_that_a_day_of_it_lies_in(first, length):
    last = first + timedelta(days=length)
    period = Period(first, last)
    every = {((first + timedelta(days=n)).year, (first + timedelta(days=n)).month) for n in range(length + 1)}
    assert list(period.months) == sorted(every)


def test_a_period_that_is_turned_round_or_endless_is_refused():
    with pytest.raises(Refused, match="period_turned_round"):
        Period(date(2026, 2, 1), date(2026, 1, 31))
    with pytest.raises(Refused, match="period_too_long"):
        Period(date(2020, 1, 1), date(2026, 1, 1))
    assert len(Period(date(2021, 1, 1), date(2026, 12, 31)).months) == 72


def test_what_is_open_is_counted_on_the_last_day_or_today():
    today = date(2026, 11, 29)
    assert year(2025).as_it_stands(today) == date(2025, 12, 31)
    assert this_year(today).as_it_stands(today) == today
    assert year(2026).as_it_stands(today) == today
    assert year(2027).as_it_stands(today) == date(2027, 1, 1)


def test_a_year_is_closed_a_month_after_it_ended():
    assert closes_on(2025) == date(2026, 2, 1)
    assert years_to_close(2023, date(2026, 1, 31)) == (2023, 2024)
    assert years_to_close(2023, date(2026, 2, 1)) == (2023, 2024, 2025)
    assert years_to_close(2026, date(2026, 12, 31)) == ()
