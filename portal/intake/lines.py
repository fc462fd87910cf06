"""Turns one line of a file into the records it feeds, with each value parsed once and remembered while it recurs."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from portal.domain.vocabulary import FieldType
from portal.intake.cells import SourceRow
from portal.intake.faults import BadValue
from portal.intake.mapping import Target
from portal.intake.remarks import names_illness
from portal.intake.report import FindingKind
from portal.intake.structure import Source
from portal.intake.values import Value, cell_text, letter_hint, masked, parse_value
from portal.policy.model import Policy

_REMEMBERED = 4096
# Hardly ever the same twice, so remembering them costs more than it saves.
_DISTINCT = frozenset(
    {FieldType.BSN, FieldType.IBAN, FieldType.EMAIL, FieldType.PHONE, FieldType.POSTCODE, FieldType.BIRTH_DATE}
)
_NOTHING: frozenset[str] = frozenset()
STUDENT_NUMBER = re.compile(r"[\w./-]{1,40}")


class Notice(NamedTuple):
    kind: FindingKind
    column: str
    reason: str


class BadCell(NamedTuple):
    kind: FindingKind
    column: str
    reason: str
    masked: str


class Record(NamedTuple):
    """A record still without its student. `number` counts the file's datasets from 0."""

    number: int
    dataset: str
    natural_key: tuple[str, ...]
    values: dict[str, Value]
    hidden: frozenset[str]
    notices: tuple[Notice, ...]
    image_field: str


class _Parsed(NamedTuple):
    """What became of one text: a value, or the code why not."""

    value: Value | None
    code: str
    notice: Notice | None
    hidden: bool


class _Binding:
    """One column feeding one field. `remembered` stays empty where a value is hardly ever the same twice."""

    __slots__ = ("code", "column", "dataset", "index", "keeps", "remembered", "target", "today")

    def __init__(self, index: int, column: str, dataset: int, target: Target, today: date) -> None:
        self.index = index
        self.column = column
        self.dataset = dataset
        self.target = target
        self.code = target.field.code
        self.today = today
        self.keeps = target.field.type not in _DISTINCT
        self.remembered: dict[str, _Parsed] = {}

    def parse(self, text: str) -> _Parsed:
        parsed = self._parse(text)
        if self.keeps:
            if len(self.remembered) >= _REMEMBERED:
                self.remembered.clear()
            self.remembered[text] = parsed
        return parsed

    def _parse(self, text: str) -> _Parsed:
        field, values = self.target.field, self.target.values
        try:
            value = parse_value(field, values.get(text.strip().casefold(), text) if values else text, today=self.today)
        except BadValue as error:
            return _Parsed(None, error.code, None, False)
        if field.hidden_from_staff and isinstance(value, str) and names_illness(value):
            return _Parsed(value, "", Notice(FindingKind.ILLNESS_REMARK, self.column, "illness_remark"), True)
        hint = letter_hint(field, value)
        return _Parsed(value, "", Notice(FindingKind.LETTER_LOST, self.column, hint) if hint else None, False)


