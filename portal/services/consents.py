"""Consents as they stand: which activities may run because a student said yes, and writing a yes down (GDPR 7(1)).

An activity on consent runs for a student as long as a yes is on record and nothing stands in its way: no withdrawal, no
question that was put anew. Without a yes it never runs, whatever else is on record (regulation, art. 4.1.4).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from portal.domain.vocabulary import LegalBasis
from portal.records import limits
from portal.records.items import CORRECTED, Item, Part, items_of_many, seal_part
from portal.records.tables.people import Limit, Record
from portal.services.unit import Work
from portal.vault.envelope import Json

DATASET = "consent"
ENDS = (limits.WITHDRAWAL, limits.RENEWAL)


def standing_consents(held: Iterable[Item], standing: Iterable[Limit]) -> frozenset[str]:
    """The activities with a yes that counts now. `standing`: the limits that have not ended."""
    ended = {limit.activity for limit in standing if limit.kind in ENDS}
    given = {
        str(record.values.get("activity"))
        for record in held
        if record.dataset == DATASET and not record.values.get("withdrawn_on")
    }
    return frozenset(given - ended)


def may_run(work: Work, student_ids: Iterable[UUID]) -> dict[UUID, frozenset[str]]:
    """Of each of these students the activities on consent that may run now: a yes, and no limit of any kind on them.
    In a fixed number of statements."""
    wanted = list(dict.fromkeys(student_ids))
    held = items_of_many(work.session, work.vault, wanted, [DATASET])
    stopped = limits.active_of_many(work.session, wanted)
    on_consent = {each.code for each in work.policy.activities.values() if each.basis is LegalBasis.CONSENT}
    return {
        each: (standing_consents(held.get(each, ()), stopped[each]) & on_consent)
        - {limit.activity for limit in stopped[each] if limit.activity}
        for each in wanted
    }


def write_down(work: Work, student_id: UUID, activity: str, on: date, proof: str) -> None:
    """A yes of that day, with what proves it, as one of the student's records. What stood in its way ends.

    The record carries the key that an import gives to the same consent, so that the school's export meets it; a second
    yes on one day, after a withdrawal, is a record of its own.
    """
    values: dict[str, Json] = {
        "activity": activity,
        "date": on.isoformat(),
        "regulation_version": work.policy.regulation.version,
        "proof": proof,
    }
    row = uuid7()
    retention = work.policy.field(DATASET, "date").retention
    last = work.session.execute(select(func.max(Record.sorts)).where(Record.student_id == student_id)).scalar()
    work.session.add(
        Record(
            id=row,
            item_id=uuid7(),
            student_id=student_id,
            dataset=DATASET,
            retention=retention,
            natural_key=_key(work, student_id, activity, on, row, retention),
            import_digest=CORRECTED,
            value_count=len(values),
            sorts=(last or 0) + 1,
            sealed=seal_part(work.vault, student_id, Part(row, retention, values, frozenset(), {})),
            created_at=work.now,
            updated_at=work.now,
        )
    )
    limits.end_of_activity(work.session, student_id, activity, ENDS, work.now)
    work.session.flush()


def _key(work: Work, student_id: UUID, activity: str, on: date, row: UUID, retention: str) -> bytes:
    parts = [str(student_id), DATASET, activity, on.isoformat()]
    key = work.vault.digest("record", json.dumps(parts))
    taken = select(Record.id).where(
        Record.student_id == student_id, Record.dataset == DATASET, Record.retention == retention
    )
    if work.session.execute(taken.where(Record.natural_key == key)).first() is None:
        return key
    return work.vault.digest("record", json.dumps([*parts, row.hex]))
