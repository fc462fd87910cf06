"""The clock of a request (regulation, art. 9.5; GDPR 12(3)).

Dates are whole days in Europe/Amsterdam; a term runs to the end of its last day. Nothing here reads the time by itself
but `SystemClock`: today and the working days are arguments. A working day is told by a function of a date, so that the
holidays may come from anywhere.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from portal.domain.refusal import Refused

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ANSWER_DAYS = 28  # regulation, art. 9.5: four weeks
EXTENSION_DAYS = 28  # regulation, art. 9.5: at most four weeks more
EXTENSION_DRAFT_DAY = 24
MOST_DAYS = 120  # from receipt to the last day that any school may promise, extension included: lists rely on it
WARN_DAYS_BEFORE = (7, 2, 0)

WorkingDay = Callable[[date], bool]
_SATURDAY = 5


class OutOfTerm(Refused):
    """An extension of fewer than one day or more days than the regulation gives."""


class Clock(Protocol):
    """What time it is, for whoever acts."""

    def now(self) -> datetime:
        """An aware moment in UTC."""

    def today(self) -> date:
        """The date of `now` in Amsterdam."""


class SystemClock:
    """The machine's clock; `offset` moves it for the demonstration and for support ("as of")."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        return receipt_date(self.now())


class FixedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.set(at)

    def set(self, at: datetime) -> None:
        """Stand at `at`, an aware moment (ValueError when it has no zone)."""
        _demand_zone(at)
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self._at += by

    def now(self) -> datetime:
        return self._at

    def today(self) -> date:
        return receipt_date(self._at)


def _demand_zone(at: datetime) -> None:
    if at.utcoffset() is None:
        raise ValueError("a moment needs its time zone")


def receipt_date(at: datetime) -> date:
    """The date in Amsterdam of an aware moment: 23:59 there still counts for that day. ValueError without a zone."""
    _demand_zone(at)
    return at.astimezone(AMSTERDAM).date()


def due_on(received: date, days: int = ANSWER_DAYS) -> date:
    """The last day of the term; the day of receipt is not counted, weekends and holidays are."""
    return received + timedelta(days=days)


def extended_due_on(due: date, days: int, most: int = EXTENSION_DAYS) -> date:
    """The due date moved by 1 to `most` days, counted from the original one (regulation, art. 9.5). Or `OutOfTerm`."""
    if not 1 <= days <= most:
        raise OutOfTerm("extension_out_of_term", days=days, most=most)
    return due + timedelta(days=days)


def may_extend(due: date, today: date, already_extended: bool, decided: bool) -> None:
    """Nothing, or why the term cannot be extended: once, undecided, on or before the original due date."""
    if decided:
        raise Refused("extension_already_decided")
    if already_extended:
        raise Refused("extension_already_used")
    if today > due:
        raise Refused("extension_too_late", due=due)


def counts_as_told(due: date, told_on: date | None) -> bool:
    """Whether an extension counts: the student was told on or before the original due date (GDPR 12(3)).

    `told_on` is the day on which the notice stood in the portal and the mail server took the mail, or on which a letter
    was posted; None while neither happened.
    """
    return told_on is not None and told_on <= due


def current_due_on(due: date, extension_days: int | None, told_on: date | None) -> date:
    """The date that binds: the original one until the student has been told in time of an extension."""
    if extension_days is None or not counts_as_told(due, told_on):
        return due
    return extended_due_on(due, extension_days, most=max(extension_days, 1))


def law_limit(received: date, extended: bool = False, is_working_day: WorkingDay | None = None) -> date:
    """The law's own last day: one month, or three when extended (GDPR 12(3)).

    Regulation (EEC, Euratom) 1182/71, art. 3(2)(c): the same date of the later month, or that month's last day where it
    lacks the date; art. 3(4): on a Saturday, Sunday or public holiday it runs to the end of the next working day. Pass
    public holidays only: a school's own closing days do not move the law. Without a function only weekends move it.
    """
    months = received.year * 12 + received.month - 1 + (3 if extended else 1)
    year, month = months // 12, months % 12 + 1
    last = date(year, month, min(received.day, calendar.monthrange(year, month)[1]))
    return _nearest_working_day(last, is_working_day or is_weekday, timedelta(days=1))


