"""The file that binds columns to fields: every fault is named with its key."""

from __future__ import annotations

import pytest

from portal.intake.faults import BadStructure, text_of
from portal.intake.mapping import SHIPPED, load_mapping
from tests.intake.exports import mapping, policy

GOOD = """
policy = "jar_opleidingen"
[[file]]
name = "mensen.csv"
students = true
student = "Nr"
[file.columns]
"Nr" = "person.student_number"
"Naam" = "person.family_name"
"Plek" = { field = "person.branch", values = { H = "hoorn" } }
[[file]]
name = "trajecten.csv"
student = "Nr"
ends = "Eind"
[file.columns]
"Traject" = ["programme.programme_number", "payment.programme_number"]
"Wat" = "programme.training"
"Begin" = "programme.start_date"
"Eind" = "programme.end_date"
"Betaald" = { field = "payment.payment_method", values = { lening = "duo_loan" } }
"""


def _load(folder, text):
    path = folder / "m.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path, policy())


def _faults(folder, text):
    with pytest.raises(BadStructure) as caught:
        _load(folder, text)
    return {(fault.column, fault.reason) for fault in caught.value.faults}


def test_a_small_mapping_for_another_export_is_read(tmp_path):
    loaded = _load(tmp_path, GOOD.replace("[[file]]", '[[file]]\noptional_columns = ["Eind"]\nignore = ["Kleur"]', 1))
    people, programmes = loaded.files
    assert people.datasets == ("person",)
    assert programmes.datasets == ("programme", "payment")
    assert programmes.wanted == ("Nr", "Traject", "Wat", "Begin", "Eind", "Betaald")
    assert people.columns["Plek"][0].values == {"h": "hoorn"}


def test_the_shipped_mapping_fits_the_shipped_policy_and_binds_every_dataset_but_none_twice():
    bound = [code for file in mapping().files for code in file.datasets]
    assert len(bound) == len(set(bound))
    assert set(bound) == set(policy().datasets)
    assert mapping().files[0].students
    assert (SHIPPED / "jar_opleidingen.toml").is_file()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('policy = "jar_opleidingen"', 'policy = "other"', ("policy", "other_policy")),
        ('policy = "jar_opleidingen"', "", ("policy", "key_missing")),
        ('policy = "jar_opleidingen"', 'policy = "jar_opleidingen"\nkleur = 1', ("kleur", "key_unknown")),
        ("students = true", "students = 1", ("mensen.csv.students", "wrong_type")),
        ("students = true", "", ("file", "no_students_file")),
        ('ends = "Eind"', "", ("file", "no_programmes_file")),
        ('name = "mensen.csv"', 'name = "../mensen.csv"', ("../mensen.csv.name", "unsafe_name")),
        ('name = "mensen.csv"', 'name = "trajecten.csv"', ("trajecten.csv", "double_binding")),
        ('"person.family_name"', '"people.family_name"', ("mensen.csv.columns.Naam", "unknown_dataset")),
        ('"person.family_name"', '"person.nickname"', ("mensen.csv.columns.Naam", "unknown_field")),
        ('"person.family_name"', "7", ("mensen.csv.columns.Naam", "wrong_type")),
        ('"person.family_name"', '"person.student_number"', ("mensen.csv.columns.Naam", "double_binding")),
        ('"person.family_name"', '"person.town"', ("mensen.csv.columns", "required_unbound")),
        ('H = "hoorn"', 'H = "haarlem"', ("mensen.csv.columns.Plek.values.H", "unknown_choice")),
        ('H = "hoorn"', "H = 3", ("mensen.csv.columns.Plek.values.H", "wrong_type")),
        ('values = { H = "hoorn" }', 'waarden = { H = "hoorn" }', ("mensen.csv.columns.Plek.waarden", "key_unknown")),
        (', "payment.programme_number"', "", ("trajecten.csv.columns", "key_unbound")),
        ('ends = "Eind"', 'ends = "Eind"\nkleur = "x"', ("trajecten.csv.kleur", "key_unknown")),
        ('ends = "Eind"', 'ends = "Eind"\nimage_folder = "x"', ("trajecten.csv.image_folder", "wrong_type")),
        ('ends = "Eind"', 'ends = "Eind"\nimage_folder = "../x"', ("trajecten.csv.image_folder", "unsafe_name")),
        ('ends = "Eind"', 'ends = "Eind"\nignore = [1]', ("trajecten.csv.ignore", "wrong_type")),
        (
            'ends = "Eind"',
            'ends = "Eind"\nothers_visible = "programme.training"',
            ("trajecten.csv.others_visible", "wrong_type"),
        ),
        (
            'ends = "Eind"',
            'ends = "Eind"\nimage_number = "programme.goal"',
            ("trajecten.csv.image_number", "wrong_type"),
        ),
        (
            'ends = "Eind"',
            'ends = "Eind"\nconstants = { "exam.mark" = "7" }',
            ("trajecten.csv.columns", "unknown_dataset"),
        ),
        (
            'ends = "Eind"',
            'ends = "Eind"\nconstants = { "programme.integration_duty" = "ja" }',
            ("trajecten.csv.constants.programme.integration_duty", "wrong_type"),
        ),
        (
            'ends = "Eind"',
            'ends = "Eind"\nconstants = { "programme.goal" = "geluk" }',
            ("trajecten.csv.constants.programme.goal", "unknown_choice"),
        ),
        ("[[file]]", "[[file]", ("", "mapping_unreadable")),
    ],
)
def test_each_fault_names_its_key_and_reason(tmp_path, old, new, fault):
    assert old in GOOD
    assert fault in _faults(tmp_path, GOOD.replace(old, new, 1))
    assert text_of(fault[1])


def test_a_mapping_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(BadStructure, match=r"weg\.toml"):
        load_mapping(tmp_path / "weg.toml", policy())


def test_all_faults_come_at_once(tmp_path):
    text = GOOD.replace('"person.family_name"', '"person.nickname"').replace('H = "hoorn"', 'H = "haarlem"')
    assert len(_faults(tmp_path, text)) == 3  # the third: the required family name is unbound
