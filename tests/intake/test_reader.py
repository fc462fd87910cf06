"""From files to checked records: what is taken over, what is left out and said, what waits."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from datetime import date, datetime
from pathlib import Path

import pytest

from portal.intake import index, lines
from portal.intake.reader import EVERYONE, read_export
from portal.intake.report import FindingKind, Report
from tests.intake.exports import TODAY, mapping, person, picture, policy, programme, read, write_export


def _reasons(findings):
    return [(finding.file, finding.line, finding.column, finding.reason) for finding in findings]


def test_a_good_line_becomes_records_of_all_its_datasets_with_canonical_values(tmp_path):
    rows, findings, past, reader = read(write_export(tmp_path / "e"))
    assert (findings, past, reader.report.bad) == ([], [], 0)
    by_dataset = {row.dataset: row for row in rows}
    assert list(by_dataset) == ["person", "bank", "permit", "programme", "education", "payment"]
    values = by_dataset["person"].values
    assert values["birth_date"] == "1985-00-00"
    assert values["postcode"] == "1060 AB"
    assert values["phone"] == "+31610000008"
    assert values["email"] == "A.Ozturk@example.org"
    assert values["sex"] == "female"
    assert values["branch"] == "hoorn"
    assert "name_prefix" not in values
    assert by_dataset["bank"].values == {"iban": "NL69TEST0000000001"}
    assert by_dataset["payment"].values == {"programme_number": "T1", "cost": "5489.00", "payment_method": "duo_loan"}
    assert by_dataset["programme"].values["integration_duty"] is True
    assert by_dataset["programme"].values["learning_profile"] == 5
    assert by_dataset["programme"].natural_key == ("T1",)
    assert by_dataset["person"].natural_key == ()
    assert all(row.student_number == "C1" for row in rows)


def test_a_record_without_any_value_is_not_made(tmp_path):
    rows, *_ = read(write_export(tmp_path / "e", cursisten=[person(IBAN="")]))
    assert "bank" not in {row.dataset for row in rows}


def test_dates_and_numbers_of_a_spreadsheet_are_read_as_such(tmp_path):
    exams = [("C1", "Lezen", datetime(2026, 3, 1), "geslaagd", 7), ("C1", "KNM", "02-03-2026", "gezakt", 5.5)]
    rows, findings, _, _ = read(write_export(tmp_path / "e", exams))
    assert [row.values for row in rows if row.dataset == "exam"] == [
        {"part": "reading", "date": "2026-03-01", "result": "passed", "mark": "7"},
        {"part": "knm", "date": "2026-03-02", "result": "failed", "mark": "5.5"},
    ]
    assert not findings


def test_a_bad_value_leaves_out_its_line_and_names_place_and_reason_with_the_value_masked(tmp_path):
    people = [person("C1"), person("C2", BSN="123456789", Geboortedatum="31-02-1990"), person("C3", BSN="")]
    rows, findings, _, reader = read(write_export(tmp_path / "e", cursisten=people, trajecten=[]))
    assert {row.student_number for row in rows} == {"C1", "C3"}
    bad = [finding for finding in findings if finding.kind is FindingKind.BAD_VALUE]
    assert _reasons(bad) == [
        ("cursisten.csv", 3, "Geboortedatum", "impossible_date"),
        ("cursisten.csv", 3, "BSN", "bad_bsn"),
    ]
    assert [finding.masked for finding in bad] == ["3… (≤15)", "1… (≤15)"]
    counts = reader.report.files["cursisten.csv"]
    assert (counts.read, counts.good, counts.bad, counts.held) == (3, 2, 1, 0)
    assert "123456789" not in reader.report.as_text() + json.dumps(reader.report.as_json())


def test_lines_of_a_student_who_was_left_out_or_never_listed_are_reported(tmp_path):
    folder = write_export(
        tmp_path / "e",
        cursisten=[person("C1", IBAN="NL00 TEST 0")],
        trajecten=[programme("C1"), programme("C9", "T9")],
    )
    rows, findings, _, reader = read(folder)
    assert not rows
    assert _reasons(findings)[1:] == [
        ("trajecten.csv", 2, "Cursistnummer", "student_left_out"),
        ("trajecten.csv", 3, "Cursistnummer", "unknown_student"),
    ]
    assert reader.report.bad == 3


def test_a_student_listed_twice_counts_once(tmp_path):
    rows, findings, _, _ = read(write_export(tmp_path / "e", cursisten=[person(), person(Achternaam="Anders")]))
    assert [row.values["family_name"] for row in rows if row.dataset == "person"] == ["Öztürk"]
    assert _reasons(findings) == [("cursisten.csv", 3, "Cursistnummer", "duplicate_student")]


def test_a_record_met_twice_is_taken_once_also_when_students_are_mixed(tmp_path):
    lesson = ["T1", "2026-01-05", "aanwezig", "", ""]
    folder = write_export(
        tmp_path / "e",
        cursisten=[person("C1"), person("C2")],
        trajecten=[programme("C1"), programme("C2", "T2")],
        aanwezigheid=[["C1", *lesson], ["C2", *lesson], ["C1", *lesson]],
    )
    rows, findings, _, reader = read(folder)
    assert [row.student_number for row in rows if row.dataset == "attendance"] == ["C1", "C2"]
    assert _reasons(findings) == [("aanwezigheid.csv", 4, "", "duplicate_record")]
    assert reader.report.files["aanwezigheid.csv"].bad == 1


@pytest.mark.parametrize(
    ("end", "is_past"),
    [
        ("22-11-2023", True),
        ("23-11-2023", False),
        ("24-11-2023", False),
        ("", False),
        ("01-01-2030", False),
        ("31-31-2000", False),
    ],
)
def test_a_student_is_past_the_term_the_day_after_three_years(tmp_path, end, is_past):
    folder = write_export(tmp_path / "e", trajecten=[programme(start="01-01-2020", end=end)])
    rows, _, past, reader = read(folder)
    assert [item.student_number for item in past] == (["C1"] if is_past else [])
    assert reader.report.past_term_count == is_past
    assert bool(rows) is not is_past


def test_only_the_last_programme_counts_for_the_term(tmp_path):
    old = programme("C1", "T1", "01-01-2015", "01-01-2016")
    for other in (programme("C1", "T2", "01-01-2024", "01-01-2025"), programme("C1", "T2", "01-01-2024", "")):
        _, _, past, _ = read(write_export(tmp_path / "e", trajecten=[old, other]))
        assert not past
    _, _, past, _ = read(
        write_export(tmp_path / "e", trajecten=[programme("C1", "T2", "01-01-2017", "02-01-2018"), old])
    )
    assert past[0].last_end == date(2018, 1, 2)


def test_exemption_facts_are_kept_longer_and_the_list_says_so(tmp_path):
    def standing(end):
        folder = write_export(
            tmp_path / "e",
            trajecten=[programme(start="01-01-2010", end=end)],
            ontheffingen=[["C1", "medisch", "01-01-2012", "verleend", "Argonaut"]],
        )
        _, _, past, _ = read(folder)
        return past[0].past, past[0].within

    assert standing("01-01-2022") == (("standard",), ("exemption",))
    assert standing("01-01-2019") == (("standard", "exemption"), ())


def test_who_is_past_the_term_waits_until_admitted(tmp_path):
    folder = write_export(tmp_path / "e", trajecten=[programme(start="01-01-2010", end="01-01-2011")])
    rows, _, past, reader = read(folder)
    assert (rows, len(past)) == ([], 1)
    assert (reader.report.files["cursisten.csv"].held, reader.report.files["trajecten.csv"].held) == (1, 1)
    for admit in (frozenset({"C1"}), EVERYONE):
        rows, _, past, _ = read(folder, admit=admit)
        assert len(rows) == 6
        assert len(past) == 1
    assert read(folder, admit=frozenset({"C2"}))[0] == []


def test_a_student_without_a_programme_is_admitted_with_a_notice(tmp_path):
    rows, findings, _, _ = read(write_export(tmp_path / "e", trajecten=[]))
    assert [row.dataset for row in rows] == ["person", "bank", "permit"]
    assert [finding.kind for finding in findings] == [FindingKind.NO_PROGRAMME]


def test_an_end_before_the_start_is_refused(tmp_path):
    folder = write_export(tmp_path / "e", trajecten=[programme(start="02-01-2026", end="01-01-2026")])
    assert ("trajecten.csv", 2, "Einddatum", "end_before_start") in _reasons(read(folder)[1])


def test_a_remark_that_names_an_illness_is_hidden_and_never_quoted(tmp_path):
    lessons = [
        ["C1", "T1", "2026-01-05", "afwezig", "ziekte", "heeft diabetes, moet naar internist"],
        ["C1", "T1", "2026-01-06", "afwezig", "vakantie", "belde af"],
    ]
    rows, findings, _, reader = read(write_export(tmp_path / "e", aanwezigheid=lessons))
    assert [row.hidden for row in rows if row.dataset == "attendance"] == [frozenset({"remark"}), frozenset()]
    assert _reasons(findings) == [("aanwezigheid.csv", 2, "Opmerking", "illness_remark")]
    assert findings[0].masked == ""
    assert reader.report.bad == 0
    assert "diabetes" not in reader.report.as_text()


def test_a_lost_letter_is_kept_and_pointed_out(tmp_path):
    rows, findings, _, _ = read(write_export(tmp_path / "e", cursisten=[person(Achternaam="?ahin")]))
    assert rows[0].values["family_name"] == "?ahin"
    assert _reasons(findings) == [("cursisten.csv", 2, "Achternaam", "letter_lost")]


def test_each_student_on_a_screenshot_gets_a_record_that_names_the_others(tmp_path):
    folder = write_export(
        tmp_path / "e",
        cursisten=[person("C1"), person("C2"), person("C3")],
        trajecten=[programme("C1"), programme("C2", "T2"), programme("C3", "T3", "01-01-2010", "01-01-2011")],
        schermafbeeldingen=[
            ["les.png", "08-02-2025", "ALK-09", "C1, C2,C3"],
            ["les.png", "09-02-2025", "ALK-09", "C1"],
        ],
    )
    (folder / "schermafbeeldingen/les.png").write_bytes(picture())
    (folder / "schermafbeeldingen/vergeten.png").write_bytes(picture())
    rows, findings, _, _ = read(folder)
    shots = [row for row in rows if row.dataset == "screenshot"]
    assert [(row.student_number, row.shown_with) for row in shots] == [
        ("C1", ("C2", "C3")),
        ("C2", ("C1", "C3")),
        ("C1", ()),
    ]
    assert shots[0].values == {
        "lesson_date": "2025-02-08", "class_group": "ALK-09", "participated": True, "others_visible": True,
        "number": hashlib.sha256(picture()).hexdigest()[:16],
    }  # fmt: skip
    assert shots[2].values["others_visible"] is False
    assert (shots[0].image.media_type, shots[0].image.width, shots[0].image_field) == ("image/png", 20, "image")
    assert [finding.reason for finding in findings] == ["image_unlisted"]


def test_what_else_lies_in_the_folder_is_not_read_and_said(tmp_path):
    folder = write_export(tmp_path, cursisten=[person("C1")], trajecten=[programme("C1")])
    (folder / "loonlijst van jan.csv").write_text("Naam;Loon\njan;1\n")
    (folder / ".verborgen").write_text("")
    rows, findings, _, reader = read(folder)
    assert rows
    assert [(finding.reason, finding.masked) for finding in findings] == [("unread_file", "l… (≤31)")]
    assert reader.report.bad == 0


def test_a_second_picture_of_one_lesson_is_taken_over_and_the_same_picture_twice_is_not(tmp_path):
    names = ["voor.png", "na.png", "kopie.png", ""]
    lines = [[name, "08-02-2025", "ALK-09", "C1"] for name in names]
    folder = write_export(tmp_path / "e", schermafbeeldingen=lines)
    for name, height in (("voor.png", 10), ("na.png", 11), ("kopie.png", 10)):
        (folder / "schermafbeeldingen" / name).write_bytes(picture(size=(20, height)))
    rows, findings, _, reader = read(folder)
    shots = [row for row in rows if row.dataset == "screenshot"]
    assert [row.line for row in shots] == [2, 3]
    assert len({row.natural_key for row in shots}) == 2
    assert not any(name in str(row.values) for row in shots for name in names if name)
    assert _reasons(findings) == [
        ("schermafbeeldingen.csv", 4, "", "duplicate_record"),
        ("schermafbeeldingen.csv", 5, "Bestand", "required"),
    ]
    counts = reader.report.files["schermafbeeldingen.csv"]
    assert (counts.good, counts.bad) == (2, 2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("weg.png", "image_missing"), ("../cursisten.csv", "image_unsafe_name"), ("valse.png", "image_wrong_type")],
)
def test_a_screenshot_that_cannot_be_read_leaves_out_its_line(tmp_path, name, reason):
    folder = write_export(tmp_path / "e", schermafbeeldingen=[[name, "08-02-2025", "ALK-09", "C1"]])
    (folder / "schermafbeeldingen/valse.png").write_bytes(b"<html>")
    rows, findings, _, reader = read(folder)
    assert not [row for row in rows if row.dataset == "screenshot"]
    assert ("schermafbeeldingen.csv", 2, "Bestand", reason) in _reasons(findings)
    assert reader.report.bad == 1


def test_a_picture_of_unknown_students_is_refused_and_a_known_one_beside_them_still_gets_it(tmp_path):
    lines = [
        ["les.png", "08-02-2025", "ALK-09", "C8,C9"],
        ["les.png", "09-02-2025", "ALK-09", "C1,C9"],
        ["les.png", "", "A", ""],
    ]
    folder = write_export(tmp_path / "e", schermafbeeldingen=lines)
    (folder / "schermafbeeldingen/les.png").write_bytes(picture())
    rows, findings, _, reader = read(folder)
    assert [row.student_number for row in rows if row.dataset == "screenshot"] == ["C1"]
    assert [finding.reason for finding in findings] == ["unknown_student"] * 3 + ["required"]
    counts = reader.report.files["schermafbeeldingen.csv"]
    assert (counts.read, counts.good, counts.bad) == (3, 1, 2)


@pytest.mark.parametrize("number", ["", "C 1", "=cmd|x", "C" * 41, "C1\nC2"])
def test_a_line_without_a_proper_student_number_is_refused(tmp_path, number):
    rows, findings, _, _ = read(write_export(tmp_path / "e", cursisten=[person(number)], trajecten=[]))
    assert not rows
    assert findings[0].column == "Cursistnummer"
    assert findings[0].reason == ("bad_student_number" if number else "required")


def test_counts_stay_exact_when_the_list_is_cut(tmp_path):
    report = Report(limit=3)
    folder = write_export(tmp_path / "e", cursisten=[person(f"C{n}", BSN="1") for n in range(9)], trajecten=[])
    for item in read(folder)[1]:
        report.add(item)
    assert (len(report.findings), report.kinds[FindingKind.BAD_VALUE]) == (3, 9)
    assert "… en nog 6" in report.as_text()


def test_progress_goes_up_to_the_whole_size(tmp_path):
    seen: list[tuple[int, int]] = []
    lessons = [
        ["C1", "T1", f"{1 + n % 28:02}-{1 + n // 28 % 12:02}-{1950 + n // 336}", "aanwezig", "", ""]
        for n in range(3000)
    ]
    read(write_export(tmp_path / "e", aanwezigheid=lessons), progress=lambda done, total: seen.append((done, total)))
    assert len(seen) > 9
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def test_reading_twice_yields_the_same(tmp_path):
    folder = write_export(tmp_path / "e", exams=[("C1", "Lezen", datetime(2026, 3, 1), "geslaagd", 7)])
    assert read(folder)[0] == read(folder)[0]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_export(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_REMEMBERED", 50)
    monkeypatch.setattr(index, "_CACHED", 50)
    monkeypatch.setattr(index, "_BATCH", 50)

    def peak(students):
        numbers = range(students)
        folder = write_export(
            tmp_path / "e",
            [(f"C{n}", "Lezen", datetime(2026, 3, 1), "geslaagd", 7) for n in numbers],
            cursisten=[person(f"C{n}") for n in numbers],
            trajecten=[programme(f"C{n}", f"T{n}") for n in numbers],
            aanwezigheid=[[f"C{n}", f"T{n}", "2026-01-05", "aanwezig", "", f"opmerking {n}"] for n in numbers],
        )
        tracemalloc.start()
        for _ in read_export(folder, mapping(), policy(), TODAY):
            pass
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is loaded once
    few, many = peak(100), peak(700)
    assert many < few + 400_000  # a block of a file is read at once; the lines of 600 students take far more


SCHOOL = Path(__file__).parents[3] / "shared/data/school-export"


@pytest.mark.skipif(not SCHOOL.is_dir(), reason="the synthetic school's export is not beside the project")
def test_the_synthetic_schools_export_is_read_whole():
    rows, findings, past, reader = read(SCHOOL, admit=EVERYONE)
    report = reader.report
    assert {name: (counts.read, counts.good) for name, counts in report.files.items()} == {
        "cursisten.csv": (400, 400),
        "trajecten.csv": (469, 469),
        "aanwezigheid.csv": (4239, 4239),
        "examens.xlsx": (968, 968),
        "ontheffingen.csv": (21, 21),
        "toestemmingen.csv": (668, 668),
        "verstrekkingen.csv": (678, 678),
        "schermafbeeldingen.csv": (40, 40),
    }
    assert report.records["screenshot"] == 80
    assert (report.kinds[FindingKind.ILLNESS_REMARK], report.kinds[FindingKind.LETTER_LOST]) == (31, 50)
    assert report.bad == 0
    assert all(not finding.kind.leaves_out for finding in findings)
    assert (len(past), sum("exemption" in item.past for item in past), sum(bool(item.within) for item in past)) == (
        203,
        72,
        5,
    )
    assert any(row.values.get("family_name") == "Öztürk" for row in rows)
    held, _, _, reader = read(SCHOOL)
    assert reader.report.records["person"] == 197
    assert not {row.student_number for row in held} & {item.student_number for item in past}
