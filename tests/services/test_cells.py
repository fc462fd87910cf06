"""Sheets of what people typed: no cell runs, none is lost; read back by readers that are not ours."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from portal.domain.sheets import RISKY, quoted, unquoted
from portal.services.cells import as_csv, as_xlsx

pytestmark = pytest.mark.slow

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
RUN = tuple(set(RISKY) - {"'"})  # a quote itself is never run
STARTS = st.sampled_from([*"=+-@\t\r\n\0", "", "'", "\x01="])


@given(st.lists(st.tuples(STARTS, TEXTS).map("".join), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_a_csv_says_what_was_typed_and_begins_no_formula(texts: list[str]) -> None:
    made = as_csv(["a"] * len(texts), [texts])
    [_head, row] = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""), delimiter=";"))
    said = [text.replace("\0", "") for text in texts]
    assert [unquoted(cell) for cell in row] == said
    assert row == [quoted(text) for text in said]
    assert not any(cell.startswith(RUN) for cell in row)


@given(st.lists(st.tuples(STARTS, TEXTS).map("".join), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_workbook_holds_text_only_where_people_typed(texts: list[str]) -> None:
    made = as_xlsx("Lijst", ["a"] * len(texts), [texts])
    cells = next(load_workbook(io.BytesIO(made)).active.iter_rows(min_row=2))
    for cell, text in zip(cells, texts, strict=True):
        if cell.value is not None:
            assert cell.data_type == "s", text
            assert not str(cell.value).startswith(RUN), text


def test_dates_and_numbers_stay_dates_and_numbers() -> None:
    made = as_xlsx("Lijst", ["a", "b", "c"], [(date(2026, 12, 31), -3, None)])
    [cells] = load_workbook(io.BytesIO(made)).active.iter_rows(min_row=2)
    assert (cells[0].value.date(), cells[1].value, cells[2].value) == (date(2026, 12, 31), -3, None)
    assert as_csv(["a", "b", "c"], [(date(2026, 12, 31), -3, None)]).decode("utf-8-sig").splitlines()[1] == (
        "2026-12-31;-3;"
    )
