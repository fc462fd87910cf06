"""Every sealed column says whose key it needs, so that nothing is compared by halves."""

from __future__ import annotations

from sqlalchemy.dialects import sqlite

from portal.records import tables
from portal.records.data_map import TABLES
from portal.records.sealing import SEALED


def test_each_sealed_column_of_the_data_map_says_whose_key_it_needs():
    tables.load_all()
    declared = {(name, column) for name, rule in TABLES.items() for column in rule.sealed} - {("data_key", "wrapped")}
    said = {(each.name, each.column) for each in SEALED}
    assert said == declared, "add the column to SEALED in portal/records/sealing.py"


def test_what_may_lie_under_a_students_own_key_says_how_a_partial_erasure_finds_it():
    """Without it the erasure would destroy the key and leave the row unreadable."""
    for each in SEALED:
        kind = str(each.kind.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        of_student = "'student'" in kind or "holder_kind" in kind
        assert of_student == (each.student is not None), f"{each.name}: say `student` in portal/records/sealing.py"
