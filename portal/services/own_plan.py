"""What erasing would do, shown to the student before asking: what would go now, what must stay, until when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, NotAllowed, Subject
from portal.domain.vocabulary import ActorKind
from portal.letters.answer import Erased, Kept
from portal.services.answer import erased_lines, kept_lines
from portal.services.casework import Asked
from portal.services.plan_erasure import plan_for
from portal.services.targets import EVERYTHING, Target
from portal.services.unit import reading


@dataclass(frozen=True, slots=True)
class OwnPlan:
    """In labels of the catalogue, as the written answer says it later; never a value."""

    erased: tuple[Erased, ...]
    kept: tuple[Kept, ...]

    def __bool__(self) -> bool:
        return bool(self.erased or self.kept)


def own_plan(actor: Actor, clock: Clock, asked: Sequence[Asked] = ()) -> OwnPlan | None:
    """The plan for what is asked, or for everything; None for whoever may not see the own data (yet)."""
    if actor.kind is not ActorKind.STUDENT or actor.student_id is None:
        return None
    targets = [Target(each.target, each.dataset, each.item_id, each.field, each.group, each.activity) for each in asked]
    with reading(actor, clock) as work:
        try:
            work.require(Act.VIEW_OWN_DATA, Subject(student_id=actor.student_id))
        except NotAllowed:
            return None
        plan = plan_for(work, actor.student_id, targets or [EVERYTHING])
        return OwnPlan(erased_lines(work.policy, plan), kept_lines(work.policy, plan))
