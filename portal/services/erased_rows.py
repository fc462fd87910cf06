"""Rows of an export that were erased here before, and students who truly enrolled anew (security.md, "The vault").

Nothing erased comes back with an import. Where staff name a student, and a programme began after the erasure, the
student comes in again; what was erased of before stays out.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from sqlalchemy import delete, select

from portal.domain.clock import receipt_date
from portal.intake.reader import Row
from portal.records import importing
from portal.records.tables.people import Tombstone
from portal.services import tombstones
from portal.services.unit import Work

PROGRAMME, STARTS = "programme", "start_date"


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
        graves = {id(row): (students[row.student_number], self._of_record(row)) for row in rows}
        gone = importing.entombed(self._work.session, {grave for both in graves.values() for grave in both})
        if not gone:
            return rows, []
        kept, left_out = [], []
        for row in rows:
            student, record = graves[id(row)]
            if student in gone and row.student_number in self._named:
                self._waiting.setdefault(row.student_number, []).append(row)
            elif student in gone or record in gone:
                left_out.append(row)
            else:
                kept.append(row)
        return kept, left_out

    def decided(self) -> tuple[list[Row], list[Row]]:
        """The same for the students that staff named. Whoever comes in is remembered as erased no longer; each erased
        record still is, but for those of which everybody has one."""
        admitted: list[Row] = []
        left_out: list[Row] = []
        for number, rows in self._waiting.items():
            graves = {id(row): self._of_record(row) for row in rows}
            single = [graves[id(row)] for row in rows if not row.natural_key]
            gone = importing.entombed(self._work.session, graves.values()) - set(single)
            kept = [row for row in rows if graves[id(row)] not in gone]
            student = self._of_student(number)
            if self._began_since(student, kept):
                if not self._dry_run:
                    self._forget([student, *single])
                admitted += kept
                left_out += [row for row in rows if graves[id(row)] in gone]
            else:
                left_out += rows
        return admitted, left_out

    def _forget(self, graves: list[bytes]) -> None:
        self._work.session.execute(delete(Tombstone).where(Tombstone.digest.in_(graves)))

    def _began_since(self, student: bytes, rows: list[Row]) -> bool:
        statement = select(Tombstone.erased_at).where(Tombstone.digest == student)
        erased_on = receipt_date(self._work.session.execute(statement).scalar_one())
        starts = [str(row.values[STARTS]) for row in rows if row.dataset == PROGRAMME and row.values.get(STARTS)]
        return any(date.fromisoformat(each) > erased_on for each in starts)

    def _of_student(self, number: str) -> bytes:
        return tombstones.of_student(self._work, number)

    def _of_record(self, row: Row) -> bytes:
        return tombstones.of_record(self._work, row.student_number, row.dataset, row.natural_key)
