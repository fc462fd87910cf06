"""Reads a whole export as checked records, in one stream whose memory does not grow with the export.

First the programmes are skimmed for the end of each student's last one, which tells who is past the retention term.
Then come the students, then every other file line by line: a line's records are yielded only when its student is
admitted. A line is taken over whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from portal.domain.retention import is_past, kept_until
from portal.intake.cells import BrokenRow, SourceRow
from portal.intake.faults import BadValue
from portal.intake.images import CleanImage, load_image
from portal.intake.index import Standing, StudentIndex
from portal.intake.lines import BadCell, LineReader, Record, split_students
from portal.intake.mapping import ExportMapping
from portal.intake.report import Counts, Finding, FindingKind, PastTerm, Report
from portal.intake.structure import Export, Source, check_structure
from portal.intake.values import Value, cell_text, masked, read_date
from portal.policy.model import Field, Policy, RetentionClass

_IMAGE_NAMES = -1

Progress = Callable[[int, int], None]  # bytes read, bytes in all


class Row(NamedTuple):
    """One checked record of one student. Fields without a value are absent from `values`.

    `hidden` are fields of this record that staff may not see: a remark that names an illness. An image stands beside
    the values, for its field holds the id that storing it will give; `shown_with` are the other students on it.
    """

    dataset: str
    student_number: str
    natural_key: tuple[str, ...]
    values: dict[str, Value]
    hidden: frozenset[str]
    file: str
    line: int
    image: CleanImage | None = None
    image_field: str = ""
    shown_with: tuple[str, ...] = ()


class _Everyone:
    def __contains__(self, number: object) -> bool:
        return True


EVERYONE: Container[str] = _Everyone()


class ExportReader:
    """Iterate once: yields Row, Finding and PastTerm; `report` counts meanwhile what went by."""

    def __init__(
        self,
        export: Export,
        policy: Policy,
        today: date,
        admit: Container[str] = frozenset(),
        progress: Progress | None = None,
    ) -> None:
        self.export = export
        self.policy = policy
        self.today = today
        self.admit = admit
        self.progress = progress
        self.report = Report()
        self._terms = tuple(term for term in policy.retention.values() if term.starts == "programme_end")

    def __iter__(self) -> Iterator[Row | Finding | PastTerm]:
        for name in self.export.unread:
            unread = Finding(FindingKind.UNREAD_FILE, self.export.folder.name, 0, "", "unread_file", masked(name))
            self.report.add(unread)
            yield unread
        with StudentIndex() as index:
            self._skim(index)
            done = 0
            for number, source in enumerate(self.export.sources):
                for item in self._file(index, number, source, done):
                    if isinstance(item, Row):
                        self.report.records[item.dataset] += 1
                    else:
                        self.report.add(item)
                    yield item
                done += source.table.size
                if self.progress is not None:
                    self.progress(done, self.export.size)

    # --- first pass: who is past the term

    def _skim(self, index: StudentIndex) -> None:
        """Ends of programmes, and who has records in a class that is kept longer than the rest."""
        shortest = min((term.years for term in self._terms), default=0)
        longer = {term.code for term in self._terms if term.years > shortest}
        for source in self.export.sources:
            mapping = source.mapping
            classes = {field.retention for field in _fields(source)} & longer
            if mapping.students or not (mapping.ends or classes):
                continue
            columns = source.table.columns
            whose = columns.index(mapping.student)
            ends = columns.index(mapping.ends) if mapping.ends in columns else -1
            for row in source.table.rows():
                if isinstance(row, BrokenRow):
                    continue
                for student in split_students(cell_text(row.cells[whose]), mapping.separator):
                    if mapping.ends:
                        index.add_programme(student, _end(cell_text(row.cells[ends])) if ends >= 0 else None)
                    if classes:
                        index.add_facts(student, classes)

    def _past_term(self, index: StudentIndex, student: str, file: str, line: int) -> PastTerm | None:
        last_end = index.last_end(student)[1]
        if last_end is None:
            return None
        past = [term for term in self._terms if is_past(self._until(term, last_end), self.today)]
        if not past:
            return None
        codes = tuple(term.code for term in past)
        return PastTerm(student, file, line, last_end, codes, tuple(sorted(index.classes(student) - set(codes))))

    def _until(self, term: RetentionClass, last_end: date) -> date | None:
        return kept_until(term.years, term.days, last_end)

    # --- second pass: the records

    def _file(self, index: StudentIndex, number: int, source: Source, done: int) -> Iterator[Row | Finding | PastTerm]:
        name = source.table.name
        counts = self.report.file(name)
        lines = LineReader(source, self.policy, self.today)
        for column in source.unmapped:
            yield Finding(FindingKind.UNMAPPED_COLUMN, name, 0, column, "unmapped_column")
        for row in source.table.rows(self._step(done)):
            counts.read += 1
            if isinstance(row, BrokenRow):
                counts.bad += 1
                yield Finding(FindingKind.BAD_ROW, name, row.line, "", row.reason)
            elif source.mapping.students:
                yield from self._person(index, number, lines, row, counts)
            else:
                yield from self._line(index, number, lines, row, counts)
        if source.mapping.image_folder:
            yield from self._unlisted(index, self.export.folder / source.mapping.image_folder)

    def _step(self, done: int) -> Callable[[int], None] | None:
        progress, total = self.progress, self.export.size
        return None if progress is None else lambda read: progress(done + read, total)

    def _person(
        self, index: StudentIndex, number: int, lines: LineReader, row: SourceRow, counts: Counts
    ) -> Iterator[Row | Finding | PastTerm]:
        students = lines.students(lines.student_text(row))
        if len(students) != 1:
            counts.bad += 1
            yield _bad_number(lines, row)
            return
        (student,) = students
        if not index.first_meeting(number, student, ()):
            counts.bad += 1
            yield Finding(
                FindingKind.DUPLICATE, row.file, row.line, lines.student_column, "duplicate_student", masked(student)
            )
            return
        records, bad = lines.read(row)
        if bad:
            counts.bad += 1
            index.settle(student, Standing.LEFT_OUT)
            yield from _bad_cells(row, bad)
            return
        past = self._past_term(index, student, row.file, row.line)
        if past is not None:
            yield past
            if student not in self.admit:
                counts.held += 1
                index.settle(student, Standing.HELD)
                return
        elif not index.last_end(student)[0]:
            yield Finding(FindingKind.NO_PROGRAMME, row.file, row.line, "", "no_programme")
        index.settle(student, Standing.ADMITTED)
        counts.good += 1
        for record in records:
            yield _row(record, student, row)
        yield from _notices(records, row)

    def _line(
        self, index: StudentIndex, number: int, lines: LineReader, row: SourceRow, counts: Counts
    ) -> Iterator[Row | Finding | PastTerm]:
        text = lines.student_text(row)
        students = lines.students(text)
        if not students:
            counts.bad += 1
            yield _bad_number(lines, row)
            return
        admitted = []
        held = False
        for student in students:
            standing = index.standing(student)
            if standing is Standing.ADMITTED:
                admitted.append(student)
            elif standing is Standing.HELD:
                held = True
            else:
                reason = "student_left_out" if standing is Standing.LEFT_OUT else "unknown_student"
                yield Finding(FindingKind.ORPHAN, row.file, row.line, lines.student_column, reason, masked(student))
        if not admitted and not held:
            counts.bad += 1
            return
        image_name = lines.image_text(row)
        if image_name:
            index.first_meeting(_IMAGE_NAMES, "", (image_name,))
        image, bad_image = self._image(lines, image_name) if admitted else (None, None)
        records, bad = lines.read(row, others=len(students) > 1, image_number=image.number if image else "")
        if bad_image is not None:
            bad.append(bad_image)
        if bad:
            counts.bad += 1
            yield from _bad_cells(row, bad)
            return
        if not admitted:
            counts.held += 1
            return
        yielded = []
        for student in admitted:
            fresh = [
                record
                for record in records
                if index.first_meeting(number * 100 + record.number, student, record.natural_key)
            ]
            if len(fresh) < len(records):
                yield Finding(FindingKind.DUPLICATE, row.file, row.line, "", "duplicate_record")
            for record in fresh:
                with_image = image is not None and record.image_field
                others = tuple(other for other in students if other != student) if with_image else ()
                yield _row(record, student, row, image if with_image else None, others)
            yielded += fresh
        if yielded:
            counts.good += 1
            yield from _notices(yielded, row)
        else:
            counts.bad += 1

    def _image(self, lines: LineReader, name: str) -> tuple[CleanImage | None, BadCell | None]:
        """The line's image, or what is wrong with it; neither where the file has none."""
        if not name:
            missing = lines.mapping.image_number is not None
            return None, BadCell(FindingKind.BAD_VALUE, lines.image_column, "required", "") if missing else None
        try:
            return load_image(self.export.folder / lines.image_folder, name), None
        except BadValue as error:
            return None, BadCell(FindingKind.BAD_IMAGE, lines.image_column, error.code, masked(name))

    def _unlisted(self, index: StudentIndex, folder: Path) -> Iterator[Finding]:
        """Pictures in the folder that no line names: nobody would ever see them."""
        with os.scandir(folder) as entries:
            for entry in entries:
                if index.first_meeting(_IMAGE_NAMES, "", (entry.name,)):
                    yield Finding(FindingKind.UNLISTED_IMAGE, folder.name, 0, "", "image_unlisted", masked(entry.name))


