"""What a student is found by, as the policy says: number, mail address, phone, words of a name."""

from __future__ import annotations

from collections.abc import Mapping

from portal.policy.model import Policy
from portal.vault.envelope import Json
from portal.vault.normal import name_parts, normal_email, normal_number

PERSON = "person"


def lookups_of(policy: Policy, values: Mapping[str, Json]) -> dict[str, list[tuple[str, str]]]:
    """(kind, normalised text) pairs of a person record, per retention class; written with the vault's `index`."""
    entries: dict[str, list[tuple[str, str]]] = {}
    for code, value in values.items():
        field = policy.field(PERSON, code)
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
