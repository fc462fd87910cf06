"""What files of any form are cut into, and the limits they share."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

Cell = str | int | float | bool | date | datetime | time | timedelta | None
Progress = Callable[[int], None]

MIB = 1024 * 1024
MAX_COLUMNS = 1000


class SourceRow(NamedTuple):
    """One record: `line` is the physical line of its start (CSV) or the row number (XLSX), `cells` follow `columns`."""

    file: str
    line: int
    cells: tuple[Cell, ...]


class BrokenRow(NamedTuple):
    """A record that cannot be cut into cells; `reason` is a code of reasons.ROWS."""

    file: str
    line: int
    reason: str


def column_name(cell: Cell) -> str:
    """A header cell as it is compared: one form of accents, single blanks."""
    return " ".join(unicodedata.normalize("NFC", str(cell if cell is not None else "")).split())
