"""What was erased is remembered by keyed hashes alone, so that the next import does not bring it back."""

from __future__ import annotations

from collections.abc import Iterable

from portal.services.unit import Work
from portal.vault.normal import normal_number, together


class Graves:
    """Those of one student, by the number under which the school's export brings the same person again."""

    def __init__(self, work: Work, student_number: str) -> None:
        self._digest = work.vault.digest
        self._number = normal_number(student_number)

    def of_student(self) -> bytes:
        return self._digest("erased_student", self._number)

    def of_record(self, dataset: str, natural_key: Iterable[str]) -> bytes:
        return self._digest("erased_record", together((self._number, dataset, *natural_key)))

    def of_field(self, dataset: str, natural_key: Iterable[str], code: str) -> bytes:
        """One value of a record whose other values stay."""
        return self._digest("erased_field", together((self._number, dataset, *natural_key, code)))


def of_student(work: Work, student_number: str) -> bytes:
    return Graves(work, student_number).of_student()


def of_record(work: Work, student_number: str, dataset: str, natural_key: Iterable[str]) -> bytes:
    return Graves(work, student_number).of_record(dataset, natural_key)


def of_field(work: Work, student_number: str, dataset: str, natural_key: Iterable[str], code: str) -> bytes:
    return Graves(work, student_number).of_field(dataset, natural_key, code)
