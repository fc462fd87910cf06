from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.digits import compact, only_digits, western_digits, without_marks

SCRIPTS = ["٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９", "০১২৩৪৫৬৭৮৯"]
NOISE = [" ", "\u00a0", "\u202f", "\t", "-", "\u2010", "\u2013", "\u2212", "\u200e", "\u200f", "\u2066", "\u2069",
         "\u200b", "\u200d", "\ufeff", "\u00ad", "\u061c"]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("1060 ab", "1060AB"),
        ("\u2066١٠٦٠ AB\u2069", "1060AB"),
        ("۱۰۶۰ab", "1060AB"),
        ("C-20001", "C20001"),
        ("abcd-efgh-1234", "ABCDEFGH1234"),
        ("ＡＢ１２", "AB12"),
        ("", ""),
    ],
)
def test_codes_and_postcodes_are_compared_without_spaces_dashes_and_marks(typed, kept):
    assert compact(typed) == kept


@given(code=st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", max_size=12), data=st.data())
def test_noise_and_scripts_change_nothing(code, data):
    script = data.draw(st.sampled_from(SCRIPTS))
    noisy = "".join(
        data.draw(st.sampled_from(NOISE)) + (script[int(each)] if each.isdigit() else each.lower()) for each in code
    )
    assert compact(noisy) == compact(code) == code
    assert only_digits(noisy) == "".join(each for each in code if each.isdigit())


def test_western_digits_leave_everything_else_alone():
    assert western_digits("Straße ٢٤-II, ³") == "Straße 24-II, ³"


def test_invisible_marks_go_and_white_space_stays():
    assert without_marks("\u200fسارة\u200e \tB\u0000") == "سارة \tB"
