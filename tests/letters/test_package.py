"""The package of a copy: tables that no spreadsheet runs, covered pictures, one file that is the same each time."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.box import Box
from portal.domain.sheets import RISKY, quoted, unquoted
from portal.letters.package import table, zipped
from portal.letters.redaction import redacted
from portal.web.staff.image_pages import CELLS, cell_box, typed_boxes

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
CELL = TEXT | st.builds(str.__add__, st.sampled_from(["=", "+", "-", "@", "\t", "'", "\r"]), TEXT)


def no_nul(text):
    """A sheet shows the sign of what it cannot show."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")


@given(st.lists(st.lists(CELL, min_size=1, max_size=4), min_size=1, max_size=6))
def test_no_cell_begins_like_a_formula_and_every_text_reads_back_as_it_was(rows):
    written = table(rows).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(written, newline=""), delimiter=";"))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in read for cell in row)
    assert [[unquoted(cell) for cell in row] for row in read] == [[no_nul(cell) for cell in row] for row in rows]


@given(CELL)
def test_what_is_no_risk_stays_as_it_is(text):
    assert quoted(text) == (f"'{text}" if text.startswith(RISKY) else text)
    assert unquoted(quoted(text)) == text


def picture(kind="PNG", size=(120, 80)):
    image = PIL.Image.new("RGB", size, (200, 30, 30))
    out = io.BytesIO()
    image.save(out, kind, comment=b"k4n4rie") if kind == "JPEG" else image.save(out, kind)
    return out.getvalue()


def opened(content):
    return PIL.Image.open(io.BytesIO(content)).convert("RGB")


def test_a_box_is_black_to_its_last_pixel_and_the_rest_is_untouched():
    content, media_type = redacted(picture(), [Box(0, 0, 333, 500)])
    image = opened(content)
    assert media_type == "image/png"
    for x in range(120):
        for y in range(80):
            covered = x < 40 and y < 40
            assert (image.getpixel((x, y)) == (0, 0, 0)) is covered, (x, y)


def test_a_photograph_is_drawn_anew_without_anything_behind_its_pixels():
    content, media_type = redacted(picture("JPEG"), [Box(500, 0, 500, 1000)])
    assert media_type == "image/jpeg"
    assert b"k4n4rie" not in content
    assert sum(opened(content).getpixel((100, 40))) < 20
    assert opened(content).getpixel((20, 40))[0] > 150


def test_all_cells_of_the_grid_together_leave_no_pixel():
    content, _ = redacted(picture(size=(97, 61)), [cell_box(cell) for cell, _ in CELLS])
    assert opened(content).getcolors() == [(97 * 61, (0, 0, 0))]
    assert all(cell_box(cell).within for cell, _ in CELLS)


def test_typed_rectangles_are_read_a_line_each_and_nonsense_is_refused():
    assert typed_boxes("10 20 30 15\n\n0 0 100 12,5") == [Box(100, 200, 300, 150), Box(0, 0, 1000, 125)]
    for wrong in ("10 20 30", "a b c d", "90 0 20 10", "0 0 0 10", "-1 0 10 10", "10 20 30 40 50"):
        with pytest.raises(ValueError, match=wrong):
            typed_boxes(wrong)


def test_the_same_parts_make_the_same_file():
    parts = [("a.html", b"x" * 100), ("fotos/001.jpg", b"y")]
    first = zipped(parts, date(2026, 11, 23))
    assert zipped(parts, date(2026, 11, 23)) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert archive.namelist() == ["a.html", "fotos/001.jpg"]
        assert archive.testzip() is None
