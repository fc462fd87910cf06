"""Files of an export as streams of cells: CSV and XLSX, told apart and decoded by their content.

Every check that needs no row (size, encoding, delimiter, header, zip bombs) is made by `open_table`, before a first row
is read. Reading holds one record at a time; a spreadsheet also holds its distinct texts, as the format demands.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import stat
import unicodedata
import zipfile
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TextIO

from portal.intake.faults import StructuralFault

Cell = str | int | float | bool | date | datetime | time | timedelta | None

MIB = 1024 * 1024
MAX_CSV_BYTES = 4096 * MIB
MAX_XLSX_BYTES = 256 * MIB
MAX_UNPACKED_BYTES = 2048 * MIB
MAX_SHARED_STRINGS_BYTES = 128 * MIB  # a spreadsheet's distinct texts are held in memory
MAX_RATIO = 200  # unpacked to packed, of a part over 8 MiB; honest sheets stay under 60
MAX_PARTS = 2000
MAX_LINE_BYTES = MIB
MAX_RECORD_LINES = 200  # a quoted field may hold line ends; a forgotten quote would swallow the file
MAX_SHEET_ROWS = 1_048_576  # of the format
MAX_COLUMNS = 1000
DELIMITERS = (";", ",", "\t")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEPARATOR = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)  # Excel's own hint
_ROOT = re.compile(rb"<[A-Za-z_]")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")

Progress = Callable[[int], None]


class SourceRow(NamedTuple):
    """One record: `line` is the physical line of its start (CSV) or the row number (XLSX), `cells` follow `columns`."""

    file: str
    line: int
    cells: tuple[Cell, ...]


class BrokenRow(NamedTuple):
    """A record that cannot be cut into cells; `reason` is a code of faults.ROWS."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file found readable. `size` is in bytes; `encoding` and `delimiter` are "" for a spreadsheet."""

    path: Path
    name: str
    columns: tuple[str, ...]
    size: int
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    head: int = 1  # records before the first row: the header, and before it a line "sep=;" where there is one

    @property
    def spreadsheet(self) -> bool:
        return not self.encoding

    def rows(self, progress: Progress | None = None) -> Iterator[SourceRow | BrokenRow]:
        """All records after the header. `progress` is called now and then with the bytes read of this file."""
        return _sheet_rows(self, progress) if self.spreadsheet else _csv_rows(self, progress)


def column_name(cell: Cell) -> str:
    """A header cell as it is compared: one form of accents, single blanks."""
    return " ".join(unicodedata.normalize("NFC", str(cell if cell is not None else "")).split())


def regular_file(folder: Path, name: str) -> Path:
    """The path of a file directly inside the folder, or a StructuralFault: no links, no way out of the folder."""
    if not name or name != Path(name).name or "\\" in name or "\0" in name or name.startswith("."):
        raise StructuralFault(name, "", "unsafe_name")
    path = folder / name
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise StructuralFault(name, "", "file_missing") from error
    if not stat.S_ISREG(mode):
        raise StructuralFault(name, "", "not_regular_file")
    return path


def open_table(folder: Path, name: str, wanted: Collection[str], sheet: str = "") -> Table:
    """Look at a file's form and header. `wanted` are the columns a mapping names; they tell the delimiter.

    Raises StructuralFault; a missing column is not one here, for a mapping knows which may be absent.
    """
    path = regular_file(folder, name)
    size = path.stat().st_size
    with path.open("rb") as handle:
        start = handle.read(8)
        if not start:
            raise StructuralFault(name, "", "empty_file")
        if start == _OLE:
            raise StructuralFault(name, "", "old_excel")
        if start[:4] == _ZIP:
            if size > MAX_XLSX_BYTES:
                raise StructuralFault(name, "", "too_large")
            return _open_sheet(path, name, size, sheet)
        if size > MAX_CSV_BYTES:
            raise StructuralFault(name, "", "too_large")
        handle.seek(0)
        encoding = _encoding(handle, name)
    delimiter, columns, head = _header(path, name, encoding, [column_name(column) for column in wanted])
    return Table(path, name, _unique(name, columns), size, encoding, delimiter, head=head)


