"""Make a student's look-ups say what the person record says now, after a correction or an erasure."""

from __future__ import annotations

from uuid import UUID

from portal.records.items import persons
from portal.services.lookups import lookups_of
from portal.services.unit import Work
from portal.vault.envelope import Holder

DATASET = "person"


def reindex(work: Work, student_id: UUID) -> None:
    """Writes the look-ups of the classes that are still kept, in the keys database, at once.

    A class whose key is gone lost its look-ups with it.
    """
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    if person is None:
        return
    found = lookups_of(work.policy, person.values)
    kept = {part.retention for part in person.parts}
    searched = {field.retention for field in work.policy.datasets[DATASET].fields.values() if field.lookup}
    holder = Holder.student(student_id)
    work.vault.index_many({(holder, retention): found.get(retention, []) for retention in kept & searched})
