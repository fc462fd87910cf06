"""Tables for spreadsheets: CSV and XLSX in which no cell is run as a formula (ASVS 1.2.10)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO, StringIO

from portal.domain.sheets import quoted

_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Cell = str | int | date | None


def sheet_text(text: str) -> str:
    """The text of a workbook's cell, quoted, without the characters that its format cannot hold."""
    return quoted(_NOT_IN_XML.sub("", text))


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as spreadsheets of a Dutch office open it; dates as 2026-12-31."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([quoted(each) for each in head])
    for row in rows:
        writer.writerow([_text(each) for each in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, int) else quoted(cell.replace("\0", ""))


def as_xlsx(title: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet with a frozen head; numbers and dates are numbers and dates, everything else is text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for number in range(len(head)):
        sheet.column_dimensions[chr(ord("A") + number)].width = 18
    first = []
    for each in head:
        cell = WriteOnlyCell(sheet, value=quoted(each))
        cell.font = Font(bold=True)
        first.append(cell)
    sheet.append(first)
    for row in rows:
        sheet.append([sheet_text(each) if isinstance(each, str) else each for each in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