def _unique(name: str, columns: list[str]) -> tuple[str, ...]:
    """The header without the empty columns at its end; a name may stand only once."""
    while columns and not columns[-1]:
        columns.pop()
    seen: set[str] = set()
    for column in columns:
        if column and column in seen:
            raise StructuralFault(name, column, "duplicate_column")
        seen.add(column)
    if len(columns) > MAX_COLUMNS:
        raise StructuralFault(name, "", "too_large")
    return tuple(columns)


# --- CSV


def _encoding(handle: BinaryIO, name: str) -> str:
    """Read the file once: "utf-8-sig", "utf-8" or "cp1252"; a fault for NUL bytes, endless lines, anything else."""
    utf8 = codecs.getincrementaldecoder("utf-8")()
    cp1252 = codecs.getincrementaldecoder("cp1252")()
    fits_utf8 = fits_cp1252 = True
    first = True
    bom = False
    run = multibyte = high = 0
    while block := handle.read(MIB):
        if first:
            bom, first = block.startswith(codecs.BOM_UTF8), False
        if b"\0" in block:
            raise StructuralFault(name, "", "nul_byte")
        ends = max(block.rfind(b"\n"), block.rfind(b"\r"))
        run = run + len(block) if ends < 0 else len(block) - ends
        if run > MAX_LINE_BYTES:
            raise StructuralFault(name, "", "line_too_long")
        if block.isascii() and not utf8.getstate()[0]:
            continue
        fits_utf8 = fits_utf8 and _decodes(utf8, block)
        fits_cp1252 = fits_cp1252 and _decodes(cp1252, block)
        sequences = _MULTIBYTE.findall(block)
        multibyte += len(sequences)
        high += len(_HIGH.findall(block)) - sum(map(len, sequences))
    if fits_utf8 and _decodes(utf8, b"", final=True):
        return "utf-8-sig" if bom else "utf-8"
    if bom or multibyte > high:
        # Mostly UTF-8 with a stray byte: read as cp1252, every letter outside ASCII would come out wrong.
        raise StructuralFault(name, "", "mixed_encoding")
    if not fits_cp1252:
        raise StructuralFault(name, "", "unknown_encoding")
    return "cp1252"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _header(path: Path, name: str, encoding: str, wanted: list[str]) -> tuple[str, list[str], int]:
    """The delimiter under which most wanted columns are found, the header cut by it, and the records it takes."""
    best: tuple[int, str, list[str], int] = (0, "", [], 1)
    for delimiter in DELIMITERS:
        with path.open(encoding=encoding, newline="") as handle:
            head = 1
            if _SEPARATOR.fullmatch(handle.readline()):
                head = 2
            else:
                handle.seek(0)
            try:
                columns = [column_name(cell) for cell in next(csv.reader(handle, delimiter=delimiter, strict=True))]
            except (csv.Error, StopIteration):
                continue
        found = len(set(wanted) & set(columns))
        if found > best[0]:
            best = (found, delimiter, columns, head)
    if not best[0] or (best[0] == 1 and len(wanted) > 1):
        raise StructuralFault(name, "", "unknown_delimiter")
    return best[1:]


class _Lines:
    """Physical lines with a way back: after a broken record, reading goes on at the line below its first."""

    def __init__(self, handle: TextIO) -> None:
        self.handle = handle
        self.waiting: deque[str] = deque()
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.held) >= MAX_RECORD_LINES:
            raise csv.Error("record too long")
        line = self.waiting.popleft() if self.waiting else next(self.handle)
        self.held.append(line)
        return line

    def rewind(self) -> None:
        self.waiting.extendleft(reversed(self.held[1:]))


