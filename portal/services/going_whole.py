"""A student of whom nothing stays, as at the end of the last term: planned by what the database counts.

To open each value takes longer than to erase it. Opened is the person, for the student's number and address, and what
was written before rows said how many values they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from portal.records import files, importing, items, tally
from portal.services import tombstones
from portal.services.doomed import DIGEST, ID, Doomed, Ids, one_by_one
from portal.services.erase_items import NATURAL, student_number
from portal.services.unit import Work
from portal.vault.envelope import Holder


def goes_whole(work: Work, student_id: UUID, classes: frozenset[str]) -> bool:
    """Whether these classes are all that is kept of the student."""
    held = tally_of(work, student_id).classes
    return bool(held) and held <= classes


def tally_of(work: Work, student_id: UUID) -> tally.Tally:
    return work.once(("tally", student_id), lambda: tally.of_student(work.session, student_id))


def planned(work: Work, student_id: UUID) -> tuple[Doomed, Sequence[items.Item]]:
    """Everything of this student, and the items that were opened for it."""
    told, opened = tally_of(work, student_id), items.untold_of(work.session, work.vault, student_id)
    graves = {}
    if number := student_number(opened):
        graves[importing.STUDENT] = tombstones.of_student(work, number)
        graves[NATURAL] = _once(told, told.natural_keys, DIGEST)
    doomed = Doomed(
        whole=told.classes,
        records=Ids(_once(told, told.items, ID)),
        files=frozenset(files.pictures_of(work.session, Holder.student(student_id))),
        address=any(record.dataset == "person" and "email" in record.values for record in opened),
        values=told.values + sum(len(record.values) for record in opened),
        everything=True,
        graves=graves,
    )
    return doomed, opened


def _once(told: tally.Tally, together: bytes, size: int) -> bytes:
    """An item stands once in each class, so only where there are several can something be named twice."""
    return together if len(told.classes) == 1 else b"".join(dict.fromkeys(one_by_one(together, size)))
