"""Who actually received data of a student (GDPR 15(1)(c), 19): from the disclosures on record, not from the policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.policy.model import Field, Policy
from portal.records.items import items_of
from portal.services.unit import Work

DATASET = "disclosure"


@dataclass(frozen=True, slots=True)
class Disclosure:
    recipient: str  # code
    on: str  # ISO date
    what: str


def disclosures(work: Work, student_id: UUID) -> tuple[Disclosure, ...]:
    """Everything that was given to somebody else, oldest first."""
    if DATASET not in work.policy.datasets:
        return ()
    rows = items_of(work.session, work.vault, student_id, [DATASET])
    found = (
        Disclosure(str(row.values["recipient"]), str(row.values.get("date", "")), str(row.values.get("what", "")))
        for row in rows
        if row.values.get("recipient")
    )
    return tuple(sorted(found, key=lambda each: (each.on, each.recipient)))


def receivers_of(policy: Policy, field: Field, told: Iterable[str]) -> frozenset[str]:
    """Those of `told` (codes of who received anything) to whom an activity of this field gives it.

    A disclosure says in words what went out; the activities say which fields that can have been.
    """
    given = frozenset(code for activity in policy.activities_of(field) for code in activity.recipients)
    return given & frozenset(told)