def _csv_rows(table: Table, progress: Progress | None) -> Iterator[SourceRow | BrokenRow]:
    name = table.name
    width = len(table.columns)
    with table.path.open("rb", buffering=MIB) as raw:
        lines = _Lines(io.TextIOWrapper(raw, encoding=table.encoding, newline=""))
        reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
        line = 1
        head = table.head
        count = 0
        while True:
            lines.held.clear()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield BrokenRow(name, line, "bad_quotes")
                lines.rewind()
                line += 1
                continue
            start = line
            line += len(lines.held)
            if head:
                head -= 1
                continue
            count += 1
            if progress is not None and not count & 1023:
                progress(raw.tell())
            if not cells or not (cells[0] or any(cells)):
                continue
            if len(cells) == width:
                yield SourceRow(name, start, tuple(cells))
            elif len(cells) > width and not any(cells[width:]):
                yield SourceRow(name, start, tuple(cells[:width]))
            else:
                yield BrokenRow(name, start, "cell_count")


# --- XLSX


def _open_sheet(path: Path, name: str, size: int, sheet: str) -> Table:
    _check_zip(path, name)
    with _book(path, name) as book:
        try:
            page = _page(book, name, sheet)
            header = next(page.iter_rows(max_row=1, values_only=True), ())
        except StructuralFault:
            raise
        except Exception as error:  # as above: only the header is read here
            raise StructuralFault(name, "", "not_xlsx") from error
        return Table(path, name, _unique(name, [column_name(cell) for cell in header]), size, sheet=page.title)


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
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise StructuralFault(name, "", "not_xlsx") from error
    except Exception as error:
        if isinstance(error, StructuralFault):
            raise
        raise StructuralFault(name, "", "not_xlsx") from error  # zlib.error and its kin


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
            if not _ROOT.search(head):
                raise StructuralFault(name, "", "not_xlsx")
        while handle.read(MIB):
            pass


@contextmanager
def _book(path: Path, name: str) -> Iterator[Any]:
    import openpyxl

    with path.open("rb") as handle:  # ours to close: openpyxl leaves a file it cannot read open
        try:
            book = openpyxl.load_workbook(handle, read_only=True, data_only=False, keep_links=False)
        except Exception as error:  # openpyxl raises whatever its XML made it stumble over
            raise StructuralFault(name, "", "not_xlsx") from error
        try:
            yield book
        finally:
            book.close()


def _page(book: Any, name: str, sheet: str) -> Any:
    if sheet and sheet not in book.sheetnames:
        raise StructuralFault(name, sheet, "sheet_missing")
    pages = [page for page in book.worksheets if not sheet or page.title == sheet]
    if not pages:
        raise StructuralFault(name, sheet, "sheet_missing")
    pages[0].reset_dimensions()  # what a file says about its own size is not to be trusted
    return pages[0]


def _sheet_rows(table: Table, progress: Progress | None) -> Iterator[SourceRow | BrokenRow]:
    name = table.name
    width = len(table.columns)
    with _book(table.path, name) as book:
        for number, values in enumerate(_page(book, name, table.sheet).iter_rows(values_only=True), start=1):
            if number > MAX_SHEET_ROWS:
                raise StructuralFault(name, "", "too_many_rows")
            if number == 1 or all(value is None or value == "" for value in values):
                continue
            if progress is not None and not number & 1023:
                progress(0)
            if any(value is not None for value in values[width:]):
                yield BrokenRow(name, number, "cell_count")
                continue
            cells = tuple(_plain(value) for value in values[:width])
            yield SourceRow(name, number, cells + (None,) * (width - len(cells)))


def _plain(value: Any) -> Cell:
    """A formula is the text of the formula, never its result: nothing in an export is carried out."""
    if value is None or isinstance(value, str | int | float | bool | date | datetime | time | timedelta):
        return value
    return str(getattr(value, "text", None) or "=")
