"""What the register of processing must say of each activity, and how two versions of it differ (GDPR 30(1))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# The European Economic Area by the Dutch names that a policy uses. Anywhere else is a third country (GDPR 44).
EEA = frozenset(
    (
        *("België", "Bulgarije", "Cyprus", "Denemarken", "Duitsland", "Estland", "Finland", "Frankrijk", "Griekenland"),
        *("Hongarije", "Ierland", "IJsland", "Italië", "Kroatië", "Letland", "Liechtenstein", "Litouwen", "Luxemburg"),
        *("Malta", "Nederland", "Noorwegen", "Oostenrijk", "Polen", "Portugal", "Roemenië", "Slovenië", "Slowakije"),
        *("Spanje", "Tsjechië", "Zweden"),
    )
)

Part = Mapping[str, Any]
Columns = Mapping[str, Sequence[str]]


class Element(StrEnum):
    """The letters of GDPR 30(1). Nobody to whom the data go, and no transfer, are answers too: `none`."""

    CONTROLLER = "a"
    PURPOSE = "b"
    CATEGORIES = "c"
    RECIPIENTS = "d"
    TRANSFERS = "e"
    TERMS = "f"
    SECURITY = "g"


def missing(controller: Part, activity: Part) -> list[Element]:
    """The elements that an activity of a register lacks; `controller` counts for each of them."""
    there = {
        Element.CONTROLLER: all(controller.get(key) for key in ("name", "address", "email", "contact")),
        Element.PURPOSE: all(activity.get(key) for key in ("name", "purpose", "basis")),
        Element.CATEGORIES: bool(activity.get("subjects")) and bool(activity.get("data")),
        Element.RECIPIENTS: all(each.get("name") and each.get("role") for each in _listed(activity, "recipients")),
        Element.TRANSFERS: all(
            each.get("country") in EEA or (each.get("country") and each.get("safeguard"))
            for each in _listed(activity, "recipients")
        ),
        Element.TERMS: bool(activity.get("retention")) and all(each.get("term") for each in activity["retention"]),
        Element.SECURITY: bool(activity.get("security")),
    }
    return [element for element, found in there.items() if not found]


def _listed(activity: Part, key: str) -> Sequence[Part]:
    """A list that may be empty and must be there: an activity that does not say to whom lacks the element."""
    found = activity.get(key)
    return ({},) if found is None else found


@dataclass(frozen=True, slots=True)
class Difference:
    """One column in which two versions differ: what is no longer said, and what is new."""

    column: str
    gone: tuple[str, ...]
    new: tuple[str, ...]


class Fate(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of the register that the two versions do not have alike."""

    code: str
    fate: Fate
    differences: tuple[Difference, ...]


def compared(old: Mapping[str, Columns], new: Mapping[str, Columns]) -> list[Changed]:
    """What came, changed and went from one version to the next, in the order of the newer one; what went is last."""
    found = []
    for code, columns in new.items():
        differences = _differences(old.get(code, {}), columns)
        if code not in old:
            found.append(Changed(code, Fate.ADDED, differences))
        elif differences:
            found.append(Changed(code, Fate.CHANGED, differences))
    return found + [
        Changed(code, Fate.REMOVED, _differences(columns, {})) for code, columns in old.items() if code not in new
    ]


def _differences(old: Columns, new: Columns) -> tuple[Difference, ...]:
    found = []
    for column in dict.fromkeys((*new, *old)):
        before, after = old.get(column, ()), new.get(column, ())
        gone = tuple(text for text in before if text not in after)
        fresh = tuple(text for text in after if text not in before)
        if gone or fresh:
            found.append(Difference(column, gone, fresh))
    return tuple(found)
