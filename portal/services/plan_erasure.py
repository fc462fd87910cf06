"""The erasure plan of a student: what the policy, the limits and the running programme say of each value.

The plan itself is `portal.domain.erasure_plan`; here its facts are gathered. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from portal.domain.erasure_plan import ErasurePlan, Hold, Item, Objection, Use, plan_erasure
from portal.domain.retention import kept_until
from portal.domain.vocabulary import LegalBasis
from portal.policy.model import Activity, Field, Policy
from portal.records import items, limits
from portal.records.tables.people import Limit, Student
from portal.services.consents import standing_consents
from portal.services.recipients import CONSENTS, Receivers, receivers
from portal.services.recipients import DATASET as DISCLOSURES
from portal.services.targets import Target, covered
from portal.services.unit import Work

PROGRAMME_END = "programme_end"


def plan_for(work: Work, student_id: UUID, targets: Sequence[Target], held: Sequence[items.Item] = ()) -> ErasurePlan:
    """The plan for what the targets cover, value by value. `held`: the student's items, where they have been read."""
    student = work.session.get(Student, student_id)
    if student is None:
        return ErasurePlan(())
    held = held or items.items_of(work.session, work.vault, student_id)
    facts = _facts(work, student, held)
    wanted = [
        facts.item(record, code)
        for record in held
        for code in record.values
        if covered(work.policy, targets, record.dataset, record.id, code)
    ]
    return plan_erasure(wanted, work.today, facts.contract_running)


@dataclass(frozen=True, slots=True)
class _Facts:
    policy: Policy
    last_end: date | None
    contract_running: bool
    receivers: Receivers
    consents: frozenset[str]  # activities with a consent that stands
    standing: Sequence[Limit]
    objections: dict[str, Objection]
    uses: dict[tuple[str, str], tuple[Use, ...]] = field(default_factory=dict)

    def item(self, record: items.Item, code: str) -> Item:
        described = self.policy.field(record.dataset, code)
        part = record.part_of(code)
        retention = self.policy.retention[part.retention if part else described.retention]
        start = self.last_end if retention.starts == PROGRAMME_END else record.created_at.date()
        return Item(
            dataset=record.dataset,
            record_id=record.id,
            field=code,
            retention_class=retention.code,
            kept_until=kept_until(retention.years, retention.days, start),
            uses=self._uses(described),
            hold=self._hold(record, code),
            recipients=() if record.dataset in (DISCLOSURES, CONSENTS) else self.receivers.of(described),
        )

    def _uses(self, described: Field) -> tuple[Use, ...]:
        key = (described.dataset, described.code)
        if key not in self.uses:
            self.uses[key] = tuple(self._use(activity) for activity in self.policy.activities_of(described))
        return self.uses[key]

    def _use(self, activity: Activity) -> Use:
        """An activity as it stands for this student.

        A consent that was never given or was withdrawn uses nothing. What serves the portal's own running (it fills
        retention classes of its own) has no claim on the student's data once no programme runs: a case keeps its own
        contact and answer under its own key.
        """
        ended = activity.basis is LegalBasis.CONSENT and activity.code not in self.consents
        if activity.retention and not self.contract_running:
            ended = True
        return Use(
            activity=activity.code,
            basis=activity.basis,
            law=activity.basis_explanation if activity.basis is LegalBasis.LEGAL_OBLIGATION else "",
            ended=ended,
            objection=self.objections.get(activity.code, Objection.NONE),
        )

    def _hold(self, record: items.Item, code: str) -> Hold | None:
        for limit in self.standing:
            if limit.kind == limits.HOLD and limits.covers(limit, record.dataset, record.id, code):
                reason = self.policy.reasons.get(limit.reason or "")
                return Hold(limit.until, reason.label if reason else "")
        return None


def _facts(work: Work, student: Student, held: Iterable[items.Item]) -> _Facts:
    every = limits.all_of(work.session, student.id)
    standing = [limit for limit in every if limit.ended_at is None]
    return _Facts(
        policy=work.policy,
        last_end=student.last_programme_ended,
        contract_running=_contract_runs(held, student, work.today),
        receivers=receivers(work, student.id),
        consents=standing_consents(held, standing),
        standing=standing,
        objections=_objections(every),
    )


def _objections(every: Iterable[Limit]) -> dict[str, Objection]:
    """Where the objection to each activity stands; the latest one counts."""
    found: dict[str, Objection] = {}
    for limit in every:
        if limit.kind == limits.OBJECTION and limit.activity:
            if limit.ended_at is not None:
                found[limit.activity] = Objection.REFUSED
            else:
                found[limit.activity] = Objection.PENDING if limit.provisional else Objection.UPHELD
    return found


def _contract_runs(held: Iterable[items.Item], student: Student, today: date) -> bool:
    """Whether a programme runs today: one without an end, or with one still to come.

    Somebody without any programme on record has no running contract.
    """
    ends = [record.values.get("end_date") for record in held if record.dataset == "programme"]
    return any(end is None or str(end) >= today.isoformat() for end in ends) or bool(
        student.last_programme_ended and student.last_programme_ended >= today
    )
