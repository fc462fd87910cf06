"""What was erased is remembered by keyed hashes alone, so that the next import does not bring it back."""

from __future__ import annotations

import json
from collections.abc import Iterable

from portal.services.unit import Work
from portal.vault.normal import normal_number

as_json = json.JSONEncoder().encode  # made once: an import asks for each of its rows


def of_student(work: Work, student_number: str) -> bytes:
    return work.vault.digest("erased_student", normal_number(student_number))


def of_record(work: Work, student_number: str, dataset: str, natural_key: Iterable[str]) -> bytes:
    return work.vault.digest("erased_record", as_json([normal_number(student_number), dataset, *natural_key]))


def of_field(work: Work, student_number: str, dataset: str, natural_key: Iterable[str], code: str) -> bytes:
    """One value of a record whose other values stay."""
    return work.vault.digest("erased_field", as_json([normal_number(student_number), dataset, *natural_key, code]))
