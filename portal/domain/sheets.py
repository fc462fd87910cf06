"""Cells that no spreadsheet takes for a formula (ASVS 1.2.10)."""

from __future__ import annotations

QUOTE = "'"
# What a formula begins with, and the quote itself, so that a quoted text reads back as it was.
RISKY = tuple("=+-@\t\r\n\0" + QUOTE)


def quoted(text: str) -> str:
    """The text of a cell as it is written: with a quote before what could be a formula."""
    return QUOTE + text if text.startswith(RISKY) else text


def unquoted(cell: str) -> str:
    """The text of a cell that `quoted` wrote."""
    return cell[1:] if cell.startswith(QUOTE) else cell
