"""What a line of the ledger says of an erasure, whichever version wrote it."""

from __future__ import annotations

import json
from uuid import UUID

from portal.services.doomed import Doomed, Ids
from portal.services.erasure_ledger import ERASURE, graves
from portal.vault.ledger import Line

STUDENT, RECORDS = b"\x01" * 32, b"\x02" * 32 + b"\x03" * 32
GRAVES = {"student": STUDENT, "record": RECORDS}
ITEM, OTHER, ROW = UUID(int=4), UUID(int=5), UUID(int=6)
OLDER = {  # as the versions before wrote a plan: every id as a text, the fields of every item
    "whole": ["standard"],
    "partly": [],
    "fields": {str(ITEM): ["iban"], str(OTHER): ["date", "status"]},
    "records": [str(ITEM), str(OTHER)],
    "rows": [str(ROW)],
    "files": [],
    "address": False,
}
KINDS = {STUDENT.hex(): "student", RECORDS[:32].hex(): "record", RECORDS[32:].hex(): "record"}


def line_of(**body: object) -> Line:
    return Line(UUID(int=1), ERASURE, dict(body))


def test_the_tombstones_of_a_line_are_in_its_plan() -> None:
    text = Doomed(graves=GRAVES).as_text()
    assert graves(line_of(plan=text), Doomed.from_text(text)) == GRAVES


def test_a_line_of_an_older_version_has_them_beside_its_plan_or_one_by_one_in_it() -> None:
    beside = json.dumps(OLDER)
    assert graves(line_of(plan=beside, tombstones=KINDS), Doomed.from_text(beside)) == GRAVES
    within = json.dumps({**OLDER, "graves": KINDS})
    assert graves(line_of(plan=within), Doomed.from_text(within)) == GRAVES


def test_a_plan_says_the_same_whichever_version_wrote_it() -> None:
    older = Doomed.from_text(json.dumps(OLDER))
    assert (older.records.each, older.rows.each) == ({ITEM.bytes, OTHER.bytes}, {ROW.bytes})
    assert older.values == 3
    assert Doomed.from_text(older.as_text()) == older


def test_what_goes_with_a_whole_class_is_a_number_in_the_plan_and_nothing_more() -> None:
    many = Ids().and_more(UUID(int=number) for number in range(1_000))
    plan = Doomed(whole=frozenset({"standard"}), records=many, rows=many, values=3_000)
    assert len(plan.as_text()) < 50 * len(many)
    assert Doomed.from_text(plan.as_text()) == plan
