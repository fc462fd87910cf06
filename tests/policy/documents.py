"""The shipped file as a parsed document that a test may spoil, and a policy turned back into a document."""

from __future__ import annotations

import copy
import json
import tomllib
from dataclasses import fields as parts_of
from typing import Any

import pytest

from portal.policy.faults import PolicyError, PolicyFault
from portal.policy.loader import SHIPPED, read_policy
from portal.policy.model import Policy

Document = dict[str, Any]
Path = tuple[str | int, ...]
NAME = "school.toml"
GONE = object()
TEXT = SHIPPED.read_text(encoding="utf-8")
PARSED: Document = tomllib.loads(TEXT)
DERIVED = {"code", "dataset", "activities", "number"}  # what the loader knows from a table's place in the file


def shipped() -> Document:
    return copy.deepcopy(PARSED)


def key_of(path: Path) -> str:
    """The path as faults write it: `dataset.person.title[0]`."""
    key = ""
    for step in path:
        key += f"[{step}]" if isinstance(step, int) else f".{step}" if key else str(step)
    return key


def at(document: Document, dotted: str) -> Any:
    for step in dotted.split("."):
        document = document[step]
    return document


def put(document: Document, dotted: str, value: object) -> None:
    above, _, last = dotted.rpartition(".")
    (at(document, above) if above else document)[last] = value


def drop(document: Document, dotted: str) -> None:
    above, _, last = dotted.rpartition(".")
    del (at(document, above) if above else document)[last]


def spoilt(changes: dict[str, Any]) -> Document:
    """The shipped document with these changes; GONE takes a key away."""
    document = shipped()
    for path, value in changes.items():
        if value is GONE:
            drop(document, path)
        else:
            put(document, path, value)
    return document


def faults_of(document: Document) -> tuple[PolicyFault, ...]:
    """The faults for which this document is refused; fails when it is not."""
    with pytest.raises(PolicyError) as refused:
        read_policy(document, NAME)
    return refused.value.faults


def reasons_at(document: Document, key: str) -> list[str]:
    return [fault.reason for fault in faults_of(document) if fault.key == key]


def meaning(document: Document) -> str:
    """Canonical text of a document without what only repeats a default (false, "", an empty list)."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: kept(item) for key, item in value.items() if item is not False and item not in ("", [], {})}
        return [kept(item) for item in value] if isinstance(value, list) else value

    return json.dumps(kept(document), sort_keys=True, default=str)


def document_of(policy: Policy) -> Document:
    """The file that says what the policy says."""
    document: Document = {
        "code": policy.code,
        "version": policy.version,
        "no_profiling": policy.no_profiling,
        "controller": _table(policy.controller),
        "regulation": _table(policy.regulation)
        | {
            "purposes": [p.code for p in sorted(policy.purposes.values(), key=lambda p: p.number)],
            "chapter": {chapter.code: _table(chapter, DERIVED) for chapter in policy.regulation.chapters},
        },
        "term": _table(policy.term),
        "group": {str(number): _table(group, {"number"}) for number, group in policy.groups.items()},
        "own_section": _table(policy.own_section, {"number"}),
        "dataset": {
            code: _table(dataset, DERIVED)
            | {"field": {name: _table(field, DERIVED - {"number"}) for name, field in dataset.fields.items()}}
            for code, dataset in policy.datasets.items()
        },
        "purpose": {code: _table(purpose, {"code"}) for code, purpose in policy.purposes.items()},
        "language": {code: _table(language, {"code"}) for code, language in policy.languages.items()},
        "identity": {"assumed": policy.identity.assumed}
        | {act: int(level) for act, level in policy.identity.levels.items()},
        "role": {"assumed": policy.roles.assumed} | {str(role): name for role, name in policy.roles.names.items()},
    }
    for key, items in {
        "retention": policy.retention,
        "activity": policy.activities,
        "recipient": policy.recipients,
        "holder": policy.holders,
        "ground": policy.grounds,
        "reason": policy.reasons,
        "security": policy.security,
        "branch": policy.branches,
        "authority": policy.authorities,
    }.items():
        document[key] = {code: _table(item, {"code"}) for code, item in items.items()}
    for dataset in document["dataset"].values():
        dataset.pop("fields", None)
    document["regulation"].pop("chapters")
    return document


def _table(item: Any, without: set[str] | None = None) -> Document:
    return {
        part.name: _plain(getattr(item, part.name)) for part in parts_of(item) if part.name not in (without or set())
    }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if hasattr(value, "__dataclass_fields__"):
        return _table(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return value
    return int(value) if isinstance(value, int) else str(value)
