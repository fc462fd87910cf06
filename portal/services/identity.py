"""How sure we must be who asked before something is carried out or handed over (regulation, "Identity")."""

from __future__ import annotations

from portal.domain import assurance
from portal.domain.acts import Act
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.services.targets import granted
from portal.services.unit import Work


def level_needed(work: Work, case: Case) -> Level:
    """The level at which this case is carried out: of its kind, and that of a new e-mail address where it sets one."""
    kind = RequestKind(case.kind)
    needed = assurance.required_for(kind, work.policy.identity.levels)
    if kind is RequestKind.RECTIFICATION and _sets_email(work, case):
        needed = max(needed, assurance.required(Act.CHANGE_EMAIL, work.policy.identity.levels))
    return needed


def demand_level(work: Work, case: Case) -> None:
    """Nothing, or Refused("identity_needed", level=...)."""
    needed = level_needed(work, case)
    if Level(case.assured_level) < needed:
        raise Refused("identity_needed", level=needed)


def _sets_email(work: Work, case: Case) -> bool:
    for item in granted(casebook.items_of(work.session, case.id)):
        checked = casebook.item_contents(work.vault, item).get("checked")
        codes = [item.field] if item.field else list(checked) if isinstance(checked, dict) else []
        if item.dataset and any(work.policy.field(item.dataset, code).lookup == "email" for code in codes if code):
            return True
    return False
