"""Files as cells: encodings, delimiters, line ends, broken quotes, hostile spreadsheets."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.intake import sheets, sources
from portal.intake.cells import MIB, BrokenRow, SourceRow
from portal.intake.faults import BadStructure, StructuralFault
from portal.intake.sources import open_table
from portal.intake.structure import check_structure
from tests.intake.exports import (
    EXAM_HEADER,
    HEADERS,
    mapping,
    person,
    programme,
    read,
    write_csv,
    write_export,
    write_xlsx,
)

LETTERS = "Öztürk 'ë € ÿ"  # all in cp1252


def _table(folder: Path, content: bytes, wanted=("Naam", "Plaats")):
    (folder / "x.csv").write_bytes(content)
    return open_table(folder, "x.csv", wanted)


def _cells(table):
    return [row.cells if isinstance(row, SourceRow) else row.reason for row in table.rows()]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_cells(tmp_path, encoding, delimiter, end):
    write_csv(
        tmp_path / "x.csv", "Naam;Plaats", [(LETTERS, 'a;b,c\t"d"')], encoding=encoding, delimiter=delimiter, end=end
    )
    table = open_table(tmp_path, "x.csv", ("Naam", "Plaats"))
    assert (table.encoding, table.delimiter, table.columns) == (encoding, delimiter, ("Naam", "Plaats"))
    assert _cells(table) == [(LETTERS, 'a;b,c\t"d"')]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
def test_a_whole_export_reads_alike_in_every_form(tmp_path, encoding, delimiter):
    folder = write_export(tmp_path / "e")
    write_csv(
        folder / "cursisten.csv",
        HEADERS["cursisten.csv"],
        [person(Voornamen="Zoë")],
        encoding=encoding,
        delimiter=delimiter,
    )
    rows, findings, _, _ = read(folder)
    assert rows[0].values["given_names"] == "Zoë"
    assert not findings


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    table = _table(tmp_path, b'Naam;Plaats\n"twee\nregels";a\n\n;;\nb;c\n')
    assert [(row.line, row.cells) for row in table.rows()] == [(2, ("twee\nregels", "a")), (6, ("b", "c"))]


def test_excels_separator_line_is_not_the_header(tmp_path):
    table = _table(tmp_path, b"sep=;\r\nNaam;Plaats\r\na;b\r\n")
    assert [(row.line, row.cells) for row in table.rows()] == [(3, ("a", "b"))]


def test_a_forgotten_quote_costs_one_line_not_the_file(tmp_path):
    body = b"".join(b"n%d;p\n" % number for number in range(500))
    table = _table(tmp_path, b'Naam;Plaats\ngoed;x\n"fout;x\n' + body)
    rows = list(table.rows())
    assert rows[1] == BrokenRow("x.csv", 3, "bad_quotes")
    assert [row.cells[0] for row in rows if isinstance(row, SourceRow)] == [
        "goed",
        *(f"n{number}" for number in range(500)),
    ]
    assert rows[-1].line == 503


@pytest.mark.parametrize("line", [b'"a"b;c', b"a", b"a;b;c", b'"a;b'])
def test_a_line_that_cannot_be_cut_is_reported_and_the_next_is_read(tmp_path, line):
    rows = list(_table(tmp_path, b"Naam;Plaats\n" + line + b"\ngoed;x\n").rows())
    assert isinstance(rows[0], BrokenRow)
    assert rows[0].line == 2
    assert rows[-1].cells == ("goed", "x")


def test_empty_cells_behind_the_last_column_are_nothing(tmp_path):
    assert _cells(_table(tmp_path, b"Naam;Plaats;\na;b;\nc;d;;;\n")) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty_file"),
        (b"Naam;Plaats\na\0;b\n", "nul_byte"),
        ("Naam;Plaats\nz;b\n".encode("utf-16"), "nul_byte"),
        (b"Naam;Plaats\n\x81;b\n", "unknown_encoding"),
        ("Naam;Plaats\nÖÖÖÖ;b\n".encode() + b"\xff;c\n", "mixed_encoding"),
        ("\ufeffNaam;Plaats\n".encode() + b"\xff;c\n", "mixed_encoding"),
        (b"Naam|Plaats\na|b\n", "unknown_delimiter"),
        (b"Naam;Plaats;Naam\na;b;c\n", "duplicate_column"),
        (b"Naam;Plaats\n" + b"x" * (3 * MIB), "line_too_long"),
        (b"PK\x03\x04 no zip", "not_xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old_excel"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused_before_reading(tmp_path, content, reason):
    with pytest.raises(StructuralFault) as caught:
        _table(tmp_path, content)
    assert caught.value.reason == reason
    assert "x.csv" in str(caught.value)


def test_links_folders_and_ways_out_are_no_files(tmp_path):
    (tmp_path / "secret.csv").write_text("Naam;Plaats\n")
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "link.csv").symlink_to(tmp_path / "secret.csv")
    (inside / "folder.csv").mkdir()
    for name, reason in [
        ("link.csv", "not_regular_file"),
        ("folder.csv", "not_regular_file"),
        ("../secret.csv", "unsafe_name"),
        (".hidden.csv", "unsafe_name"),
        ("gone.csv", "file_missing"),
    ]:
        with pytest.raises(StructuralFault) as caught:
            open_table(inside, name, ("Naam",))
        assert caught.value.reason == reason


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(*[st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)] * 3),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(sources.DELIMITERS),
    st.sampled_from(["\r\n", "\n"]),
)
def test_what_a_csv_writer_wrote_is_what_is_read(tmp_path_factory, rows, delimiter, end):
    folder = tmp_path_factory.mktemp("csv")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([("A", "B", "C"), *rows])
    (folder / "x.csv").write_bytes(out.getvalue().encode())
    table = open_table(folder, "x.csv", ("A", "B", "C"))
    assert _cells(table) == [row for row in rows if any(row)]


def test_all_structural_faults_are_named_at_once_and_nothing_is_yielded(tmp_path):
    folder = write_export(tmp_path / "e")
    (folder / "verstrekkingen.csv").unlink()
    write_csv(folder / "trajecten.csv", HEADERS["trajecten.csv"].replace("Einddatum", "Eind"), [programme()])
    (folder / "schermafbeeldingen").rmdir()
    with pytest.raises(BadStructure) as caught:
        read(folder)
    assert {(fault.file, fault.column, fault.reason) for fault in caught.value.faults} == {
        ("verstrekkingen.csv", "", "file_missing"),
        ("trajecten.csv", "Einddatum", "missing_column"),
        ("schermafbeeldingen", "", "folder_missing"),
    }


def test_a_folder_that_is_not_there_is_a_structural_fault(tmp_path):
    with pytest.raises(BadStructure, match="bestaat niet"):
        check_structure(tmp_path / "gone", mapping())


def test_a_column_the_mapping_does_not_know_is_pointed_out(tmp_path):
    folder = write_export(tmp_path / "e")
    write_csv(folder / "aanwezigheid.csv", HEADERS["aanwezigheid.csv"] + ";Geloof", [])
    _, findings, _, _ = read(folder)
    assert [(finding.column, finding.reason) for finding in findings] == [("Geloof", "unmapped_column")]


# --- spreadsheets


def _sheet(folder: Path, rows) -> sources.Table:
    write_xlsx(folder / "x.xlsx", rows)
    return open_table(folder, "x.xlsx", EXAM_HEADER)


def test_a_spreadsheet_gives_typed_cells_row_numbers_and_formulas_as_text(tmp_path):
    table = _sheet(
        tmp_path, [("C1", "Lezen", datetime(2026, 1, 2), "=1+1", 7), (None,) * 5, ("C2", None, None, None, True)]
    )
    assert [(row.line, row.cells) for row in table.rows()] == [
        (2, ("C1", "Lezen", datetime(2026, 1, 2), "=1+1", 7)),
        (4, ("C2", None, None, None, True)),
    ]


def test_a_cell_behind_the_last_column_of_a_sheet_is_reported(tmp_path):
    assert _cells(_sheet(tmp_path, [("C1", "Lezen", None, None, 7, "meer")])) == ["cell_count"]


def _repack(path: Path, change) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def _refusal(folder: Path) -> str:
    with pytest.raises(StructuralFault) as caught:
        open_table(folder, "x.xlsx", EXAM_HEADER)
    return caught.value.reason


def test_a_spreadsheet_that_unpacks_to_far_more_is_refused(tmp_path):
    write_xlsx(tmp_path / "x.xlsx", [])
    _repack(tmp_path / "x.xlsx", lambda parts: parts.update({"xl/media/bomb.bin": bytes(32 * MIB)}))
    assert _refusal(tmp_path) == "zip_bomb"


def _share_strings(parts) -> None:
    """As Excel itself writes: texts once, cells with their number."""
    texts: list[bytes] = []

    def share(found):
        texts.append(found[1])
        return b't="s"><v>%d</v></c>' % (len(texts) - 1)

    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb't="inlineStr"><is><t>(.*?)</t></is></c>', share, parts[sheet])
    parts["xl/sharedStrings.xml"] = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        + b"".join(b"<si><t>%s</t></si>" % text for text in texts)
        + b"</sst>"
    )
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" ContentType='
        b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )


def test_a_spreadsheet_with_shared_texts_is_read_and_refused_when_they_are_too_many(tmp_path, monkeypatch):
    write_xlsx(tmp_path / "x.xlsx", [("C1", "Lezen", None, None, 7)])
    _repack(tmp_path / "x.xlsx", _share_strings)
    assert _cells(open_table(tmp_path, "x.xlsx", EXAM_HEADER)) == [("C1", "Lezen", None, None, 7)]
    monkeypatch.setattr(sheets, "MAX_SHARED_STRINGS_BYTES", 100)
    assert _refusal(tmp_path) == "zip_bomb"


@pytest.mark.parametrize("start", [b'<!DOCTYPE a [<!ENTITY b "c">]>', b"\xff\xfe"])
def test_a_spreadsheet_with_entities_is_refused(tmp_path, start):
    write_xlsx(tmp_path / "x.xlsx", [])
    _repack(tmp_path / "x.xlsx", lambda parts: parts.update({"xl/workbook.xml": start + parts["xl/workbook.xml"]}))
    assert _refusal(tmp_path) == "xml_entities"


def test_entities_behind_a_long_comment_are_refused_too(tmp_path):
    """What is looked at is the beginning of a part: it must come to its first element there."""
    write_xlsx(tmp_path / "x.xlsx", [])
    start = b"<!-- <a" + b" " * 70_000 + b'--><!DOCTYPE a [<!ENTITY b "c">]>'
    _repack(tmp_path / "x.xlsx", lambda parts: parts.update({"xl/workbook.xml": start + parts["xl/workbook.xml"]}))
    assert _refusal(tmp_path) == "not_xlsx"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"])
def test_a_spreadsheet_with_a_part_missing_or_broken_is_refused(tmp_path, part):
    for change in (lambda parts: parts.pop(part), lambda parts: parts.update({part: b"<x"})):
        write_xlsx(tmp_path / "x.xlsx", [])
        _repack(tmp_path / "x.xlsx", change)
        assert _refusal(tmp_path) in {"not_xlsx", "sheet_missing"}


def test_a_truncated_spreadsheet_is_refused(tmp_path):
    write_xlsx(tmp_path / "x.xlsx", [("C1", "Lezen", None, None, 7)])
    content = (tmp_path / "x.xlsx").read_bytes()
    for keep in (10, len(content) // 2, len(content) - 5):
        (tmp_path / "x.xlsx").write_bytes(content[:keep])
        assert _refusal(tmp_path) == "not_xlsx"


def test_what_a_sheet_says_about_its_own_size_is_not_believed(tmp_path):
    write_xlsx(tmp_path / "x.xlsx", [("C1", "Lezen", None, None, 7)])

    def lie(parts):
        name = "xl/worksheets/sheet1.xml"
        parts[name] = parts[name].replace(b'ref="A1:E2"', b'ref="A1:XFD1048576"')
        assert b"XFD" in parts[name]

    _repack(tmp_path / "x.xlsx", lie)
    assert _cells(open_table(tmp_path, "x.xlsx", EXAM_HEADER)) == [("C1", "Lezen", None, None, 7)]


def test_a_row_number_beyond_the_format_stops_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MAX_SHEET_ROWS", 3)
    table = _sheet(tmp_path, [("C1", None, None, None, number) for number in range(5)])
    with pytest.raises(StructuralFault) as caught:
        list(table.rows())
    assert caught.value.reason == "too_many_rows"


def test_a_sheet_that_breaks_off_is_a_fault_of_the_file_not_a_crash(tmp_path):
    write_xlsx(tmp_path / "x.xlsx", [("C1", "Lezen", None, None, 7), ("C2", "Lezen", None, None, 7)])
    name = "xl/worksheets/sheet1.xml"
    _repack(tmp_path / "x.xlsx", lambda parts: parts.update({name: parts[name][: parts[name].index(b'r="A3"')]}))
    table = open_table(tmp_path, "x.xlsx", EXAM_HEADER)
    with pytest.raises(StructuralFault) as caught:
        list(table.rows())
    assert caught.value.reason == "not_xlsx"
