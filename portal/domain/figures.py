"""What the school can show of its requests: from the tallies of the database to figures.

A tally is a group of like cases and how many there are. An answer is in time on or before the day that was promised;
days run from the receipt (not counted) to the answer, weekends included. A withdrawal of consent takes effect at once,
so it has no term and counts in no figure about time. A case that was taken up again counts as not answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from portal.domain.lifecycle import CaseState
from portal.domain.percentiles import MEDIAN, NINETIETH, percentile
from portal.domain.periods import Period
from portal.domain.rights import right
from portal.domain.vocabulary import Outcome, RequestKind

Month = tuple[int, int]
Key = TypeVar("Key")
ANSWER_BANDS = ((0, 7), (8, 14), (15, 21), (22, 28), (29, 56), (57, None))  # days from receipt to answer
DONE_BANDS = ((0, 0), (1, 7), (8, 14), (15, 28), (29, None))  # days from answer to carried out
LATE_BANDS = ((1, 7), (8, 14), (15, 28), (29, None))  # days past the promised day
Band = tuple[int, int | None]
OTHERWISE = (CaseState.TAKEN_BACK, CaseState.DUPLICATE, CaseState.ABUSE)


@dataclass(frozen=True, slots=True)
class Received:
    month: Month
    kind: RequestKind
    count: int


@dataclass(frozen=True, slots=True)
class Answered:
    month: Month
    kind: RequestKind
    days: int
    in_time: bool
    extended: bool
    outcome: Outcome
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """Parts of requests, each decided by itself; `ground` where one was refused, whole or in part."""

    outcome: Outcome
    ground: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Tallies:
    """All that the database counted. `done` and `late` count by days, `waiting` by the day of the answer."""

    received: tuple[Received, ...] = ()
    answered: tuple[Answered, ...] = ()
    parts: tuple[Part, ...] = ()
    done: Mapping[int, int] = field(default_factory=dict)
    open_by_due: Mapping[date, int] = field(default_factory=dict)
    waiting: Mapping[date, int] = field(default_factory=dict)
    otherwise: Mapping[CaseState, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Speed:
    """How many, and in how many days: half of them within `median`, nine of ten within `ninetieth`."""

    count: int
    median: int | None
    ninetieth: int | None

    @classmethod
    def of(cls, days: Mapping[int, int]) -> Speed:
        return cls(sum(days.values()), percentile(days, MEDIAN), percentile(days, NINETIETH))


@dataclass(frozen=True, slots=True)
class OfKind:
    """One right. `answered` are those with a term; `speed` is theirs."""

    kind: RequestKind
    received: int
    in_time: int
    late: int
    extended: int
    speed: Speed

    @property
    def answered(self) -> int:
        return self.in_time + self.late


@dataclass(frozen=True, slots=True)
class Figures:
    period: Period
    on: date  # the day on which what is open was counted
    received: int
    received_by_month: Mapping[Month, int]
    answered_by_month: Mapping[Month, tuple[int, int]]  # in time, late
    kinds: tuple[OfKind, ...]
    in_time: int
    late: int
    extended: int
    speed: Speed
    answer_bands: Mapping[Band, int]
    outcomes: Mapping[Outcome, int]
    parts: Mapping[Outcome, int]
    grounds: Mapping[str, int]
    done: Speed
    done_bands: Mapping[Band, int]
    open: int
    overdue: int
    overdue_bands: Mapping[Band, int]
    most_overdue: int  # days; 0 where nothing is
    waiting: int
    longest_waiting: int  # days
    otherwise: Mapping[CaseState, int]

    @property
    def answered(self) -> int:
        return self.in_time + self.late

    @property
    def share_in_time(self) -> int | None:
        return share(self.in_time, self.answered)


def share(part: int, whole: int) -> int | None:
    """Whole per cent, rounded down: 100 means all of them."""
    return part * 100 // whole if whole else None


def figures(period: Period, on: date, tallies: Tallies) -> Figures:
    timed = [each for each in tallies.answered if right(each.kind).has_clock]
    late_by = {(on - due).days: count for due, count in tallies.open_by_due.items() if due < on}
    waited = [(on - decided).days for decided in tallies.waiting]
    days = _sum((each.days, each.count) for each in timed)
    months: dict[Month, list[int]] = {month: [0, 0] for month in period.months}
    for each in timed:
        months[each.month][0 if each.in_time else 1] += each.count
    in_time = sum(each.count for each in timed if each.in_time)
    by_month = _sum((each.month, each.count) for each in tallies.received)
    return Figures(
        period=period,
        on=on,
        received=sum(by_month.values()),
        received_by_month={month: by_month[month] for month in period.months},
        answered_by_month={month: (early, late) for month, (early, late) in months.items()},
        kinds=tuple(_of_kind(kind, tallies.received, timed) for kind in RequestKind),
        in_time=in_time,
        late=sum(each.count for each in timed) - in_time,
        extended=sum(each.count for each in timed if each.extended),
        speed=Speed.of(days),
        answer_bands=banded(days, ANSWER_BANDS),
        outcomes={code: sum(each.count for each in timed if each.outcome is code) for code in Outcome},
        parts={code: sum(each.count for each in tallies.parts if each.outcome is code) for code in Outcome},
        grounds=_sum((each.ground, each.count) for each in tallies.parts if each.ground),
        done=Speed.of(tallies.done),
        done_bands=banded(tallies.done, DONE_BANDS),
        open=sum(tallies.open_by_due.values()),
        overdue=sum(late_by.values()),
        overdue_bands=banded(late_by, LATE_BANDS),
        most_overdue=max(late_by, default=0),
        waiting=sum(tallies.waiting.values()),
        longest_waiting=max(waited, default=0),
        otherwise={state: tallies.otherwise.get(state, 0) for state in OTHERWISE},
    )


def _of_kind(kind: RequestKind, received: Iterable[Received], timed: Iterable[Answered]) -> OfKind:
    own = [each for each in timed if each.kind is kind]
    return OfKind(
        kind=kind,
        received=sum(each.count for each in received if each.kind is kind),
        in_time=sum(each.count for each in own if each.in_time),
        late=sum(each.count for each in own if not each.in_time),
        extended=sum(each.count for each in own if each.extended),
        speed=Speed.of(_sum((each.days, each.count) for each in own)),
    )


def banded(days: Mapping[int, int], bands: Iterable[Band]) -> dict[Band, int]:
    """How many lie in each band, both ends included."""
    return {
        (least, most): sum(count for day, count in days.items() if least <= day and (most is None or day <= most))
        for least, most in bands
    }


def band_code(band: Band) -> str:
    """As it stands in files: "8-14", "29-" for 29 and more."""
    least, most = band
    return f"{least}-{'' if most is None else most}"


def _sum(pairs: Iterable[tuple[Key, int]]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for key, count in pairs:
        found[key] += count
    return found
