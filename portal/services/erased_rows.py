"""Rows of an export that were erased here before, and students who truly enrolled anew (security.md, "The vault").

Nothing erased comes back with an import. Where staff name a student, and a programme began after the erasure, the
student comes in again; what was erased of before stays out.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from uuid import UUID

from sqlalchemy import delete

from portal.domain.clock import receipt_date
from portal.intake.reader import Row
from portal.records import importing
from portal.records.tables.people import Tombstone
from portal.services import tombstones
from portal.services.doomed import DIGEST, ID, one_by_one
from portal.services.import_parts import natural_key
from portal.services.unit import Work

PROGRAMME, STARTS = "programme", "start_date"


class WentWith:
    """The records that went with a student, by the ids that the student had."""

    def __init__(self, work: Work, student: Tombstone) -> None:
        self._digest = work.vault.digest
        self._ids = [str(UUID(bytes=id)) for id in one_by_one(student.ids or b"", ID)]
        self._records = set(one_by_one(student.records or b"", DIGEST))

    def __contains__(self, row: Row) -> bool:
        return not self._records.isdisjoint(self._keys(row))

    def without(self, rows: list[Row]) -> bytes:
        """The natural keys of all others, one after the other."""
        return b"".join(self._records.difference(*map(self._keys, rows)))

    def _keys(self, row: Row) -> list[bytes]:
        return [natural_key(self._digest, id, row) for id in self._ids]


class ErasedRows:
    """`named`: the numbers of students whom staff admit. Their rows wait until the whole export was read. A dry run
    forgets nobody's erasure."""

    def __init__(self, work: Work, named: Container[str], dry_run: bool) -> None:
        self._work, self._named, self._dry_run = work, named, dry_run
        self._waiting: dict[str, list[Row]] = {}

    def parted(self, rows: list[Row]) -> tuple[list[Row], list[Row]]:
        """The rows that come in, and those of erased students and records, which stay out."""
        if not importing.anything_entombed(self._work.session):
            return rows, []
        students = {number: self._of_student(number) for number in {row.student_number for row in rows}}
        there = importing.students_entombed(self._work.session, students.values())
        past = {digest: WentWith(self._work, each) for digest, each in there.items() if each.kind == importing.PAST}
        graves = {id(row): self._of_record(row) for row in rows}
        gone = importing.entombed(self._work.session, graves.values())
        if not gone and not there:
            return rows, []
        kept, left_out = [], []
        for row in rows:
            student = students[row.student_number]
            erased = student in there and student not in past
            if erased and row.student_number in self._named:
                self._waiting.setdefault(row.student_number, []).append(row)
            elif erased or graves[id(row)] in gone or row in past.get(student, ()):
                left_out.append(row)
            else:
                kept.append(row)
        return kept, left_out

    def decided(self) -> tuple[list[Row], list[Row]]:
        """The same for the students that staff named. Whoever comes in is remembered as erased no longer; each erased
        record still is, but for those of which everybody has one."""
        admitted: list[Row] = []
        left_out: list[Row] = []
        there = importing.students_entombed(self._work.session, [self._of_student(number) for number in self._waiting])
        for number, rows in self._waiting.items():
            student = there[self._of_student(number)]
            went = WentWith(self._work, student)
            graves = {id(row): self._of_record(row) for row in rows}
            single = [row for row in rows if not row.natural_key]
            gone = importing.entombed(self._work.session, graves.values())
            erased = {id(row) for row in rows if row.natural_key and (graves[id(row)] in gone or row in went)}
            kept = [row for row in rows if id(row) not in erased]
            if self._began_since(student, kept):
                if not self._dry_run:
                    self._forget([graves[id(row)] for row in single])
                    student.kind, student.records = importing.PAST, went.without(single)
                admitted += kept
                left_out += [row for row in rows if id(row) in erased]
            else:
                left_out += rows
        self._work.session.flush()
        return admitted, left_out

    def _forget(self, graves: list[bytes]) -> None:
        self._work.session.execute(delete(Tombstone).where(Tombstone.digest.in_(graves)))

    def _began_since(self, student: Tombstone, rows: list[Row]) -> bool:
        erased_on = receipt_date(student.erased_at)
        starts = [str(row.values[STARTS]) for row in rows if row.dataset == PROGRAMME and row.values.get(STARTS)]
        return any(date.fromisoformat(each) > erased_on for each in starts)

    def _of_student(self, number: str) -> bytes:
        return tombstones.of_student(self._work, number)

    def _of_record(self, row: Row) -> bytes:
        return tombstones.of_record(self._work, row.student_number, row.dataset, row.natural_key)
