"""Reads tables of a policy file key by key: a wrong value becomes a fault and a stand-in, never an exception."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from portal.domain.vocabulary import Level
from portal.policy.faults import Faults

CODE = re.compile(r"[a-z][a-z0-9_]*")  # codes are stored in records and appear in addresses and exports
NUMBER_LIMIT = 100_000
NO_DAY = date(1, 1, 1)  # stands in for a date that could not be read

MISSING = "required key is missing"
UNKNOWN_KEY = "unknown key"
NOT_A_TABLE = "must be a table"
NOT_A_TEXT = "must be a text"
NOT_A_NUMBER = "must be a whole number"
NOT_A_FLAG = "must be true or false"
NOT_A_DAY = "must be a date (YYYY-MM-DD)"
NOT_A_LIST = "must be a list"
EMPTY_TEXT = "must not be empty"
EMPTY_LIST = "must name at least one"
EMPTY_TABLE = "must hold at least one table"
BAD_CODE = "must be a code in small letters, digits and underscores"

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def text_fault(value: object) -> str:
    """Why a value is not a visible text; "" when it is one.

    A percent sign is refused because the catalogues' placeholders begin with it.
    """
    if not isinstance(value, str):
        return NOT_A_TEXT
    if not value.strip():
        return EMPTY_TEXT
    if value != value.strip():
        return "must not begin or end with a space"
    if not value.isprintable():
        return "must not hold line breaks or control characters"
    if "%" in value:
        return "must not hold a percent sign"
    return ""


def code_fault(value: object) -> str:
    if not isinstance(value, str):
        return NOT_A_TEXT
    if not value:
        return EMPTY_TEXT
    return "" if CODE.fullmatch(value) else BAD_CODE


def number_fault(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int):
        return NOT_A_NUMBER
    if value < 0:
        return "must not be negative"
    return "" if value <= NUMBER_LIMIT else f"must be at most {NUMBER_LIMIT}"


def day_fault(value: object) -> str:
    if isinstance(value, datetime) or not isinstance(value, date):
        return NOT_A_DAY
    return "" if 1990 <= value.year <= 2100 else "must lie between 1990 and 2100"


class Table:
    """One table of the file. Each key is taken once; `finish` reports the keys that nobody knows."""

    def __init__(self, values: object, path: str, faults: Faults) -> None:
        self.path = path
        self.faults = faults
        self.broken = not isinstance(values, Mapping)
        self.values: Mapping[str, object] = values if isinstance(values, Mapping) else {}
        self._taken: set[str] = set()
        if self.broken:
            faults.add(path, NOT_A_TABLE)

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, reason: str) -> None:
        self.faults.add(self.at(key), reason)

    def sound(self) -> bool:
        """Whether nothing at or below this table is at fault so far."""
        return not self.faults.within(self.path)

    def _has(self, key: str, required: bool) -> bool:
        self._taken.add(key)
        if key in self.values:
            return True
        if required and not self.broken:
            self.fault(key, MISSING)
        return False

    def _one(self, key: str, required: bool, why_not: Callable[[object], str], default: T) -> object:
        if not self._has(key, required):
            return default
        value = self.values[key]
        reason = why_not(value)
        if reason:
            self.fault(key, reason)
            return default
        return value

    def text(self, key: str, *, optional: bool = False) -> str:
        return str(self._one(key, not optional, text_fault, ""))

    def code(self, key: str) -> str:
        return str(self._one(key, True, code_fault, ""))

    def number(self, key: str) -> int:
        value = self._one(key, True, number_fault, 0)
        assert isinstance(value, int)
        return value

    def flag(self, key: str, *, optional: bool = True) -> bool:
        """False when an optional one is left out."""
        return bool(
            self._one(key, not optional, lambda value: "" if isinstance(value, bool) else NOT_A_FLAG, default=False)
        )

    def day(self, key: str) -> date:
        value = self._one(key, True, day_fault, NO_DAY)
        assert isinstance(value, date)
        return value

    def level(self, key: str) -> Level:
        """Stands in as the highest level, which asks most of whoever wants to see."""
        value = self._one(
            key,
            True,
            lambda value: number_fault(value) or ("" if value in set(Level) else "must be a level from 0 to 3"),
            Level.SECOND_CHANNEL,
        )
        assert isinstance(value, int)
        return Level(value)

    def one_of(self, key: str, allowed: type[E], stand_in: E) -> E:
        values = [str(member) for member in allowed]

        def why_not(value: object) -> str:
            if not isinstance(value, str):
                return NOT_A_TEXT
            return "" if value in values else f"must be one of: {', '.join(values)}"

        return allowed(str(self._one(key, True, why_not, stand_in)))

    def word(self, key: str, allowed: tuple[str, ...], *, optional: bool = False) -> str:
        def why_not(value: object) -> str:
            if not isinstance(value, str):
                return NOT_A_TEXT
            return "" if value in allowed else f"must be one of: {', '.join(allowed)}"

        return str(self._one(key, not optional, why_not, ""))

    def _many(self, key: str, required: bool, why_not: Callable[[object], str], *, some: bool) -> list[object]:
        """The sound entries of a list; `some` asks for at least one."""
        if not self._has(key, required):
            return []
        values = self.values[key]
        if not isinstance(values, list):
            self.fault(key, NOT_A_LIST)
            return []
        if some and not values:
            self.fault(key, EMPTY_LIST)
        sound: list[object] = []
        for place, value in enumerate(values):
            reason = why_not(value)
            if not reason and value in sound:
                reason = f"stands twice: {value}"
            if reason:
                self.fault(f"{key}[{place}]", reason)
            else:
                sound.append(value)
        return sound

    def texts(self, key: str, *, optional: bool = False) -> tuple[str, ...]:
        return tuple(str(value) for value in self._many(key, not optional, text_fault, some=not optional))

    def codes(self, key: str, *, some: bool = True, optional: bool = False) -> tuple[str, ...]:
        return tuple(str(value) for value in self._many(key, not optional, code_fault, some=some))

    def references(self, key: str) -> tuple[str, ...]:
        """Names of fields, as `person.email` or `person.*`."""

        def why_not(value: object) -> str:
            if not isinstance(value, str):
                return NOT_A_TEXT
            dataset, _, field = value.partition(".")
            if CODE.fullmatch(dataset) and (field == "*" or CODE.fullmatch(field)):
                return ""
            return "must be dataset.field or dataset.*"

        return tuple(str(value) for value in self._many(key, True, why_not, some=True))

    def numbers(self, key: str) -> tuple[int, ...]:
        return tuple(value for value in self._many(key, True, number_fault, some=True) if isinstance(value, int))

    def days(self, key: str) -> tuple[date, ...]:
        return tuple(value for value in self._many(key, False, day_fault, some=False) if isinstance(value, date))

    def list_of(self, key: str, allowed: type[E]) -> tuple[E, ...]:
        values = [str(member) for member in allowed]

        def why_not(value: object) -> str:
            if not isinstance(value, str):
                return NOT_A_TEXT
            return "" if value in values else f"must be one of: {', '.join(values)}"

        return tuple(allowed(str(value)) for value in self._many(key, True, why_not, some=True))

    def table(self, key: str) -> Table:
        if self._has(key, True):
            return Table(self.values[key], self.at(key), self.faults)
        absent = Table({}, self.at(key), self.faults)
        absent.broken = True  # one fault for the table, none for each of its keys
        return absent

    def tables(self, key: str, *, code: re.Pattern[str] = CODE) -> Iterator[tuple[str, Table]]:
        """The tables of a part, in the file's order, with their codes."""
        part = self.table(key)
        if not part.values and not part.broken:
            part.faults.add(part.path, EMPTY_TABLE)
        for name, values in part.values.items():
            if not code.fullmatch(name):
                part.fault(name, BAD_CODE)
            yield name, Table(values, part.at(name), self.faults)

    def items(self, key: str) -> Iterator[tuple[str, Table]]:
        """The tables of an optional list of tables, with their place as `key[0]`."""
        if not self._has(key, False):
            return
        values = self.values[key]
        if not isinstance(values, list):
            self.fault(key, NOT_A_LIST)
            return
        if not values:
            self.fault(key, EMPTY_LIST)
        for place, value in enumerate(values):
            name = f"{key}[{place}]"
            yield name, Table(value, self.at(name), self.faults)

    def finish(self) -> None:
        for key in self.values:
            if key not in self._taken:
                self.fault(key, UNKNOWN_KEY)
