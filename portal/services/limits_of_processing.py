"""What of a student may not be used now, and placing such limits (GDPR 18, 21; regulation, art. 9.2 and 9.3).

Pages of staff ask `restricted` before they show a value. Mail and the case itself are not use in this sense: they are
how the student is answered (GDPR 18(2)).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.domain.events import EventKind
from portal.domain.rights import Effect, right
from portal.domain.vocabulary import RequestKind, TargetKind
from portal.records import casebook, limits
from portal.records.tables.cases import Case
from portal.records.tables.people import Limit
from portal.services.casework import event
from portal.services.targets import Target, target_of
from portal.services.unit import Work


@dataclass(frozen=True, slots=True)
class Restricted:
    """The restricted places of one student; a None in a place stands for every dataset, record or field."""

    places: frozenset[tuple[str | None, UUID | None, str | None]]

    def __bool__(self) -> bool:
        return bool(self.places)

    def covers(self, dataset: str, item_id: UUID, field: str) -> bool:
        return any(
            in_dataset in (None, dataset) and record in (None, item_id) and code in (None, field)
            for in_dataset, record, code in self.places
        )


def restricted(work: Work, student_id: UUID) -> Restricted:
    """Which values staff may not use now, for good or while something is checked."""
    found = limits.active(work.session, student_id, [limits.RESTRICTION])
    return Restricted(frozenset((limit.dataset, limit.item_id, limit.field) for limit in found))


def stopped_activities(work: Work, student_id: UUID) -> dict[str, str]:
    """Activities that may not run for this student now: code to why ("objection", "withdrawal", "restriction")."""
    return {limit.activity: limit.kind for limit in limits.active(work.session, student_id) if limit.activity}


def place_meanwhile(work: Work, case: Case) -> None:
    """What a request sets going at once, before any decision: the contested value is restricted (GDPR 18(1)(a)), the
    activity that is objected to is suspended (18(1)(d)). Call it when a case of a known student was opened or matched;
    calling it twice places nothing twice."""
    immediate = right(RequestKind(case.kind)).immediate
    if case.student_id is None or not immediate:
        return
    for item in casebook.items_of(work.session, case.id):
        target = target_of(item)
        if Effect.RESTRICT_MEANWHILE in immediate and target.kind in (TargetKind.FIELD, TargetKind.RECORD):
            place_restriction(work, case, target, provisional=True)
        if Effect.SUSPEND_ACTIVITY in immediate and target.kind is TargetKind.ACTIVITY:
            place_objection(work, case, target, provisional=True)


def place_restriction(work: Work, case: Case, target: Target, provisional: bool) -> None:
    """Restricts what the target names. A group is restricted field by field, so that a record may lie in two groups."""
    assert case.student_id is not None
    before = len(limits.of_case(work.session, case.id, provisional))
    if target.kind is TargetKind.GROUP:
        for dataset in work.policy.datasets.values():
            for field in dataset.fields.values():
                if field.group == target.group:
                    _place(work, case, limits.RESTRICTION, provisional, dataset=dataset.code, field=field.code)
    elif target.kind is TargetKind.EVERYTHING:
        _place(work, case, limits.RESTRICTION, provisional)
    elif target.kind is TargetKind.RECORD:
        _place(work, case, limits.RESTRICTION, provisional, dataset=target.dataset, item_id=target.item_id)
    elif target.kind is TargetKind.FIELD:
        _place(
            work,
            case,
            limits.RESTRICTION,
            provisional,
            dataset=target.dataset,
            item_id=target.item_id,
            field=target.field,
        )
    work.session.flush()
    if len(limits.of_case(work.session, case.id, provisional)) > before:
        event(work, case, EventKind.RESTRICTED)


def place_objection(work: Work, case: Case, target: Target, provisional: bool) -> None:
    """Suspends the activity (while the balance is made) or stops it for good."""
    assert case.student_id is not None
    before = len(limits.of_case(work.session, case.id, provisional))
    _place(work, case, limits.OBJECTION, provisional, activity=target.activity)
    work.session.flush()
    if provisional and len(limits.of_case(work.session, case.id, provisional)) > before:
        event(work, case, EventKind.SUSPENDED)


def _place(
    work: Work,
    case: Case,
    kind: str,
    provisional: bool,
    *,
    dataset: str | None = None,
    item_id: UUID | None = None,
    field: str | None = None,
    activity: str | None = None,
) -> Limit:
    assert case.student_id is not None
    return limits.place(
        work.session,
        case.student_id,
        kind,
        case.id,
        work.now,
        dataset=dataset,
        item_id=item_id,
        field=field,
        activity=activity,
        provisional=provisional,
    )
