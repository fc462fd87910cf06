from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.domain.clock import (
    AMSTERDAM,
    FixedClock,
    OutOfTerm,
    SystemClock,
    counts_as_told,
    current_due_on,
    days_left,
    days_waiting,
    draft_extension_on,
    due_on,
    extended_due_on,
    internal_target,
    is_overdue,
    is_weekday,
    law_limit,
    may_extend,
    receipt_date,
)
from portal.domain.refusal import Refused

DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))
CHRISTMAS = {date(2025, 12, 25), date(2025, 12, 26)}


def works(day: date) -> bool:
    return day.isoweekday() <= 5 and day not in CHRISTMAS


def count_days(start: date, days: int) -> date:
    """An independent count: walk the calendar month by month, without adding to dates."""
    year, month, day = start.year, start.month, start.day + days
    while day > calendar.monthrange(year, month)[1]:
        day -= calendar.monthrange(year, month)[1]
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, day)


def last_sunday(year: int, month: int) -> int:
    return max(week[calendar.SUNDAY] for week in calendar.monthcalendar(year, month))


def offset_by_rule(utc: datetime) -> int:
    """Hours that Amsterdam is ahead by the European rule since 1996: summer from the last Sunday of March 1:00 UTC."""
    begin = datetime(utc.year, 3, last_sunday(utc.year, 3), 1)
    end = datetime(utc.year, 10, last_sunday(utc.year, 10), 1)
    return 2 if begin <= utc.replace(tzinfo=None) < end else 1


@given(received=DATES)
@example(received=date(2024, 2, 1))
@example(received=date(2023, 2, 28))
@example(received=date(2000, 2, 29))
@example(received=date(2026, 3, 29))
@example(received=date(2100, 2, 28))
def test_the_due_date_is_28_days_after_receipt_by_an_independent_count(received):
    assert due_on(received) == count_days(received, 28)
    assert due_on(received).weekday() == received.weekday()


@given(received=DATES, days=st.integers(1, 28))
def test_an_extension_counts_from_the_original_due_date(received, days):
    assert extended_due_on(due_on(received), days) == count_days(received, 28 + days)


@pytest.mark.parametrize("days", [-1, 0, 29, 365])
def test_an_extension_outside_one_to_28_days_is_refused(days):
    with pytest.raises(OutOfTerm) as refused:
        extended_due_on(date(2026, 1, 29), days)
    assert refused.value.code == "extension_out_of_term"
    assert refused.value.params == {"days": days, "most": 28}


@given(received=DATES, minute=st.integers(0, 24 * 60 - 1))
@example(received=date(2026, 3, 29), minute=2 * 60 + 30)  # an hour that summer time skips
@example(received=date(2026, 10, 25), minute=2 * 60 + 30)  # an hour that comes twice
@example(received=date(2024, 2, 29), minute=23 * 60 + 59)
@example(received=date(2025, 12, 31), minute=23 * 60 + 59)
def test_a_request_counts_for_its_local_day_whatever_the_zone_it_arrives_in(received, minute):
    at = datetime(received.year, received.month, received.day, minute // 60, minute % 60, 59, tzinfo=AMSTERDAM)
    arrived = at.astimezone(UTC)
    assert receipt_date(arrived) == received
    assert receipt_date(arrived.astimezone(ZoneInfo("Pacific/Auckland"))) == received
    assert receipt_date(arrived.astimezone(timezone(timedelta(hours=-11)))) == received


@given(utc=st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30)))
@example(utc=datetime(2026, 3, 29, 0, 59, 59))
@example(utc=datetime(2026, 3, 29, 1, 0, 0))
@example(utc=datetime(2026, 10, 24, 22, 0, 0))
def test_the_local_day_agrees_with_the_european_rule_for_summer_time(utc):
    local = utc + timedelta(hours=offset_by_rule(utc))
    assert receipt_date(utc.replace(tzinfo=UTC)) == local.date()


def test_a_request_received_at_2359_counts_for_that_day_in_winter_and_summer():
    assert receipt_date(datetime(2026, 1, 15, 22, 59, 59, tzinfo=UTC)) == date(2026, 1, 15)
    assert receipt_date(datetime(2026, 1, 15, 23, 0, tzinfo=UTC)) == date(2026, 1, 16)
    assert receipt_date(datetime(2026, 7, 15, 21, 59, 59, tzinfo=UTC)) == date(2026, 7, 15)
    assert receipt_date(datetime(2026, 7, 15, 22, 0, tzinfo=UTC)) == date(2026, 7, 16)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        receipt_date(datetime(2026, 1, 15, 12))
    with pytest.raises(ValueError, match="time zone"):
        FixedClock(datetime(2026, 1, 15, 12))


def law_limit_by_hand(received: date, months: int, holidays: set[date]) -> date:
    year, month = received.year, received.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    weeks = calendar.monthcalendar(year, month)
    day = date(year, month, min(received.day, max(weeks[-1])))
    while day.isoweekday() > 5 or day in holidays:
        day = date.fromordinal(day.toordinal() + 1)
    return day


