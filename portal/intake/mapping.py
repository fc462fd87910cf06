"""Binds the columns of a school's export to the policy's fields: another school is another mapping file and no code.

A line of a file may feed records of several datasets (a student's line: person, bank account, permit). The loader
checks the file against the policy and names file, key and reason of every fault.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from portal.domain.vocabulary import FieldType
from portal.intake.cells import column_name
from portal.intake.faults import BadStructure, StructuralFault
from portal.policy.model import Field, Policy

SHIPPED = Path(__file__).with_name("mappings")

_FILE_KEYS = {
    "name", "sheet", "student", "separator", "students", "starts", "ends", "optional", "columns", "constants",
    "others_visible", "image_folder", "image_number", "ignore", "optional_columns",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """Where a column's value goes. `values` maps the export's words (compared without case) to canonical ones."""

    field: Field
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileMapping:
    """One file of the export.

    `student` is the column that says whose the line is; with a `separator` it lists several students. `datasets`
    stand in the order their columns are named. `starts` and `ends` are the columns with a
    programme's dates, "" elsewhere.
    """

    name: str
    sheet: str
    student: str
    separator: str
    students: bool  # one line a student: the people themselves
    starts: str
    ends: str
    optional: bool  # the file may be absent
    columns: Mapping[str, tuple[Target, ...]]
    optional_columns: frozenset[str]
    ignore: frozenset[str]  # columns known and left alone
    constants: Mapping[tuple[str, str], str | int | bool]  # (dataset, field) -> canonical value of every line
    others_visible: tuple[str, str] | None  # the yes/no field that says whether a line names more than one student
    image_folder: str
    image: str  # the column with an image's file name, "" where there is none
    image_number: tuple[str, str] | None  # the text field that takes the image's number, which comes from its content
    datasets: tuple[str, ...]

    @property
    def wanted(self) -> tuple[str, ...]:
        """All columns the mapping names, without the ignored ones."""
        return tuple(dict.fromkeys((self.student, *self.columns, *filter(None, (self.starts, self.ends)))))

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(column for column in self.wanted if column not in self.optional_columns)


@dataclass(frozen=True, slots=True)
class ExportMapping:
    """A whole mapping; the file with the students comes first."""

    source: str
    policy: str
    files: tuple[FileMapping, ...]


def load_mapping(path: Path, policy: Policy) -> ExportMapping:
    """Read and check a mapping. Raises BadStructure with all faults: each names the file, the key and the reason."""
    try:
        with path.open("rb") as handle:
            document = tomllib.load(handle)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        # The parser quotes the line at fault; a mapping holds no student's data.
        raise BadStructure((StructuralFault(path.name, "", "mapping_unreadable", str(error)),)) from error
    return _Loader(path.name, policy).load(document)


def shipped_mapping(policy: Policy) -> ExportMapping:
    """The mapping that ships for this policy."""
    return load_mapping(SHIPPED / f"{policy.code}.toml", policy)


class _Loader:
    def __init__(self, source: str, policy: Policy) -> None:
        self.source = source
        self.policy = policy
        self.faults: list[StructuralFault] = []

    def load(self, document: dict[str, Any]) -> ExportMapping:
        for key in document.keys() - {"policy", "file"}:
            self.fault(key, "key_unknown")
        code = self.take(document, "", "policy", str)
        if code != self.policy.code:
            self.fault("policy", "other_policy")
        tables = self.take(document, "", "file", list)
        files = [self.file(f"file[{number}]", table) for number, table in enumerate(tables, start=1)]
        self.across(files)
        if self.faults:
            raise BadStructure(tuple(self.faults))
        return ExportMapping(self.source, code, tuple(sorted(files, key=lambda file: not file.students)))

    def fault(self, key: str, reason: str, detail: str = "") -> None:
        self.faults.append(StructuralFault(self.source, key, reason, detail))

    def take(self, table: Mapping[str, Any], path: str, key: str, kind: type, default: Any = ...) -> Any:
        """A key's value when it is of its type; else a fault and an empty value of that type."""
        value = table.get(key, default)
        if value is ...:
            self.fault(path + key, "key_missing")
        elif type(value) is not kind:
            self.fault(path + key, "wrong_type")
        else:
            return value
        return kind()

    def across(self, files: list[FileMapping]) -> None:
        """What concerns the files together."""
        if sum(file.students for file in files) != 1:
            self.fault("file", "no_students_file")
        if not any(file.ends for file in files):
            self.fault("file", "no_programmes_file")
        seen: set[str] = set()
        for file in files:
            if file.name in seen:
                self.fault(file.name, "double_binding")
            seen.add(file.name)

    def file(self, path: str, table: Any) -> FileMapping:
        if not isinstance(table, dict):
            self.fault(path, "wrong_type")
            table = {}
        name = self.take(table, f"{path}.", "name", str)
        path = f"{name or path}."
        for key in table.keys() - _FILE_KEYS:
            self.fault(path + key, "key_unknown")
        if name and (name != Path(name).name or name.startswith(".") or "\\" in name):
            self.fault(path + "name", "unsafe_name")
        columns = self.columns(path + "columns.", self.take(table, path, "columns", dict))
        constants = self.constants(path + "constants.", self.take(table, path, "constants", dict, {}))
        others = self.derived(table, path, "others_visible", FieldType.YES_NO)
        number = self.derived(table, path, "image_number", FieldType.TEXT)
        folder = self.take(table, path, "image_folder", str, "")
        images = [
            column for column, targets in columns.items() for each in targets if each.field.type is FieldType.IMAGE
        ]
        if len(images) > 1 or bool(images) != bool(folder):
            self.fault(path + "image_folder", "wrong_type")
        if number is not None and not images:
            self.fault(path + "image_number", "wrong_type")
        if folder and (folder != Path(folder).name or folder.startswith(".")):
            self.fault(path + "image_folder", "unsafe_name")
        bound = [target.field for targets in columns.values() for target in targets]
        derived = {(field.dataset, field.code) for field in (others, number) if field is not None}
        filled = {(field.dataset, field.code) for field in bound} | constants.keys() | derived
        datasets = {field.dataset for field in bound}
        for dataset in {each for each, _ in (*constants, *derived)}:
            if dataset not in datasets:
                self.fault(path + "columns", "unknown_dataset", dataset)
        self.complete(path, [field.dataset for field in bound], filled)
        names = {"student": self.take(table, path, "student", str)}
        names |= {key: self.take(table, path, key, str, "") for key in ("starts", "ends")}
        return FileMapping(
            name=name,
            sheet=self.take(table, path, "sheet", str, ""),
            student=column_name(names["student"]),
            separator=self.take(table, path, "separator", str, ""),
            students=self.take(table, path, "students", bool, False),
            starts=column_name(names["starts"]),
            ends=column_name(names["ends"]),
            optional=self.take(table, path, "optional", bool, False),
            columns=MappingProxyType(columns),
            optional_columns=self.names(table, path, "optional_columns"),
            ignore=self.names(table, path, "ignore"),
            constants=MappingProxyType(constants),
            others_visible=(others.dataset, others.code) if others else None,
            image_folder=folder,
            image=images[0] if images else "",
            image_number=(number.dataset, number.code) if number else None,
            datasets=tuple(dict.fromkeys(field.dataset for field in bound)),
        )

    def derived(self, table: Mapping[str, Any], path: str, key: str, kind: FieldType) -> Field | None:
        """A field that no column fills: its value is found while reading."""
        field = self.reference(path + key, self.take(table, path, key, str, ""))
        if field is not None and field.type is not kind:
            self.fault(path + key, "wrong_type")
        return field

    def names(self, table: Mapping[str, Any], path: str, key: str) -> frozenset[str]:
        values = self.take(table, path, key, list, [])
        if not all(isinstance(value, str) for value in values):
            self.fault(path + key, "wrong_type")
            return frozenset()
        return frozenset(map(column_name, values))

    def complete(self, path: str, datasets: list[str], filled: set[tuple[str, str]]) -> None:
        """Fields a record cannot do without must get their value from somewhere."""
        for code in dict.fromkeys(datasets):
            dataset = self.policy.datasets[code]
            for key in dataset.natural_key:
                if (code, key) not in filled:
                    self.fault(path + "columns", "key_unbound", f"{code}.{key}")
            for field in dataset.fields.values():
                if field.required and field.code not in dataset.natural_key and (code, field.code) not in filled:
                    self.fault(path + "columns", "required_unbound", f"{code}.{field.code}")

    def columns(self, path: str, table: dict[str, Any]) -> dict[str, tuple[Target, ...]]:
        result: dict[str, tuple[Target, ...]] = {}
        bound: set[tuple[str, str]] = set()
        for name, entry in table.items():
            entries = entry if isinstance(entry, list) else [entry]
            targets = [target for each in entries if (target := self.target(path + name, each)) is not None]
            for target in targets:
                key = (target.field.dataset, target.field.code)
                if key in bound:
                    self.fault(path + name, "double_binding", ".".join(key))
                bound.add(key)
            if column_name(name) in result:
                self.fault(path + name, "duplicate_column")
            result[column_name(name)] = tuple(targets)
        return result

    def target(self, path: str, entry: Any) -> Target | None:
        if isinstance(entry, str):
            entry = {"field": entry}
        if not isinstance(entry, dict) or not isinstance(entry.get("field"), str):
            self.fault(path, "wrong_type")
            return None
        for key in entry.keys() - {"field", "values"}:
            self.fault(f"{path}.{key}", "key_unknown")
        field = self.reference(path, entry["field"])
        values = self.take(entry, f"{path}.", "values", dict, {})
        return Target(field, MappingProxyType(self.values(f"{path}.values.", field, values))) if field else None

    def values(self, path: str, field: Field, table: dict[str, Any]) -> dict[str, str]:
        """Each word's canonical value as text; a choice must exist in the policy."""
        codes = {choice.code for choice in field.choices}
        result = {}
        for word, value in table.items():
            if field.type is FieldType.YES_NO and isinstance(value, bool):
                result[word.strip().casefold()] = "ja" if value else "nee"
            elif not isinstance(value, str):
                self.fault(path + word, "wrong_type")
            elif field.type is FieldType.CHOICE and value not in codes:
                self.fault(path + word, "unknown_choice", value)
            else:
                result[word.strip().casefold()] = value
        return result

    def constants(self, path: str, table: dict[str, Any]) -> dict[tuple[str, str], str | int | bool]:
        result: dict[tuple[str, str], str | int | bool] = {}
        for name, value in table.items():
            field = self.reference(path + name, name)
            if field is None:
                continue
            kind = {FieldType.YES_NO: bool, FieldType.INTEGER: int}.get(field.type, str)
            if type(value) is not kind or not isinstance(value, str | int):
                self.fault(path + name, "wrong_type")
            elif field.type is FieldType.CHOICE and value not in {choice.code for choice in field.choices}:
                self.fault(path + name, "unknown_choice", str(value))
            else:
                result[field.dataset, field.code] = value
        return result

    def reference(self, path: str, text: str) -> Field | None:
        """The policy's field behind "dataset.field"; "" is none."""
        if not text:
            return None
        dataset, _, code = text.partition(".")
        if dataset not in self.policy.datasets:
            self.fault(path, "unknown_dataset", dataset)
            return None
        field = self.policy.datasets[dataset].fields.get(code)
        if field is None:
            self.fault(path, "unknown_field", text)
        return field