class LineReader:
    """Reads the lines of one file. Holds nothing of a line but values that recur, up to a fixed number."""

    def __init__(self, source: Source, policy: Policy, today: date) -> None:
        mapping, columns = source.mapping, source.table.columns
        self.mapping = mapping
        self.student_column = mapping.student
        self.separator = mapping.separator
        self.image_column = mapping.image
        self.image_folder = mapping.image_folder
        self._student = columns.index(mapping.student)
        self._image = columns.index(mapping.image) if mapping.image in columns else -1
        self._datasets = [policy.datasets[code] for code in mapping.datasets]
        self._keys = [dataset.natural_key for dataset in self._datasets]
        self._beside_key = [len(dataset.natural_key) for dataset in self._datasets]
        self._image_fields = [""] * len(self._datasets)
        self._bindings: list[_Binding] = []
        self._known: dict[str, tuple[str, ...]] = {}
        for column, targets in mapping.columns.items():
            for target in targets:
                number = mapping.datasets.index(target.field.dataset)
                if target.field.type is FieldType.IMAGE:
                    self._image_fields[number] = target.field.code
                elif column in columns:
                    self._bindings.append(_Binding(columns.index(column), column, number, target, today))
        self._constants: list[dict[str, Value]] = [{} for _ in self._datasets]
        for (code, field), value in mapping.constants.items():
            self._constants[mapping.datasets.index(code)][field] = value
        self._cells = [(binding.index, binding.remembered, binding) for binding in self._bindings]
        self._dates = [self._date_field(column) for column in (mapping.starts, mapping.ends)]

    def _date_field(self, column: str) -> tuple[int, str] | None:
        """Where a line's start or end lands: the number of the dataset and the field's code."""
        for binding in self._bindings:
            if column and binding.column == column and binding.target.field.type is FieldType.DATE:
                return binding.dataset, binding.code
        return None

    def students(self, text: str) -> tuple[str, ...]:
        """The student numbers a line names; none where one of them cannot be a student number."""
        known = self._known.get(text)
        if known is None:
            known = split_students(text, self.separator)
            if not all(STUDENT_NUMBER.fullmatch(student) for student in known):
                known = ()
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = known
        return known

    def student_text(self, row: SourceRow) -> str:
        return cell_text(row.cells[self._student])

    def image_text(self, row: SourceRow) -> str:
        return cell_text(row.cells[self._image]).strip() if self._image >= 0 else ""

    def read(self, row: SourceRow, others: bool = False, image_number: str = "") -> tuple[list[Record], list[BadCell]]:
        """The line's records, or what is wrong with its cells; `others`: whether it names more than one student."""
        cells = row.cells
        values: list[dict[str, Value]] = [constants.copy() for constants in self._constants]
        notices: list[tuple[int, Notice]] = []
        hidden: list[tuple[int, str]] = []
        bad: list[BadCell] = []
        for index, remembered, binding in self._cells:
            cell = cells[index]
            text = cell if type(cell) is str else cell_text(cell)
            value, code, notice, hide = remembered.get(text) or binding.parse(text)
            if code:
                bad.append(BadCell(FindingKind.BAD_VALUE, binding.column, code, masked(text)))
                continue
            if value is not None:
                values[binding.dataset][binding.code] = value
            if notice is not None:
                notices.append((binding.dataset, notice))
            if hide:
                hidden.append((binding.dataset, binding.code))
        if bad:
            return [], list(dict.fromkeys(bad))
        if self._ends_before_start(values):
            return [], [BadCell(FindingKind.BAD_ROW, self.mapping.ends, "end_before_start", "")]
        if self.mapping.others_visible:
            dataset, code = self.mapping.others_visible
            values[self.mapping.datasets.index(dataset)][code] = others
        if self.mapping.image_number and image_number:
            dataset, code = self.mapping.image_number
            values[self.mapping.datasets.index(dataset)][code] = image_number
        return [
            Record(
                number,
                dataset.code,
                tuple([str(values[number].get(key, "")) for key in self._keys[number]]),
                values[number],
                frozenset(code for at, code in hidden if at == number) if hidden else _NOTHING,
                tuple(notice for at, notice in notices if at == number) if notices else (),
                self._image_fields[number],
            )
            for number, dataset in enumerate(self._datasets)
            if len(values[number]) > self._beside_key[number] or number == 0
        ], []

    def _ends_before_start(self, values: list[dict[str, Value]]) -> bool:
        start, end = self._dates
        if start is None or end is None:
            return False
        began, ended = values[start[0]].get(start[1]), values[end[0]].get(end[1])
        return began is not None and ended is not None and str(ended) < str(began)


def split_students(text: str, separator: str) -> tuple[str, ...]:
    """The student numbers in a cell, each once."""
    parts = text.split(separator) if separator else [text]
    return tuple(dict.fromkeys(part for each in parts if (part := each.strip())))
