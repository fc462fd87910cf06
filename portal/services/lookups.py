"""By what a student is found: the look-up entries of a person record, for each retention class of its fields."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from portal.policy.model import Policy
from portal.records.items import Item, persons
from portal.services.unit import Work
from portal.vault.envelope import Holder
from portal.vault.normal import name_parts, normal_email, normal_number

Entry = tuple[str, str]  # kind of look-up, normalised text


def lookups_of(policy: Policy, person: Item) -> dict[str, list[Entry]]:
    """What `Vault.index` takes, for each class of the person's look-up fields; an empty list takes out what was there.

    A citizen number has no look-up in any policy (UAVG 46; the policy's loader sees to it).
    """
    found: dict[str, list[Entry]] = {}
    for field in policy.datasets[person.dataset].fields.values():
        if field.lookup:
            value = person.values.get(field.code)
            found.setdefault(field.retention, []).extend(_entries(field.lookup, "" if value is None else str(value)))
    return found


def reindex(work: Work, student_id: UUID) -> None:
    """Makes the look-ups say what the person record says now; a commit of its own, in the keys database."""
    person = persons(work.session, work.vault, [student_id]).get(student_id)
    if person is None:
        return
    holder = Holder.student(student_id)
    kept = {part.retention for part in person.parts}
    entries = {
        (holder, retention): found for retention, found in lookups_of(work.policy, person).items() if retention in kept
    }
    if entries:
        work.vault.index_many(entries)


def _entries(kind: str, text: str) -> Iterable[Entry]:
    if kind == "email":
        parts: tuple[str, ...] = (normal_email(text),)
    elif kind == "name":
        parts = name_parts(text)
    else:
        parts = (normal_number(text),)
    return [(kind, part) for part in parts if part]
