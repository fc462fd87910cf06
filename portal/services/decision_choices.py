"""What a decision can be about: for something asked in own words the places it may mean, for a record its fields, for
an erasure the plan. Read before deciding; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.erasure_plan import ErasurePlan
from portal.domain.permissions import Actor
from portal.domain.rights import right
from portal.domain.vocabulary import FieldType, Outcome, RequestKind, TargetKind
from portal.policy.model import Field
from portal.records import casebook, items
from portal.records.tables.cases import Case
from portal.services.casework import case_by_reference
from portal.services.plan_erasure import plan_for
from portal.services.targets import Target, target_of
from portal.services.unit import Work, reading
from portal.vault.envelope import Json

FEW = 12  # records of a dataset that are offered one by one


@dataclass(frozen=True, slots=True)
class Place:
    """Something of the student that words may mean. `labels` are messages from the general to the particular, `which`
    the values that tell this record from its like."""

    code: str
    target: Target
    labels: tuple[str, ...]
    which: tuple[tuple[Field, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """For each item of the case, by its id."""

    places: tuple[Place, ...] = ()
    records: dict[UUID, tuple[tuple[Field, Json], ...]] = field(default_factory=dict)  # correctable fields as kept
    plans: dict[UUID, ErasurePlan] = field(default_factory=dict)


def choices(actor: Actor, clock: Clock, reference: str, act: Act = Act.VIEW_CASE) -> Choices:
    """What the page of a decision, or of its approval, offers and shows."""
    with reading(actor, clock) as work:
        case = case_by_reference(work, reference, act)
        kind = RequestKind(case.kind)
        asked = casebook.items_of(work.session, case.id)
        found = Choices()
        if case.student_id is None:
            return found
        places = tuple(_places(work, case, kind)) if any(item.target == TargetKind.WORDS for item in asked) else ()
        for item in asked:
            if item.target == TargetKind.RECORD and kind is RequestKind.RECTIFICATION and item.item_id:
                found.records[item.id] = _record(work, case.student_id, item.item_id)
            if kind is RequestKind.ERASURE and item.target != TargetKind.WORDS and item.outcome != Outcome.REFUSED:
                found.plans[item.id] = plan_for(work, case.student_id, [target_of(item)])
        return Choices(places, found.records, found.plans)


def _record(work: Work, student_id: UUID, item_id: UUID) -> tuple[tuple[Field, Json], ...]:
    held = items.item(work.session, work.vault, student_id, item_id)
    if held is None:
        return ()
    fields = work.policy.datasets[held.dataset].fields.values()
    return tuple(
        (each, None if each.code in held.hidden else held.values.get(each.code))
        for each in fields
        if each.correctable and each.type is not FieldType.IMAGE
    )


def _places(work: Work, case: Case, kind: RequestKind) -> Iterator[Place]:
    targets = right(kind).targets
    if TargetKind.ACTIVITY in targets:
        for activity in work.policy.activities.values():
            if right(kind).applies_to(activity.basis):
                yield _place(Target(TargetKind.ACTIVITY, activity=activity.code), (activity.label,))
        return
    if TargetKind.EVERYTHING in targets and kind not in {RequestKind.ACCESS, RequestKind.PORTABILITY}:
        yield _place(Target(TargetKind.EVERYTHING), ())
    if TargetKind.GROUP in targets and kind not in {RequestKind.ACCESS, RequestKind.PORTABILITY}:
        for group in work.policy.groups.values():
            yield _place(Target(TargetKind.GROUP, group=group.number), (group.for_staff,))
    if TargetKind.FIELD in targets:
        yield from _fields(work, case, only_correctable=kind is RequestKind.RECTIFICATION)


def _fields(work: Work, case: Case, only_correctable: bool) -> Iterator[Place]:
    if case.student_id is None:
        return
    by_dataset: dict[str, list[items.Item]] = {}
    for held in items.items_of(work.session, work.vault, case.student_id):
        by_dataset.setdefault(held.dataset, []).append(held)
    for code, dataset in work.policy.datasets.items():
        records = by_dataset.get(code, [])
        if len(records) > FEW:
            continue
        for held in records:
            title = dataset.title if dataset.many else ()
            which = tuple((dataset.fields[name], held.values[name]) for name in title if held.values.get(name))
            for each in dataset.fields.values():
                if only_correctable and (not each.correctable or each.type is FieldType.IMAGE):
                    continue
                if only_correctable or each.code in held.values:
                    target = Target(TargetKind.FIELD, code, held.id, each.code)
                    yield _place(target, (dataset.label, each.label), which)


def _place(target: Target, labels: tuple[str, ...], which: tuple[tuple[Field, Json], ...] = ()) -> Place:
    parts = (
        target.kind.value,
        target.dataset or "",
        target.item_id.hex if target.item_id else "",
        target.field or "",
        str(target.group or ""),
        target.activity or "",
    )
    return Place("|".join(parts), target, labels, which)
