"""The branches that the policy names, as rows that staff and students belong to."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.records.tables.people import Branch
from portal.services.unit import writing


def open_branches(actor: Actor, clock: Clock) -> dict[str, UUID]:
    """Every branch by its code; those that the policy names and that have no row yet are made."""
    with writing(actor, clock) as work:
        held = {row.code: row.id for row in work.session.execute(select(Branch.code, Branch.id))}
        for branch in work.policy.branches.values():
            if branch.code not in held:
                held[branch.code] = uuid7()
                work.session.add(Branch(id=held[branch.code], code=branch.code, name=branch.name))
                work.note("open_branch", "installation", None, branch=branch.code)
        return held
