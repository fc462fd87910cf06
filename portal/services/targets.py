"""What an item of a request is about, and which values it covers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.domain.vocabulary import Outcome, RequestKind, TargetKind
from portal.policy.model import Policy
from portal.records.tables.cases import CaseItem
from portal.vault.envelope import Json

GRANTING = frozenset({Outcome.GRANTED.value, Outcome.PARTLY.value})


@dataclass(frozen=True, slots=True)
class Target:
    kind: TargetKind
    dataset: str | None = None
    item_id: UUID | None = None
    field: str | None = None
    group: int | None = None
    activity: str | None = None

    def covers(self, policy: Policy, dataset: str, item_id: UUID, code: str) -> bool:
        """Whether the value `code` of this record is asked about; something in own words covers nothing by itself."""
        match self.kind:
            case TargetKind.EVERYTHING:
                return True
            case TargetKind.GROUP:
                return policy.field(dataset, code).group == self.group
            case TargetKind.RECORD:
                return item_id == self.item_id
            case TargetKind.FIELD:
                return (dataset, code) == (self.dataset, self.field) and self.item_id in (None, item_id)
            case TargetKind.ACTIVITY:
                return self.activity in policy.field(dataset, code).activities
            case TargetKind.WORDS:
                return False


EVERYTHING = Target(TargetKind.EVERYTHING)


def target_of(item: CaseItem) -> Target:
    return Target(TargetKind(item.target), item.dataset, item.item_id, item.field, item.group, item.activity)


def granted(items: Iterable[CaseItem]) -> list[CaseItem]:
    """The items that were granted, wholly or partly."""
    return [item for item in items if item.outcome in GRANTING]


def covered(policy: Policy, targets: Iterable[Target], dataset: str, item_id: UUID, code: str) -> bool:
    return any(target.covers(policy, dataset, item_id, code) for target in targets)


def right_value(kind: str, item: Any, contents: Mapping[str, Json]) -> Json:
    """What staff found right of an item; "" where its value is taken out, None where nothing was decided to change."""
    checked = contents.get("checked")
    corrected = kind == RequestKind.RECTIFICATION and item.field is not None and item.outcome in GRANTING
    return "" if corrected and checked is None else checked
