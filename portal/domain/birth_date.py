"""Birth dates that may lack their day or month, as many newcomers' papers do ("00-00-1985").

Kept as "YYYY-MM-DD" with 00 for what is unknown, and never completed by guessing.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from portal.domain.digits import western_digits, without_marks
from portal.domain.refusal import Refused

EARLIEST, LATEST = 1880, 2100  # other years are a slip, or another calendar
_SEPARATOR = re.compile(r"[\s\-/.,\u2010-\u2015\u2212\u060c\u061b]+")


class NotABirthDate(Refused):
    """The text cannot be read as a birth date. `code` is "birth_date_unreadable" or "birth_date_impossible"."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date whose month and day may be unknown (0). NotABirthDate when it cannot exist."""

    year: int
    month: int = 0
    day: int = 0

    def __post_init__(self) -> None:
        if not EARLIEST <= self.year <= LATEST or (self.day and not self.month):
            raise NotABirthDate("birth_date_impossible")
        try:
            date(self.year, self.month or 1, self.day or 1)
        except ValueError:
            raise NotABirthDate("birth_date_impossible") from None

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    @property
    def dutch(self) -> str:
        """As Dutch papers write it: "00-00-1985"."""
        return f"{self.day:02}-{self.month:02}-{self.year:04}"

    @property
    def is_complete(self) -> bool:
        return bool(self.month and self.day)

    @property
    def may_be_unknown(self) -> bool:
        """Whether the day is unknown, or is the first of January that registers fill in for an unknown one."""
        return not self.is_complete or (self.month, self.day) == (1, 1)

    def age(self, on: date) -> int:
        """The whole years certainly reached on a date: an unknown day counts as the last one possible.

        Somebody born on 29 February turns a year older on 1 March where there is no such day.
        """
        return _completed(self.latest, on)

    def age_at_most(self, on: date) -> int:
        """The whole years possibly reached: an unknown day counts as the first one possible."""
        return _completed(self.earliest, on)

    @property
    def earliest(self) -> date:
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])


def _completed(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def parse(text: str) -> PartialDate:
    """A birth date as people and exports write it, in digits of any script; or NotABirthDate.

    Day first ("3-1-1999", "00/00/1985", "03011999"), year first ("1985-00-00"), month and year ("05-1985"), or the year
    alone. A year has four digits: "85" would be a guess.
    """
    plain = western_digits(without_marks(text)).strip()
    parts = [part for part in _SEPARATOR.split(plain) if part]
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:2], parts[0][2:4], parts[0][4:]]
    if not 1 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise NotABirthDate("birth_date_unreadable")
    if len(parts[0]) != 4:
        parts.reverse()
    if len(parts[0]) != 4 or any(len(part) > 2 for part in parts[1:]):
        raise NotABirthDate("birth_date_unreadable")
    return PartialDate(*(int(part) for part in parts))


def matches(entered: PartialDate, on_file: PartialDate) -> bool:
    """Whether what somebody typed fits what is on file, safe for unknown birth days.

    What is unknown on file fits any day or month of that year, since papers differ on it. A first of January on file
    may stand for an unknown day, so it also fits the year alone. A full date on file fits nothing but itself.
    """
    if entered.year != on_file.year:
        return False
    if on_file.is_complete:
        alone = not entered.month and not entered.day
        return entered == on_file or (alone and on_file.may_be_unknown)
    return on_file.month in (0, entered.month)
