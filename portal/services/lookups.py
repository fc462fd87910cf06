"""What a student is found by, as the policy says: number, mail address, phone, words of a name."""

from __future__ import annotations

from portal.policy.model import Policy
from portal.records.items import Item
from portal.vault.normal import name_parts, normal_email, normal_number


def lookups_of(policy: Policy, person: Item) -> dict[str, list[tuple[str, str]]]:
    """(kind, normalised text) pairs of a person record, per retention class; written with the vault's `index`."""
    entries: dict[str, list[tuple[str, str]]] = {}
    for code, value in person.values.items():
        field = policy.field(person.dataset, code)
        if field.lookup and value:
            entries.setdefault(field.retention, []).extend(
                (field.lookup, text) for text in normal(field.lookup, str(value))
            )
    return entries


def normal(kind: str, text: str) -> tuple[str, ...]:
    """The normalised forms of a text; a name has one for each word."""
    if kind == "name":
        return name_parts(text)
    return (normal_email(text),) if kind == "email" else (normal_number(text),)
