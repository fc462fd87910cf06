from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portal.domain.clock import WarningKind, due_on, is_weekday, warnings

RECEIVED = date(2026, 1, 1)  # a Thursday
DUE = date(2026, 1, 29)  # a Thursday
DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def on(*pairs: tuple[str, str]) -> list[tuple[str, date]]:
    return [(kind, date.fromisoformat(day)) for kind, day in pairs]


def fallen_due(today: date, **options: object) -> list[tuple[str, date]]:
    found = warnings(RECEIVED, options.pop("due", DUE), today, is_weekday, **options)
    return [(warning.kind.value, warning.on) for warning in found]


def test_each_warning_falls_due_on_its_day():
    assert fallen_due(date(2026, 1, 14)) == []
    assert fallen_due(date(2026, 1, 15)) == on(("half_way", "2026-01-15"))
    assert fallen_due(DUE) == on(
        ("half_way", "2026-01-15"),
        ("seven_days", "2026-01-22"),
        ("draft_extension", "2026-01-25"),
        ("two_days", "2026-01-27"),
        ("due_today", "2026-01-29"),
    )


def test_once_overdue_staff_are_warned_each_working_day_and_the_student_told_once():
    late = fallen_due(date(2026, 2, 3))[5:]
    assert late == on(
        ("late_notice", "2026-01-30"),
        ("overdue", "2026-01-30"),
        ("overdue", "2026-02-02"),
        ("overdue", "2026-02-03"),
    )


def test_no_warning_of_being_overdue_on_a_holiday():
    holiday = date(2026, 1, 30)
    found = warnings(RECEIVED, DUE, date(2026, 2, 2), lambda day: is_weekday(day) and day != holiday)
    assert [warning.on for warning in found if warning.kind is WarningKind.OVERDUE] == [date(2026, 2, 2)]


def test_only_overdue_warnings_reach_the_director_and_only_the_late_notice_reaches_the_student():
    found = warnings(RECEIVED, DUE, date(2026, 2, 3), is_weekday)
    assert {warning.kind for warning in found if warning.escalates} == {WarningKind.OVERDUE}
    assert {warning.kind for warning in found if warning.for_student} == {WarningKind.LATE_NOTICE}


def test_an_extended_case_warns_by_its_new_date_and_keeps_its_half_way():
    due = date(2026, 2, 12)
    assert fallen_due(date(2026, 2, 12), due=due, original_due=DUE) == on(
        ("half_way", "2026-01-15"),
        ("seven_days", "2026-02-05"),
        ("two_days", "2026-02-10"),
        ("due_today", "2026-02-12"),
    )


def test_another_policy_may_name_other_days():
    assert fallen_due(date(2026, 1, 20), before=(10, 3), draft_day=18) == on(
        ("half_way", "2026-01-15"), ("days_before", "2026-01-19"), ("draft_extension", "2026-01-19")
    )


def test_no_warning_lies_before_receipt_and_no_draft_after_the_due_date():
    found = warnings(RECEIVED, RECEIVED + timedelta(days=5), RECEIVED + timedelta(days=5), is_weekday)
    assert [warning.kind.value for warning in found] == ["half_way", "two_days", "due_today"]


def test_a_warning_says_how_many_days_were_left_on_its_day():
    found = warnings(RECEIVED, DUE, date(2026, 1, 30), is_weekday)
    assert [(warning.kind.value, warning.days_left) for warning in found] == [
        ("half_way", 14),
        ("seven_days", 7),
        ("draft_extension", 4),
        ("two_days", 2),
        ("due_today", 0),
        ("late_notice", -1),
        ("overdue", -1),
    ]


@given(received=DATES, runs=st.lists(st.integers(0, 45), min_size=1, max_size=8), last=st.integers(30, 45))
def test_missed_and_repeated_runs_send_each_warning_exactly_once(received, runs, last):
    """Whatever days the job ran on, in whatever order, the sent keys are those of one job that ran every day."""
    due = due_on(received)

    def run(days: list[int]) -> list[str]:
        sent: list[str] = []
        for number in days:
            today = received + timedelta(days=number)
            fresh = [each.key for each in warnings(received, due, today, is_weekday) if each.key not in sent]
            sent.extend(fresh)
        return sent

    horizon = max(last, *runs)
    patchy = run([*runs, horizon, horizon])
    assert sorted(patchy) == sorted(run(list(range(horizon + 1))))
    assert len(patchy) == len(set(patchy))


@given(received=DATES, days=st.integers(0, 60))
def test_nothing_is_warned_of_before_its_day(received, days):
    today = received + timedelta(days=days)
    found = warnings(received, due_on(received), today, is_weekday)
    assert all(received <= warning.on <= today for warning in found)
    weekdays_late = sum((received + timedelta(days=number)).isoweekday() < 6 for number in range(29, days + 1))
    assert sum(warning.kind is WarningKind.OVERDUE for warning in found) == weekdays_late


@given(received=DATES, days=st.integers(1, 28))
def test_an_extension_repeats_no_warning_that_was_sent_before_it_but_those_of_the_new_date(received, days):
    due, extended = due_on(received), due_on(received) + timedelta(days=days)
    before = {warning.key for warning in warnings(received, due, due, is_weekday)}
    after = warnings(received, extended, extended, is_weekday, original_due=due)
    again = {warning.kind for warning in after if warning.key not in before}
    assert again <= {WarningKind.SEVEN_DAYS, WarningKind.TWO_DAYS, WarningKind.DUE_TODAY}
