"""Spreadsheets (XLSX) as streams of cells, with openpyxl's parser; archives that are traps are refused unopened.

openpyxl's own row iterator keeps something of every row it has passed and reads a sheet once more for its size, so its
parser is driven here row by row. A formula is the text of the formula: nothing in an export is carried out.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from portal.intake.cells import MAX_COLUMNS, MIB, BrokenRow, Cell, Progress, SourceRow, column_name
from portal.intake.faults import StructuralFault

MAX_UNPACKED_BYTES = 2048 * MIB
MAX_SHARED_STRINGS_BYTES = 128 * MIB  # a spreadsheet's distinct texts are held in memory
MAX_RATIO = 200  # unpacked to packed, of a part over 8 MiB; honest sheets stay under 60
MAX_PARTS = 2000
MAX_SHEET_ROWS = 1_048_576  # of the format

_ROOT = re.compile(rb"<[A-Za-z_]")
_NO_ELEMENT = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)


def open_sheet(path: Path, name: str, sheet: str) -> tuple[str, list[str]]:
    """The title and the header of a sheet (the first when `sheet` is ""). Raises StructuralFault."""
    _check_zip(path, name)
    with _book(path, name) as book:
        title, part = _page(book, name, sheet)
        try:
            number, cells = next(_numbered(book, part), (1, []))
        except Exception as error:  # openpyxl raises whatever its XML made it stumble over
            raise StructuralFault(name, "", "not_xlsx") from error
    found = {cell["column"]: column_name(cell["value"]) for cell in cells if number == 1}
    width = max((column for column, text in found.items() if text), default=0)
    if not width:
        raise StructuralFault(name, "", "empty_file")
    return title, [found.get(column, "") for column in range(1, min(width, MAX_COLUMNS + 1) + 1)]


def sheet_rows(
    path: Path, name: str, title: str, width: int, progress: Progress | None
) -> Iterator[SourceRow | BrokenRow]:
    """All rows below the first, cut to `width` cells. Raises StructuralFault where the sheet breaks off."""
    with _book(path, name) as book:
        rows = _numbered(book, _page(book, name, title)[1])
        while True:
            try:
                number, cells = next(rows)
            except StopIteration:
                return
            except Exception as error:  # openpyxl raises whatever its XML made it stumble over
                raise StructuralFault(name, "", "not_xlsx") from error
            if number > MAX_SHEET_ROWS:
                raise StructuralFault(name, "", "too_many_rows")
            if progress is not None and not number & 1023:
                progress(0)
            if number == 1:
                continue
            values: list[Cell] = [None] * width
            beyond = False
            for cell in cells:
                if cell["value"] is None or cell["value"] == "":
                    continue
                if cell["column"] > width:
                    beyond = True
                else:
                    values[cell["column"] - 1] = _plain(cell["value"])
            if beyond:
                yield BrokenRow(name, number, "cell_count")
            elif any(value is not None for value in values):
                yield SourceRow(name, number, tuple(values))


def _check_zip(path: Path, name: str) -> None:
    """Declared sizes bound what `zipfile` unpacks, so checking them is enough; then every part is unpacked once."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
                raise StructuralFault(name, "", "zip_bomb")
            for part in parts:
                if part.file_size > 8 * MIB and part.file_size > MAX_RATIO * max(part.compress_size, 1):
                    raise StructuralFault(name, "", "zip_bomb")
                if part.filename.lower().endswith("sharedstrings.xml") and part.file_size > MAX_SHARED_STRINGS_BYTES:
                    raise StructuralFault(name, "", "zip_bomb")
                _check_part(archive, part, name)
    except StructuralFault:
        raise
    except Exception as error:  # zipfile's, zlib's, the system's
        raise StructuralFault(name, "", "not_xlsx") from error


def _check_part(archive: zipfile.ZipFile, part: zipfile.ZipInfo, name: str) -> None:
    """Unpack once (checksums), and refuse document types: entities are how XML grows or reads files."""
    with archive.open(part) as handle:
        head = handle.read(65536)
        if part.filename.lower().endswith((".xml", ".rels")):
            if (
                head[:2] in (b"\xff\xfe", b"\xfe\xff")
                or b"\0" in head[:64]
                or b"<!DOCTYPE" in head
                or b"<!ENTITY" in head
            ):
                raise StructuralFault(name, "", "xml_entities")
            if not _ROOT.search(_NO_ELEMENT.sub(b"", head)):  # else a document type could follow a long comment
                raise StructuralFault(name, "", "not_xlsx")
        while handle.read(MIB):
            pass


@contextmanager
def _book(path: Path, name: str) -> Iterator[Any]:
    """openpyxl's reader after all but the sheets have been read."""
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.styles.stylesheet import apply_stylesheet

    with path.open("rb") as handle:  # ours to close: openpyxl leaves a file it cannot read open
        try:
            book = ExcelReader(handle, read_only=True, keep_links=False)
            book.read_manifest()
            book.read_strings()
            book.read_workbook()
            apply_stylesheet(book.archive, book.wb)  # it says which numbers are dates
        except Exception as error:  # openpyxl raises whatever its XML made it stumble over
            raise StructuralFault(name, "", "not_xlsx") from error
        try:
            yield book
        finally:
            book.archive.close()


def _page(book: Any, name: str, sheet: str) -> tuple[str, str]:
    """The title of a sheet and its part of the archive."""
    try:
        pages = [(page.name, rel.target) for page, rel in book.parser.find_sheets() if "chartsheet" not in rel.Type]
    except Exception as error:  # as above
        raise StructuralFault(name, "", "not_xlsx") from error
    for title, part in pages:
        if part in book.valid_files and sheet in ("", title):
            return title, part
    raise StructuralFault(name, sheet, "sheet_missing")


def _numbered(book: Any, part: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Number and filled cells of each row; a row that has passed is let go."""
    from openpyxl.worksheet._reader import DATA_TAG, ROW_TAG, WorkSheetParser
    from openpyxl.xml.functions import iterparse

    with book.archive.open(part) as source:
        parser = WorkSheetParser(
            source,
            book.shared_strings,
            data_only=False,
            epoch=book.wb.epoch,
            date_formats=book.wb._date_formats,
            timedelta_formats=book.wb._timedelta_formats,
        )
        sheet_data = None
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                sheet_data = element if element.tag == DATA_TAG else sheet_data
            elif element.tag == ROW_TAG and sheet_data is not None:
                yield parser.parse_row(element)
                sheet_data.clear()


def _plain(value: Any) -> Cell:
    """The value as it stands, or the text of a formula that spans cells."""
    if value is None or isinstance(value, str | int | float | bool | date | datetime | time | timedelta):
        return value
    return str(getattr(value, "text", None) or "=")
