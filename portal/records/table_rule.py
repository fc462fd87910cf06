"""How a table of the map of all data (`data_map`) is described."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class About(StrEnum):
    """Whose data a table holds."""

    STUDENT = "student"
    CASE = "case"  # whoever asked something: a student, or somebody not known as one
    STAFF = "staff"
    NOBODY = "nobody"


class Export(StrEnum):
    """How its contents get into a copy of a student's data (GDPR 15, 20)."""

    GROUPS = "groups"  # the ten groups and the own section, value by value
    OWN = "own"  # what the portal itself keeps: cases with messages and timeline, views
    WITHIN = "within"  # inside what another table's line exports
    DERIVED = "derived"  # says nothing that another line does not export
    NOT_THEIRS = "not_theirs"  # about staff, or about nobody
    PROTECTS = "protects"  # secrets by which people are known; a copy of them would open doors (GDPR 15(4), 32)


class Erasure(StrEnum):
    """How its contents go."""

    KEY = "key"  # the key of (holder, class) is destroyed, then the row
    ROW = "row"  # the row is deleted with what it belongs to
    TERM = "term"  # on its own term, by the clock
    EMPTIES = "empties"  # the row stays, with nothing in it that tells of a person
    PROOF = "proof"  # stays: it proves what was done and tells of nobody once the keys are gone
    NONE = "none"  # holds nobody's data


@dataclass(frozen=True, slots=True)
class TableRule:
    """One table. `retention` names the classes of the policy by which it goes; `sealed` its encrypted columns; `clear`
    the columns that say something of a person in clear, and why that must be."""

    holds: str
    about: About
    export: Export
    erasure: Erasure
    retention: tuple[str, ...] = ()
    sealed: tuple[str, ...] = ()
    clear: str = ""
