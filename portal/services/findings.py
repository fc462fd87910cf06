"""What an examination of an installation finds."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, WARNING, BAD = "good", "warning", "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`grade` is good, warning (works, but look at it) or bad; `advice` says what to do."""

    check: str
    grade: str
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.__slots__}