def is_weekday(day: date) -> bool:
    """Monday to Friday: the working days where no holidays are known."""
    return day.weekday() < _SATURDAY


def internal_target(due: date, is_working_day: WorkingDay) -> date:
    """The last working day on or before the due date: what the office works towards."""
    return _nearest_working_day(due, is_working_day, timedelta(days=-1))


def _nearest_working_day(day: date, is_working_day: WorkingDay, stride: timedelta) -> date:
    for _ in range(366):
        if is_working_day(day):
            return day
        day += stride
    raise ValueError("a year without a working day")


def days_left(due: date, today: date) -> int:
    """Whole days until the due date; 0 on the day itself, negative once overdue."""
    return (due - today).days


def is_overdue(due: date, today: date) -> bool:
    return today > due


def days_waiting(decided_on: date, today: date) -> int:
    """The second clock: whole days since the decision, for what waits to be carried out (regulation, art. 9.6)."""
    return (today - decided_on).days


def draft_extension_on(received: date, day: int = EXTENSION_DRAFT_DAY) -> date:
    """When an undecided case gets the filled-in draft of an extension; the draft never sends itself."""
    return received + timedelta(days=day)


class WarningKind(StrEnum):
    HALF_WAY = "half_way"
    SEVEN_DAYS = "seven_days"
    TWO_DAYS = "two_days"
    DAYS_BEFORE = "days_before"  # another number of days that a policy names
    DRAFT_EXTENSION = "draft_extension"
    DUE_TODAY = "due_today"
    LATE_NOTICE = "late_notice"  # to the student, once
    OVERDUE = "overdue"  # each working day, to the director too


_KIND_OF_DAYS = {7: WarningKind.SEVEN_DAYS, 2: WarningKind.TWO_DAYS, 0: WarningKind.DUE_TODAY}


@dataclass(frozen=True, slots=True, order=True)
class DueWarning:
    """A warning that fell due on a day; `key` is the same in every run, so that none is sent twice."""

    on: date
    kind: WarningKind
    days_left: int  # on that day; negative once overdue

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.on.isoformat()}"

    @property
    def escalates(self) -> bool:
        """Whether the director is told too."""
        return self.kind is WarningKind.OVERDUE

    @property
    def for_student(self) -> bool:
        return self.kind is WarningKind.LATE_NOTICE


def warnings(
    received: date,
    due: date,
    today: date,
    is_working_day: WorkingDay,
    before: tuple[int, ...] = WARN_DAYS_BEFORE,
    *,
    original_due: date | None = None,
    draft_day: int = EXTENSION_DRAFT_DAY,
) -> list[DueWarning]:
    """All warnings of an undecided case that have fallen due up to and including `today`, oldest first.

    `due` is the date that binds now; `original_due` is the first one where the case was extended: half-way keeps to it
    (and to its key), and there is no second draft of an extension. A missed run loses none: the caller sends those
    whose `key` it has not sent before. Do not ask for a decided case: it needs no warning.
    """
    first_due = original_due or due
    found = [_warning(received + timedelta(days=(first_due - received).days // 2), WarningKind.HALF_WAY, due)]
    for days in before:
        kind = _KIND_OF_DAYS.get(days, WarningKind.DAYS_BEFORE)
        found.append(_warning(due - timedelta(days=days), kind, due))
    draft = draft_extension_on(received, draft_day)
    if first_due == due and draft <= due:
        found.append(_warning(draft, WarningKind.DRAFT_EXTENSION, due))
    if today > due:
        found.append(_warning(due + timedelta(days=1), WarningKind.LATE_NOTICE, due))
    late = (due + timedelta(days=number) for number in range(1, (today - due).days + 1))
    found.extend(_warning(day, WarningKind.OVERDUE, due) for day in late if is_working_day(day))
    return sorted(warning for warning in set(found) if received <= warning.on <= today)


def _warning(on: date, kind: WarningKind, due: date) -> DueWarning:
    return DueWarning(on, kind, (due - on).days)
