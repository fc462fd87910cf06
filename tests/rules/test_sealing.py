"""Every sealed column says whose key it needs, so that nothing is compared by halves."""

from __future__ import annotations

from portal.records import tables
from portal.records.data_map import TABLES
from portal.records.sealing import SEALED


def test_each_sealed_column_of_the_data_map_says_whose_key_it_needs():
    tables.load_all()
    declared = {(name, column) for name, rule in TABLES.items() for column in rule.sealed} - {("data_key", "wrapped")}
    said = {(each.name, each.column) for each in SEALED}
    assert said == declared, "add the column to SEALED in portal/records/sealing.py"
