"""When something runs: every so often, or once a day from a time in Amsterdam on. Moments are aware and arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from portal.domain.clock import AMSTERDAM

ASKED = timedelta(minutes=5)  # how often a daily job is asked whether it still has to run
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """`noted`: whether the end of each run is kept in a row; not for what runs every few seconds."""

    name: str
    every: timedelta | None = field(default=None, kw_only=True)
    daily_at: time | None = field(default=None, kw_only=True)
    noted: bool = field(default=True, kw_only=True)

    @property
    def interval(self) -> timedelta:
        """How often a runner calls it."""
        return self.every or ASKED

    def next_run(self, last: datetime | None, now: datetime) -> datetime:
        """When it is due after its last run that ended well; `now` when it is due already."""
        if self.daily_at is not None:
            return now if still_to_run(self.daily_at, last, now) else _tomorrow(last_time(self.daily_at, now))
        return now if last is None else max(now, last + self.interval)


def still_to_run(at: time, last: datetime | None, now: datetime) -> bool:
    """Whether a daily job has not ended well since its time last came; a run in the future (of a clock that was put
    back since) does not count."""
    return last is None or not last_time(at, now) <= last <= now


def last_time(at: time, now: datetime) -> datetime:
    """When it was that time in Amsterdam last."""
    today = datetime.combine(now.astimezone(AMSTERDAM), at, AMSTERDAM)
    return today if today <= now else datetime.combine(today.date() - DAY, at, AMSTERDAM)


def _tomorrow(moment: datetime) -> datetime:
    """The same time of day, whatever the length of the day between."""
    return datetime.combine(moment.date() + DAY, moment.timetz())
