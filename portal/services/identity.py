"""How sure we must be who asked before something is carried out or handed over (regulation, "Identity")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from portal.domain import assurance
from portal.domain.acts import Act
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind
from portal.policy.model import Policy
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.services.targets import granted
from portal.services.unit import Work
from portal.vault.envelope import Json


def level_needed(work: Work, case: Case) -> Level:
    """The level at which this case is carried out: of its kind, and that of a new e-mail address where it sets one."""
    kind = RequestKind(case.kind)
    going = granted(casebook.items_of(work.session, case.id)) if kind is RequestKind.RECTIFICATION else []
    found = (Found(each.dataset, each.field, casebook.item_contents(work.vault, each).get("checked")) for each in going)
    return level_for(work.policy, kind, found)


class Found(NamedTuple):
    """What was found right of an item that was granted."""

    dataset: str | None
    field: str | None
    checked: Json


def level_for(policy: Policy, kind: RequestKind, found: Iterable[Found]) -> Level:
    """`level_needed` of a case of that kind, of whose granted items that was found."""
    levels = policy.identity.levels
    needed = assurance.required_for(kind, levels)
    if kind is RequestKind.RECTIFICATION and any(_sets_email(policy, *each) for each in found):
        needed = max(needed, assurance.required(Act.CHANGE_EMAIL, levels))
    return needed


def demand_level(work: Work, case: Case) -> None:
    """Nothing, or Refused("identity_needed", level=...)."""
    needed = level_needed(work, case)
    if Level(case.assured_level) < needed:
        raise Refused("identity_needed", level=needed)


def _sets_email(policy: Policy, dataset: str | None, field: str | None, checked: Json) -> bool:
    codes = [field] if field else list(checked) if isinstance(checked, dict) else []
    return dataset is not None and any(policy.field(dataset, code).lookup == "email" for code in codes)
