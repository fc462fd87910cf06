"""A row of an export as the parts that its retention classes keep, with the keyed hashes by which each is known again.

Every row of an import comes through here twice a part: what does not change between rows is looked up once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple
from uuid import UUID

from portal.intake.reader import Row
from portal.records import items
from portal.records.importing import RecordKey
from portal.services.unit import Work
from portal.vault.envelope import Json, canonical
from portal.vault.normal import together


class RowPart(NamedTuple):
    row: Row
    student_id: UUID | None  # None in a dry run of a new student
    retention: str
    values: dict[str, Json]  # maybe the row's own
    natural_key: bytes
    text: bytes  # canonical, of what is sealed
    digest: bytes  # of that text

    @property
    def key(self) -> RecordKey | None:
        if self.student_id is None:
            return None
        return self.student_id, self.row.dataset, self.retention, self.natural_key


def natural_key(digest: Callable[[str, str], bytes], student_id: str, row: Row) -> bytes:
    """By what a record of that student is known again."""
    return digest("record", together((student_id, row.dataset, *row.natural_key)))


class RowParts:
    """One for each import."""

    def __init__(self, work: Work) -> None:
        self._digest = work.vault.digest
        self._student_id: UUID | None = None
        self._student = str(None)  # of the row before: most rows are about the same student
        self._classes = {
            dataset.code: {field.code: field.retention for field in dataset.fields.values()}
            for dataset in work.policy.datasets.values()
        }
        single = {code: set(classes.values()) for code, classes in self._classes.items()}
        self._only = {code: found.pop() for code, found in single.items() if len(found) == 1}

    def of(self, row: Row, student_id: UUID | None) -> list[RowPart]:
        """By retention class; an image field stands in the class of its field."""
        if student_id is not self._student_id:
            self._student_id, self._student = student_id, str(student_id)
        natural = natural_key(self._digest, self._student, row)
        return [self._part(row, student_id, retention, values, natural) for retention, values in self._by_class(row)]

    def _part(
        self, row: Row, student_id: UUID | None, retention: str, values: dict[str, Json], natural: bytes
    ) -> RowPart:
        text = canonical(items.payload(values, row.hidden & values.keys() if row.hidden else row.hidden, {}))
        digest = self._digest("import", hashlib.sha256(retention.encode() + text).hexdigest())
        return RowPart(row, student_id, retention, values, natural, text, digest)

    def _by_class(self, row: Row) -> Iterable[tuple[str, dict[str, Json]]]:
        values: dict[str, Json] = row.values
        if row.image is not None:
            values = {**values, row.image_field: row.image.source_digest.hex()}  # the file's id when it is stored
        if only := self._only.get(row.dataset):
            return [(only, values)] if values else []
        by_class: dict[str, dict[str, Json]] = {}
        for code, value in values.items():
            by_class.setdefault(self._classes[row.dataset][code], {})[code] = value
        return by_class.items()
