"""A key that must be there is missed at its own place, in every table of its kind; a key that nobody knows is named."""

from __future__ import annotations

import pytest

from portal.policy.loader import read_policy
from tests.policy.documents import NAME, PARSED, at, drop, faults_of, put, reasons_at, shipped

MISSING = "required key is missing"
TOP = (
    "code", "version", "no_profiling", "controller", "regulation", "term", "retention", "group", "own_section",
    "dataset", "purpose", "activity", "recipient", "holder", "ground", "reason", "security", "branch", "authority",
    "language", "identity", "role",
)  # fmt: skip
SINGLE = {
    "controller": "name address town country email phone website representative contact_name contact_email "
    "contact_phone desk_hours",
    "regulation": "title version in_force_since purposes chapter",
    "term": "answer_days extension_days extension_draft_day warn_days_before complaint_days",
    "own_section": "code label explanation icon",
    "role": "case_handler privacy_officer director administrator",
    "group": "1 2 3 4 5 6 7 8 9 10",
    "identity": " ".join(act for act in PARSED["identity"] if act != "assumed"),
}
ITEMS = {
    "regulation.chapter": "title paragraphs",
    "retention": "label years days starts explanation law",
    "group": "code label explanation icon",
    "dataset": "label label_plural natural_key title field",
    "purpose": "number label",
    "activity": "label purpose basis basis_explanation fields recipients security consequence",
    "recipient": "name role what_for country",
    "holder": "label portal keeper place search correct erase restrict",
    "ground": "label article explanation kinds",
    "reason": "use label",
    "security": "label",
    "branch": "name export_labels",
    "authority": "name how",
    "language": "name direction",
}
FIELD = "label type group source sensitivity level retention correctable"
OPTIONAL = {
    "controller": "postcode joint_controllers data_protection_officer assumed",
    "regulation": "",
    "term": "closing_days assumed",
    "own_section": "staff_label assumed",
    "group": "staff_label assumed",
    "activity": "mandatory consent_text export_label continues retention assumed",
    "recipient": "safeguard export_labels assumed",
    "holder": "exports assumed",
    "ground": "regulation_only assumed",
    "reason": "article staff_label assumed",
    "authority": "website assumed",
    "language": "",
    "identity": "assumed",
    "role": "assumed",
}
FIELD_OPTIONAL = "required choices hidden_from_staff master evidence lookup help assumed"


@pytest.mark.parametrize("key", TOP)
def test_a_part_that_is_missing_is_reported_once_at_its_own_key(key: str) -> None:
    document = shipped()
    drop(document, key)
    assert reasons_at(document, key) == [MISSING]
    assert not [fault for fault in faults_of(document) if fault.key.startswith(f"{key}.") and fault.reason == MISSING]


@pytest.mark.parametrize("key", [f"{part}.{key}" for part, keys in SINGLE.items() for key in keys.split()])
def test_a_required_key_of_a_single_table_is_missed_there(key: str) -> None:
    document = shipped()
    drop(document, key)
    assert MISSING in reasons_at(document, key)


@pytest.mark.parametrize(("part", "key"), [(part, key) for part, keys in ITEMS.items() for key in keys.split()])
def test_a_required_key_is_missed_in_each_table_of_its_kind(part: str, key: str) -> None:
    first = shipped()
    name = next(iter(at(first, part)))
    drop(first, f"{part}.{name}.{key}")
    assert reasons_at(first, f"{part}.{name}.{key}") == [MISSING]

    every = shipped()
    expected = [f"{part}.{name}.{key}" for name in at(every, part)]
    for path in expected:
        drop(every, path)
    assert set(expected) <= {fault.key for fault in faults_of(every) if fault.reason == MISSING}


@pytest.mark.parametrize("key", FIELD.split())
def test_a_required_key_is_missed_in_each_field(key: str) -> None:
    document = shipped()
    expected = []
    for dataset, table in document["dataset"].items():
        for name, field in table["field"].items():
            del field[key]
            expected.append(f"dataset.{dataset}.field.{name}.{key}")
    assert set(expected) <= {fault.key for fault in faults_of(document) if fault.reason == MISSING}


def test_one_missing_key_of_a_field_gives_one_fault() -> None:
    for key in FIELD.split():
        document = shipped()
        drop(document, f"dataset.person.field.bsn.{key}")
        assert [(fault.key, fault.reason) for fault in faults_of(document)] == [
            (f"dataset.person.field.bsn.{key}", MISSING)
        ]


@pytest.mark.parametrize(
    "table",
    [
        "controller", "regulation", "regulation.chapter.article_1", "term", "retention.case", "group.1", "own_section",
        "dataset.person", "dataset.person.field.bsn", "purpose.medical_advice", "activity.training", "recipient.duo",
        "holder.portal", "ground.opinion", "reason.complexity", "security.roles", "branch.hoorn", "authority.court",
        "language.nl", "role",
    ],
)  # fmt: skip
def test_a_key_that_nobody_knows_is_refused(table: str) -> None:
    document = shipped()
    put(document, f"{table}.labell", "Naam")
    assert [(fault.key, fault.reason) for fault in faults_of(document)] == [(f"{table}.labell", "unknown key")]


def test_a_part_that_nobody_knows_is_refused() -> None:
    document = shipped()
    put(document, "colour", "blue")
    assert reasons_at(document, "colour") == ["unknown key"]


def test_the_lists_of_keys_above_are_the_whole_file() -> None:
    assert set(TOP) == set(PARSED)
    for part, keys in SINGLE.items():
        if part != "group":
            assert set(PARSED[part]) <= set(keys.split()) | set(OPTIONAL.get(part, "").split())
    for part, keys in ITEMS.items():
        optional = OPTIONAL.get(part, "assumed").split()
        for table in at(PARSED, part).values():
            assert set(keys.split()) <= set(table) <= set(keys.split()) | set(optional), part
    for dataset in PARSED["dataset"].values():
        for field in dataset["field"].values():
            assert set(FIELD.split()) <= set(field) <= set(FIELD.split()) | set(FIELD_OPTIONAL.split())


def test_the_keys_called_optional_may_all_be_left_out() -> None:
    document = shipped()
    for part in ("controller", "term", "own_section"):
        for key in OPTIONAL[part].split():
            document[part].pop(key, None)
    for table in document["activity"].values():
        for key in ("assumed", "export_label"):
            table.pop(key, None)
    for dataset in document["dataset"].values():
        for field in dataset["field"].values():
            for key in ("help", "assumed", "evidence", "master", "hidden_from_staff"):
                field.pop(key, None)
    policy = read_policy(document, NAME)
    assert policy.controller.postcode == ""
    assert policy.field("person", "bsn").evidence == ""
    assert not policy.term.assumed
