"""What the policy assumes and what of it the school has confirmed: a list, and the one act of confirming.

A confirmation holds for the item as it was read. The terms after which data are destroyed are the director's alone and
have a page of their own (`portal.services.retention_terms`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.policy.assumed import Assumed, assumed_items
from portal.records.db import insert_into
from portal.records.tables.access import Staff
from portal.records.tables.register import PolicyConfirmation
from portal.services.retention_terms import confirmed_classes
from portal.services.unit import Work, reading, writing

RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Item:
    """`by` is a name; "" while nobody confirmed it as it stands."""

    assumed: Assumed
    confirmed: bool
    by: str
    at: datetime | None

    @property
    def is_term(self) -> bool:
        return self.assumed.part == RETENTION


def listed(actor: Actor, clock: Clock) -> list[Item]:
    """Every assumed item, in the order of the policy file."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
        rows = work.session.execute(
            select(PolicyConfirmation, Staff.name).join(Staff, Staff.id == PolicyConfirmation.confirmed_by)
        )
        known = {row.PolicyConfirmation.key: (row.PolicyConfirmation, row.name) for row in rows}
        terms = confirmed_classes(work)
        found = []
        for each in assumed_items(work.policy):
            row, name = known.get(each.key, (None, ""))
            if each.part == RETENTION:
                found.append(Item(each, each.key.removeprefix(f"{RETENTION}.") in terms, "", None))
            elif row is not None and row.digest.hex() == each.digest:
                found.append(Item(each, True, name, row.confirmed_at))
            else:
                found.append(Item(each, False, "", None))
        return found


def open_keys(work: Work) -> frozenset[str]:
    """The keys of what nobody has confirmed as it stands."""
    known = {row.key: row.digest.hex() for row in work.session.execute(select(PolicyConfirmation)).scalars()}
    known |= {f"{RETENTION}.{code}": "" for code in confirmed_classes(work)}
    return frozenset(
        each.key
        for each in assumed_items(work.policy)
        if known.get(each.key) != ("" if each.part == RETENTION else each.digest)
    )


def confirm_assumed(actor: Actor, clock: Clock, read: Mapping[str, str]) -> int:
    """Confirms these items, by key with the digest of what was read; how many were not confirmed before.

    Raises NotAllowed, Refused: no_point_chosen, changed_since_read (the policy says something else by now),
    terms_apart (retention).
    """
    with writing(actor, clock) as work:
        work.require(Act.CONFIRM_REGISTER)
        items = {each.key: each for each in assumed_items(work.policy)}
        if not read:
            raise Refused("no_point_chosen")
        if any(key not in items or items[key].digest != digest for key, digest in read.items()):
            raise Refused("changed_since_read")
        if any(items[key].part == RETENTION for key in read):
            raise Refused("terms_apart")
        still_open = open_keys(work)
        fresh = [items[key] for key in read if key in still_open]
        for each in fresh:
            _put(work, each)
        if fresh:
            work.note("confirm_assumed", "installation", None, items={each.key: each.digest for each in fresh})
        return len(fresh)


def _put(work: Work, item: Assumed) -> None:
    """Of two people at once both succeed, and the last one's name stands there."""
    says = {"digest": bytes.fromhex(item.digest), "confirmed_at": work.now, "confirmed_by": work.actor.id}
    work.session.execute(
        insert_into(work.session, PolicyConfirmation)
        .values(key=item.key, **says)
        .on_conflict_do_update(index_elements=[PolicyConfirmation.key], set_=says)
    )