@given(received=DATES, extended=st.booleans())
@example(received=date(2025, 11, 25), extended=False)
@example(received=date(2023, 1, 31), extended=False)
@example(received=date(2024, 11, 30), extended=True)
def test_the_laws_limit_is_one_or_three_months_and_ends_on_a_working_day(received, extended):
    assert law_limit(received, extended, works) == law_limit_by_hand(received, 3 if extended else 1, CHRISTMAS)


@given(received=DATES, days=st.integers(1, 28))
def test_the_promise_always_binds_before_the_law(received, days):
    assert due_on(received) <= law_limit(received, is_working_day=lambda _day: True)
    assert extended_due_on(due_on(received), days) <= law_limit(received, True, lambda _day: True)


def test_the_laws_limit_at_the_end_of_a_month_and_over_christmas():
    assert law_limit(date(2026, 3, 5)) == date(2026, 4, 6)  # the 5th of April is a Sunday
    assert law_limit(date(2023, 1, 31)) == date(2023, 2, 28)
    assert law_limit(date(2024, 1, 31)) == date(2024, 2, 29)
    assert law_limit(date(2025, 11, 25)) == date(2025, 12, 25)
    assert law_limit(date(2025, 11, 25), is_working_day=works) == date(2025, 12, 29)
    assert law_limit(date(2025, 11, 30), extended=True) == date(2026, 3, 2)


@given(due=DATES)
def test_the_internal_target_is_the_last_working_day_on_or_before_the_due_date(due):
    target = internal_target(due, works)
    assert works(target)
    assert target <= due
    assert not any(works(date.fromordinal(day)) for day in range(target.toordinal() + 1, due.toordinal() + 1))


def test_a_year_without_a_working_day_is_an_error_and_not_an_endless_count():
    with pytest.raises(ValueError, match="working day"):
        internal_target(date(2026, 1, 1), lambda _day: False)


@given(due=DATES, shift=st.integers(-400, 400))
def test_days_left_and_overdue_follow_from_the_two_dates(due, shift):
    today = date.fromordinal(due.toordinal() + shift)
    assert days_left(due, today) == -shift
    assert is_overdue(due, today) == (shift > 0)


def test_the_due_date_itself_is_not_overdue():
    assert not is_overdue(date(2026, 1, 29), date(2026, 1, 29))
    assert is_overdue(date(2026, 1, 29), date(2026, 1, 30))


DUE = date(2026, 1, 29)


def refusal(today: date, already_extended: bool = False, decided: bool = False) -> str:
    try:
        may_extend(DUE, today, already_extended, decided)
    except Refused as refused:
        return refused.code
    return ""


def test_an_extension_is_possible_once_while_undecided_and_up_to_the_original_due_date():
    assert refusal(DUE) == ""
    assert refusal(DUE - timedelta(days=28)) == ""
    assert refusal(DUE + timedelta(days=1)) == "extension_too_late"
    assert refusal(DUE, already_extended=True) == "extension_already_used"
    assert refusal(DUE, decided=True) == "extension_already_decided"


def test_a_late_extension_says_which_date_has_passed():
    with pytest.raises(Refused) as refused:
        may_extend(DUE, DUE + timedelta(days=1), already_extended=False, decided=False)
    assert refused.value.params == {"due": DUE}
    assert str(refused.value) == "extension_too_late (due=2026-01-29)"


def test_an_extension_binds_only_once_the_student_was_told_in_time():
    assert current_due_on(DUE, None, None) == DUE
    assert current_due_on(DUE, 14, None) == DUE
    assert current_due_on(DUE, 14, DUE + timedelta(days=1)) == DUE
    assert current_due_on(DUE, 14, DUE) == DUE + timedelta(days=14)
    assert current_due_on(DUE, 28, date(2026, 1, 5)) == DUE + timedelta(days=28)
    assert not counts_as_told(DUE, None)


def test_the_draft_of_an_extension_comes_on_day_24():
    assert draft_extension_on(date(2026, 1, 1)) == date(2026, 1, 25)


def test_the_second_clock_counts_days_since_the_decision():
    assert days_waiting(date(2024, 2, 28), date(2024, 3, 1)) == 2
    assert days_waiting(DUE, DUE) == 0


def test_a_fixed_clock_stands_still_until_moved():
    clock = FixedClock(datetime(2026, 7, 15, 23, 30, tzinfo=AMSTERDAM))
    assert clock.now() == datetime(2026, 7, 15, 21, 30, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.today() == date(2026, 7, 15)
    clock.advance(timedelta(hours=1))
    assert clock.today() == date(2026, 7, 16)
    clock.set(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock.today() == date(2026, 1, 1)


def test_the_system_clock_runs_in_utc_and_can_be_offset():
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now <= datetime.now(UTC)
    ahead = SystemClock(timedelta(days=3))
    assert timedelta(days=2, hours=23) < ahead.now() - before < timedelta(days=3, hours=1)
    assert ahead.today() == receipt_date(ahead.now())


def test_weekdays_are_monday_to_friday():
    assert [is_weekday(date(2026, 1, 5 + number)) for number in range(7)] == [True] * 5 + [False] * 2
