"""How sure we are of whoever acts, asked in one place for each act and each field (regulation, "Identity").

Every act of a student passes here through `Work.require`; a service asks once more for a field. The level and its age
belong to the session: level 3 ages back to 2 (portal.domain.assurance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from portal.domain import assurance
from portal.domain.acts import Act
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import ActorKind, Level, Sensitivity
from portal.policy.model import Field, Policy

if TYPE_CHECKING:
    from portal.services.unit import Work

# Staff, the portal and whoever holds a case code are let in by the table of permissions alone.
KNOWN_BY_LEVEL = frozenset({ActorKind.STUDENT, ActorKind.REPRESENTATIVE})


def level_now(work: Work) -> Level:
    """The actor's level at this moment."""
    return assurance.effective(work.actor.level, work.actor.level_at, work.now)


def needed(policy: Policy, asked: Act | Field, shared_address: bool = False) -> Level:
    """The level that an act, or showing a field, asks for."""
    if isinstance(asked, Act):
        return assurance.required(asked, policy.identity.levels, shared_address)
    return assurance.needed_to_show(asked.level, asked.sensitivity, shared_address)


def demand_level(work: Work, asked: Act | Field, shared_address: bool = False) -> Level:
    """The actor's level, or NotAllowed("level", act=..., needs=...) when it is not enough. `shared_address`: several
    students read the mail address by which somebody signed in; the session's own word for it counts too."""
    actor, held = work.actor, level_now(work)
    if actor.kind not in KNOWN_BY_LEVEL:
        return held
    needs = needed(work.policy, asked, shared_address or actor.shared_address)
    if held < needs:
        raise NotAllowed("level", act=_act(asked), needs=int(needs))
    return held


def _act(asked: Act | Field) -> Act:
    if isinstance(asked, Act):
        return asked
    return Act.VIEW_OWN_DATA if asked.sensitivity is Sensitivity.ORDINARY else Act.VIEW_OWN_SENSITIVE
