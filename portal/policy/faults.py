"""What is wrong with a policy file: every fault at once, each with its file, key and reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Found = Iterator[tuple[str, str]]  # (key, reason) of faults


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """One fault. `key` is the path of the TOML key, as `dataset.person.field.bsn.level`; "" for the file as a whole.

    `line` counts from 1 and is where the key, or else the nearest table around it, stands; 0 when that is unknown.
    """

    file: str
    key: str
    reason: str
    line: int = 0

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.file}: {self.key or 'file'}: {self.reason}{where}"


class PolicyError(Exception):
    """The file is incomplete or contradicts itself; `faults` holds all that was found."""

    def __init__(self, faults: Iterable[PolicyFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Faults:
    """Collects faults while a file is read, so that one run names them all."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], None] = {}

    def add(self, key: str, reason: str) -> None:
        self._found.setdefault((key, reason))

    def within(self, path: str) -> bool:
        """Whether something at or below this key is at fault: what depends on it need not be checked further."""
        return any(key == path or key.startswith((f"{path}.", f"{path}[")) for key, _ in self._found)

    def unread(self, part: str, key: str) -> bool:
        """Whether a part is missing or a table of it has a faulty `key`: then nothing can be called unused by it."""
        pattern = re.compile(rf"{part}(\..*\.{key}(\[\d+\])?)?")
        return any(pattern.fullmatch(found) for found, _ in self._found)

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._found)


def twice(values: Iterable[str]) -> list[str]:
    """The values that stand more than once; empty ones do not count."""
    return [value for value, count in Counter(values).items() if value and count > 1]
