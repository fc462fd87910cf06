"""The register's elements and what differs between two of its versions, on plain data."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from portal.domain.article_30 import Changed, Difference, Element, Fate, compared, missing

CONTROLLER = {"name": "School", "address": "Straat 1", "email": "a@example.org", "contact": ["A"]}
TAKER = {"name": "DUO", "role": "controller", "country": "Nederland", "safeguard": ""}
ACTIVITY: dict[str, Any] = {
    "name": "Lessen geven",
    "purpose": "Onderwijs",
    "basis": "contract",
    "subjects": ["Cursisten"],
    "data": [{"field": "Naam"}],
    "recipients": [TAKER],
    "retention": [{"term": "3 jaar"}],
    "security": ["Sloten"],
}
GONE = object()


def test_a_whole_activity_lacks_nothing_and_neither_does_one_that_goes_to_nobody() -> None:
    assert missing(CONTROLLER, ACTIVITY) == []
    assert missing(CONTROLLER, {**ACTIVITY, "recipients": []}) == []


@pytest.mark.parametrize(
    ("changes", "lacking"),
    [
        ({"purpose": ""}, [Element.PURPOSE]),
        ({"name": GONE}, [Element.PURPOSE]),
        ({"subjects": []}, [Element.CATEGORIES]),
        ({"data": GONE}, [Element.CATEGORIES]),
        ({"recipients": GONE}, [Element.RECIPIENTS, Element.TRANSFERS]),
        ({"recipients": [{**TAKER, "role": ""}]}, [Element.RECIPIENTS]),
        ({"recipients": [{**TAKER, "country": "Canada"}]}, [Element.TRANSFERS]),
        ({"recipients": [{**TAKER, "country": "", "safeguard": "contract"}]}, [Element.TRANSFERS]),
        ({"retention": []}, [Element.TERMS]),
        ({"retention": [{"term": ""}]}, [Element.TERMS]),
        ({"security": []}, [Element.SECURITY]),
    ],
)
def test_each_planted_gap_is_found_by_its_letter(changes: dict[str, Any], lacking: list[Element]) -> None:
    activity = copy.deepcopy(ACTIVITY) | changes
    assert missing(CONTROLLER, {key: value for key, value in activity.items() if value is not GONE}) == lacking


@pytest.mark.parametrize("key", sorted(CONTROLLER))
def test_without_a_reachable_controller_every_activity_lacks_the_first_element(key: str) -> None:
    assert missing({**CONTROLLER, key: ""}, ACTIVITY) == [Element.CONTROLLER]


def test_a_transfer_with_its_country_and_safeguard_is_whole() -> None:
    far = {**TAKER, "country": "Canada", "safeguard": "Adequaatheidsbesluit"}
    assert missing(CONTROLLER, {**ACTIVITY, "recipients": [far]}) == []


def test_what_came_changed_and_went_is_told_line_by_line_and_column_by_column() -> None:
    old = {"a": {"name": ["A"], "data": ["x", "y"]}, "b": {"name": ["B"]}, "same": {"name": ["S"], "data": ["x", "y"]}}
    new = {"same": {"name": ["S"], "data": ["y", "x"]}, "c": {"name": ["C"]}, "a": {"name": ["A"], "data": ["y", "z"]}}
    assert compared(old, new) == [
        Changed("c", Fate.ADDED, (Difference("name", (), ("C",)),)),
        Changed("a", Fate.CHANGED, (Difference("data", ("x",), ("z",)),)),
        Changed("b", Fate.REMOVED, (Difference("name", ("B",), ()),)),
    ]
    assert compared(old, old) == []


def test_a_column_that_one_version_does_not_know_counts_as_empty() -> None:
    assert compared({"a": {"name": ["A"]}}, {"a": {"name": ["A"], "source": ["school"]}}) == [
        Changed("a", Fate.CHANGED, (Difference("source", (), ("school",)),))
    ]