def read_export(
    folder: Path,
    mapping: ExportMapping,
    policy: Policy,
    today: date,
    *,
    admit: Container[str] = frozenset(),
    progress: Progress | None = None,
) -> ExportReader:
    """Open an export for reading. Raises BadStructure before anything is yielded.

    `admit` are the student numbers, past their term, that staff decided to take in (EVERYONE: all). `progress` is
    called now and then with bytes read and bytes in all.
    """
    return ExportReader(check_structure(folder, mapping), policy, today, admit, progress)


def _end(text: str) -> date | None:
    """The end of a programme; one that cannot be read counts as running, for nobody may be held back on a slip."""
    try:
        return date.fromisoformat(read_date(text.strip()))
    except BadValue:
        return None


def _fields(source: Source) -> Iterator[Field]:
    for targets in source.mapping.columns.values():
        for target in targets:
            yield target.field


def _bad_number(lines: LineReader, row: SourceRow) -> Finding:
    text = lines.student_text(row)
    reason = "bad_student_number" if text.strip() else "required"
    return Finding(FindingKind.BAD_VALUE, row.file, row.line, lines.student_column, reason, masked(text))


def _bad_cells(row: SourceRow, bad: list[BadCell]) -> Iterator[Finding]:
    for cell in bad:
        yield Finding(cell.kind, row.file, row.line, cell.column, cell.reason, cell.masked)


def _row(
    record: Record, student: str, row: SourceRow, image: CleanImage | None = None, others: tuple[str, ...] = ()
) -> Row:
    return Row(
        record.dataset,
        student,
        record.natural_key,
        record.values,
        record.hidden,
        row.file,
        row.line,
        image,
        record.image_field if image is not None else "",
        others,
    )


def _notices(records: list[Record], row: SourceRow) -> Iterator[Finding]:
    for record in records:
        for notice in record.notices:
            yield Finding(notice.kind, row.file, row.line, notice.column, notice.reason)
