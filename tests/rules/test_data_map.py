"""Every table is on the map of data, or the tests say what to write."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Table

from portal.policy.loader import load_policy
from portal.records import tables
from portal.records.data_map import TABLES, faults, undeclared, vanished
from portal.records.db import Model
from portal.records.table_rule import About, Erasure, Export, TableRule
from portal.vault.tables import metadata as keys

tables.load_all()
METADATAS = (Model.metadata, keys)
CLASSES = frozenset(load_policy().retention)
FIX = "Declare each in portal/records/data_map.py: what it holds, about whom, how it is exported and how it is erased."


def test_every_table_is_declared():
    missing = undeclared(METADATAS)
    assert not missing, f"Tables outside the map of data: {', '.join(missing)}. {FIX}"


def test_no_line_outlives_its_table():
    gone = vanished(METADATAS)
    assert not gone, f"Take these lines out of portal/records/data_map.py, their tables are gone: {', '.join(gone)}."


def test_every_line_says_what_is_true():
    assert faults(METADATAS, CLASSES) == []


def test_what_clear_columns_tell_of_a_person_has_its_reason():
    for name, rule in TABLES.items():
        assert rule.holds.endswith("."), f"{name}: `holds` is a sentence"
        if rule.about in {About.STUDENT, About.CASE} and rule.erasure is Erasure.EMPTIES:
            assert rule.clear, f"{name}: a row that stays says in `clear` what of it is readable, and why"


def planted(**columns) -> MetaData:
    metadata = MetaData()
    Table("diary", metadata, Column("id", Integer, primary_key=True), *(Column(*each) for each in columns.values()))
    return metadata


def test_a_planted_table_is_found():
    assert undeclared([*METADATAS, planted()]) == ["diary"]


def test_a_planted_line_without_a_table_is_found():
    line = TableRule("Nothing.", About.NOBODY, Export.NOT_THEIRS, Erasure.NONE)
    assert vanished(METADATAS, {**TABLES, "diary": line}) == ["diary"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sealed": ()}, "set `sealed`"),
        ({"retention": ("eternity",)}, "no class of the policy"),
        ({"retention": ()}, "by which class it goes"),
        ({"about": About.NOBODY}, "is somebody"),
        ({"erasure": Erasure.NONE}, "say how it is erased"),
    ],
)
def test_a_planted_false_line_is_found(change, said):
    metadata = planted(student=("student_id", Integer), sealed=("sealed", LargeBinary))
    right = TableRule("A diary.", About.STUDENT, Export.GROUPS, Erasure.KEY, ("standard",), ("sealed",))
    assert faults([metadata], CLASSES, {"diary": right}) == []
    (found,) = faults([metadata], CLASSES, {"diary": replace(right, **change)})
    assert found.startswith("diary: ")
    assert said in found
