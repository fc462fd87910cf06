"""Whether an export can be read at all: every file, column and folder the mapping names is there and has one form."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from portal.intake.faults import BadStructure, StructuralFault
from portal.intake.mapping import ExportMapping, FileMapping
from portal.intake.sources import Table, open_table


@dataclass(frozen=True, slots=True)
class Source:
    """One file that will be read. `unmapped` are its columns that the mapping does not know: not taken over."""

    mapping: FileMapping
    table: Table
    unmapped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """A folder found readable; the file with the students comes first. `size` is in bytes.

    `unread` are the names of what else lies in the folder: the mapping does not know them, so they are not taken over.
    """

    folder: Path
    sources: tuple[Source, ...]
    unread: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(source.table.size for source in self.sources)


def check_structure(folder: Path, mapping: ExportMapping) -> Export:
    """Look at all files before a row of any is read. Raises BadStructure with every fault found."""
    if not folder.is_dir():
        raise BadStructure((StructuralFault(folder.name, "", "folder_missing"),))
    faults: list[StructuralFault] = []
    sources = []
    for file in mapping.files:
        try:
            if file.optional and not (folder / file.name).exists():
                continue
            table = open_table(folder, file.name, file.wanted, file.sheet)
        except StructuralFault as fault:
            faults.append(fault)
            continue
        missing = [column for column in file.required if column not in table.columns]
        faults += [StructuralFault(file.name, column, "missing_column") for column in missing]
        faults += _image_folder(folder, file)
        known = {*file.wanted, *file.ignore, ""}
        sources.append(Source(file, table, tuple(column for column in table.columns if column not in known)))
    if faults:
        raise BadStructure(tuple(faults))
    return Export(folder, tuple(sources), _unread(folder, mapping))


def _unread(folder: Path, mapping: ExportMapping) -> tuple[str, ...]:
    """Hidden files are the file manager's own."""
    known = {name for file in mapping.files for name in (file.name, file.image_folder)}
    return tuple(sorted(each.name for each in folder.iterdir() if each.name not in known and each.name[0] != "."))


def _image_folder(folder: Path, file: FileMapping) -> list[StructuralFault]:
    if not file.image_folder:
        return []
    path = folder / file.image_folder
    if path.is_symlink():
        return [StructuralFault(file.image_folder, "", "not_regular_file")]
    return [] if path.is_dir() else [StructuralFault(file.image_folder, "", "folder_missing")]
