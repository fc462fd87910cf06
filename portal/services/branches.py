"""The branches that the policy names, as rows that staff and students belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import or_, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Role
from portal.records.tables.access import Designation, Staff
from portal.records.tables.people import Branch
from portal.services.unit import Work, reading, writing


@dataclass(frozen=True, slots=True)
class Handler:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class BranchShown:
    """`name` is what it is called here, "" for one that has no row yet; `in_policy` what the policy calls it, "" for
    one that it does not name any more. `labels` are its names in the school's export."""

    code: str
    name: str
    in_policy: str
    labels: tuple[str, ...]
    handlers: tuple[Handler, ...]

    @property
    def follows(self) -> bool:
        """Whether nothing is to be taken over from the policy."""
        return not self.in_policy or self.name == self.in_policy


def branches(actor: Actor, clock: Clock) -> tuple[BranchShown, ...]:
    """All there are here and in the policy, by name, with who handles cases there today; nothing of a student."""
    with reading(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        held = {row.code: row for row in work.session.execute(select(Branch.id, Branch.code, Branch.name))}
        handlers = _handlers(work, work.today)
        named = work.policy.branches
        found = [
            BranchShown(
                code,
                held[code].name if code in held else "",
                named[code].name if code in named else "",
                named[code].export_labels if code in named else (),
                tuple(handlers.get(held[code].id, ()) if code in held else ()),
            )
            for code in held.keys() | named.keys()
        ]
        return tuple(sorted(found, key=lambda each: (each.name or each.in_policy).casefold()))


def follow_policy(actor: Actor, clock: Clock) -> int:
    """Opens the branches that the policy names and that are not here yet, and gives the others the policy's names;
    returns how many changed. One that the policy does not name any more stays: students and staff belong to it.

    Raises NotAllowed("fresh_sign_in_needed") when the sign-in is too long ago.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_BRANCHES)
        opened = _open(work)
        renamed = 0
        for row in work.session.execute(select(Branch)).scalars():
            named = work.policy.branches.get(row.code)
            if named is not None and row.name != named.name:
                row.name = named.name
                renamed += 1
                work.note("rename_branch", "installation", None, branch=row.code)
        return opened + renamed


def open_branches(actor: Actor, clock: Clock) -> dict[str, UUID]:
    """Every branch by its code; those that the policy names and that have no row yet are made."""
    with writing(actor, clock) as work:
        _open(work)
        return {row.code: row.id for row in work.session.execute(select(Branch.code, Branch.id))}


def _open(work: Work) -> int:
    held = set(work.session.execute(select(Branch.code)).scalars())
    missing = [branch for branch in work.policy.branches.values() if branch.code not in held]
    for branch in missing:
        work.session.add(Branch(id=uuid7(), code=branch.code, name=branch.name))
        work.note("open_branch", "installation", None, branch=branch.code)
    work.session.flush()
    return len(missing)


def _handlers(work: Work, today: date) -> dict[UUID, list[Handler]]:
    rows = work.session.execute(
        select(Designation.branch_id, Staff.id, Staff.name)
        .join(Staff, Staff.id == Designation.staff_id)
        .where(
            Designation.role == Role.CASE_HANDLER.value,
            Designation.branch_id.is_not(None),
            Designation.starts_on <= today,
            or_(Designation.ends_on.is_(None), Designation.ends_on >= today),
            Staff.disabled_at.is_(None),
        )
        .order_by(Staff.name)
    )
    found: dict[UUID, list[Handler]] = {}
    for row in rows:
        found.setdefault(row.branch_id, []).append(Handler(row.id, row.name))
    return found
