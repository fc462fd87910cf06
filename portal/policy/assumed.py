"""What a policy assumes: items that the school's regulation does not settle, for the school to confirm one by one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import Enum
from typing import Any

from portal.domain.vocabulary import Level
from portal.policy.model import Activity, Dataset, Identity, Policy

# What of an item is shown to whoever confirms it, beside its name; the digest covers all of it.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "controller": ("address", "postcode", "town", "desk_hours", "contact_name", "contact_email", "contact_phone"),
    "term": ("answer_days", "extension_days", "complaint_days", "closing_days"),
    "own_section": ("explanation",),
    "chapter": ("paragraphs",),
    "retention": ("explanation", "law"),
    "group": ("explanation",),
    "dataset": ("label_plural",),
    "field": ("group", "source", "sensitivity", "level", "retention", "evidence", "help"),
    "purpose": (),
    "activity": ("purpose", "basis", "basis_explanation", "recipients", "consequence", "continues"),
    "recipient": ("role", "what_for", "country", "safeguard"),
    "holder": ("keeper", "place", "search", "correct", "erase", "restrict"),
    "ground": ("article", "explanation"),
    "reason": ("use", "article"),
    "security": (),
    "branch": (),
    "authority": ("how", "website"),
    "role": ("names",),
}
NAMES = ("label", "name", "title")


@dataclass(frozen=True, slots=True)
class Assumed:
    """One item. `key` is its path in the file; `label` and the facts are Dutch texts, codes or numbers as texts.

    `digest` is of everything that the item says: what was confirmed counts until the file says something else.
    """

    key: str
    part: str
    label: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    digest: str


def assumed_items(policy: Policy) -> tuple[Assumed, ...]:
    """Every item with `assumed = true`, in the order of the file's parts."""
    return tuple(_assumed(part, key, item) for part, key, item in _every(policy) if item.assumed)


def rests_on(policy: Policy, activity: Activity) -> list[str]:
    """The keys of what the register says of an activity: itself, its purpose, data, recipients, terms and measures."""
    keys = [
        f"activity.{activity.code}",
        f"purpose.{activity.purpose}",
        *(f"recipient.{code}" for code in activity.recipients),
        *(f"security.{code}" for code in activity.security),
        *(f"retention.{code}" for code in activity.retention),
    ]
    for dataset in policy.datasets.values():
        for field in dataset.fields.values():
            if activity.code in field.activities:
                keys += [f"dataset.{dataset.code}", f"dataset.{dataset.code}.field.{field.code}"]
                keys.append(f"retention.{field.retention}")
    return list(dict.fromkeys(("controller", *keys)))


def _every(policy: Policy) -> Iterator[tuple[str, str, Any]]:
    yield "controller", "controller", policy.controller
    for chapter in policy.regulation.chapters:
        yield "chapter", f"regulation.chapter.{chapter.code}", chapter
    yield "term", "term", policy.term
    yield from _mapped("retention", policy.retention)
    for number, group in policy.groups.items():
        yield "group", f"group.{number}", group
    yield "own_section", "own_section", policy.own_section
    for dataset in policy.datasets.values():
        yield "dataset", f"dataset.{dataset.code}", dataset
        for field in dataset.fields.values():
            yield "field", f"dataset.{dataset.code}.field.{field.code}", field
    for part, items in (
        ("purpose", policy.purposes),
        ("activity", policy.activities),
        ("recipient", policy.recipients),
        ("holder", policy.holders),
        ("ground", policy.grounds),
        ("reason", policy.reasons),
        ("security", policy.security),
        ("branch", policy.branches),
        ("authority", policy.authorities),
    ):
        yield from _mapped(part, items)
    yield "identity", "identity", policy.identity
    yield "role", "role", policy.roles


def _mapped(part: str, items: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for code, item in items.items():
        yield part, f"{part}.{code}", item


def _assumed(part: str, key: str, item: Any) -> Assumed:
    label = next((str(getattr(item, name)) for name in NAMES if hasattr(item, name)), "")
    facts = _acts(item) if isinstance(item, Identity) else ((name, _said(getattr(item, name))) for name in SHOWN[part])
    return Assumed(key, part, label, tuple((name, said) for name, said in facts if any(said)), _digest(item))


def _acts(identity: Identity) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The codes of acts by the level they ask for: `level_0` to `level_3`."""
    for level in Level:
        yield f"level_{int(level)}", tuple(act for act, asked in identity.levels.items() if asked is level)


def _said(value: object) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return tuple(each for entry in value for each in _said(entry))
    return (
        str(value.value) if isinstance(value, Enum) else value.isoformat() if isinstance(value, date) else str(value),
    )


def _digest(item: Any) -> str:
    """Of the item's own table: not of whether it is assumed, nor of what the loader adds from other tables. Fields of a
    dataset are items themselves."""
    own = {
        each.name: getattr(item, each.name)
        for each in fields(item)
        if each.name not in {"assumed", "activities"} and not (isinstance(item, Dataset) and each.name == "fields")
    }
    return hashlib.sha256(json.dumps(own, sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return {each.name: getattr(value, each.name) for each in fields(value)}
