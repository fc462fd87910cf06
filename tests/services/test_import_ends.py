"""The end of each student's last programme over a whole export."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from portal.services.import_ends import BATCH, ProgrammeEnds


def test_the_latest_end_counts_and_a_programme_that_runs_leaves_none_however_far_apart_they_stand() -> None:
    ends = ProgrammeEnds()
    many = [UUID(int=number) for number in range(1, BATCH + 3)]
    for student in many:
        ends.add(student, date(2025, 1, 1))
    ends.add(many[0], date(2026, 2, 1))
    ends.add(many[1], None)
    found = {student: end for some in ends.last() for student, end in some.items()}
    assert len(found) == len(many)
    assert (found[many[0]], found[many[1]], found[many[2]]) == (date(2026, 2, 1), None, date(2025, 1, 1))
