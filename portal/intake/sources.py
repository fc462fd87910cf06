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
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from portal.intake import sheets
from portal.intake.cells import MAX_COLUMNS, MIB, BrokenRow, Progress, SourceRow, column_name
from portal.intake.faults import StructuralFault

MAX_CSV_BYTES = 4096 * MIB
MAX_XLSX_BYTES = 256 * MIB
MAX_LINE_BYTES = MIB
MAX_RECORD_LINES = 200  # a quoted field may hold line ends; a forgotten quote would swallow the file
DELIMITERS = (";", ",", "\t")

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SEPARATOR = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)  # Excel's own hint
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH = re.compile(rb"[\x80-\xff]")


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
        if self.spreadsheet:
            return sheets.sheet_rows(self.path, self.name, self.sheet, len(self.columns), progress)
        return _csv_rows(self, progress)


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
            title, header = sheets.open_sheet(path, name, sheet)
            return Table(path, name, _unique(name, header), size, sheet=title)
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
