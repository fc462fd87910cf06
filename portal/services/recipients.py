"""Who actually received data of a student (GDPR 15(1)(c), 19): from the disclosures on record, not from the policy."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.domain.vocabulary import LegalBasis
from portal.policy.model import Field, Policy
from portal.records.items import items_of
from portal.services.unit import Work

DATASET, CONSENTS = "disclosure", "consent"


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


@dataclass(frozen=True, slots=True)
class Receivers:
    """Who may have received which field: those who received anything, by an activity that ran for this student."""

    policy: Policy
    told: frozenset[str]  # codes of recipients
    agreed: frozenset[str]  # activities that the student ever agreed to

    def of(self, field: Field) -> tuple[str, ...]:
        """In order of code. A disclosure says in words what went out; the activities say which fields that can have
        been, and one on consent never ran without it."""
        given = {
            code
            for activity in self.policy.activities_of(field)
            if activity.basis is not LegalBasis.CONSENT or activity.code in self.agreed
            for code in activity.recipients
        }
        return tuple(sorted(given & self.told))


def receivers(work: Work, student_id: UUID) -> Receivers:
    told = frozenset(each.recipient for each in disclosures(work, student_id))
    agreed = frozenset(
        str(row.values.get("activity"))
        for row in (items_of(work.session, work.vault, student_id, [CONSENTS]) if told else ())
    )
    return Receivers(work.policy, told, agreed)
