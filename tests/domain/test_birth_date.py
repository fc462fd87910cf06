from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.birth_date import NotABirthDate, PartialDate, matches, parse

SCRIPTS = {
    "western": "0123456789",
    "Arabic": "٠١٢٣٤٥٦٧٨٩",
    "Persian": "۰۱۲۳۴۵۶۷۸۹",
    "Devanagari": "०१२३४५६७८९",
    "full width": "０１２３４５６７８９",
}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("00-00-1985", "1985-00-00"),
        ("0-0-1985", "1985-00-00"),
        ("1985", "1985-00-00"),
        ("01-01-1985", "1985-01-01"),
        ("3-1-1999", "1999-01-03"),
        ("03/01/1999", "1999-01-03"),
        ("03.01.1999", "1999-01-03"),
        ("3 1 1999", "1999-01-03"),
        (" 3\t1\u00a01999 ", "1999-01-03"),
        ("3 - 1 - 1999", "1999-01-03"),
        ("03\u201301\u20131999", "1999-01-03"),
        ("1999-01-03", "1999-01-03"),
        ("1985-00-00", "1985-00-00"),
        ("00-05-1985", "1985-05-00"),
        ("05-1985", "1985-05-00"),
        ("1985-05", "1985-05-00"),
        ("03011999", "1999-01-03"),
        ("29-02-2000", "2000-02-29"),
        ("\u200f٠٣-٠١-١٩٩٩\u200e", "1999-01-03"),
        ("۱۹۸۵", "1985-00-00"),
        ("٣/١/١٩٩٩", "1999-01-03"),
    ],
)
def test_birth_dates_are_read_as_people_write_them(typed, kept):
    assert str(parse(typed)) == kept


@pytest.mark.parametrize("typed", ["", "  ", "-", "gisteren", "3 januari 1999", "85", "3-1-99", "1-2-3-1999", "12345",
                                   "003-01-1999", "³-1-1999", "1999-1999", "+3-1-1999"])  # fmt: skip
def test_what_cannot_be_read_is_refused(typed):
    with pytest.raises(NotABirthDate) as refused:
        parse(typed)
    assert refused.value.code == "birth_date_unreadable"


@pytest.mark.parametrize(
    "typed", ["31-02-1999", "29-02-1900", "29-02-2001", "32-01-1999", "3-13-1999", "3-0-1999", "1378", "0000", "9999"]
)
def test_dates_that_cannot_exist_are_refused(typed):
    with pytest.raises(NotABirthDate) as refused:
        parse(typed)
    assert refused.value.code == "birth_date_impossible"


@given(
    born=st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    script=st.sampled_from(sorted(SCRIPTS)),
    sep=st.sampled_from("-/. "),
)
def test_every_date_survives_every_script_separator_and_form(born, script, sep):
    digits = str.maketrans(SCRIPTS["western"], SCRIPTS[script])
    forms = [
        f"{born.day}{sep}{born.month}{sep}{born.year}",
        f"{born.day:02}{sep}{born.month:02}{sep}{born.year}",
        f"{born.year}{sep}{born.month:02}{sep}{born.day:02}",
    ]
    assert {str(parse(form.translate(digits))) for form in forms} == {born.isoformat()}


@given(year=st.integers(1900, 2099), month=st.integers(0, 12))
def test_the_kept_form_and_the_dutch_form_read_back_as_themselves(year, month):
    partial = PartialDate(year, month)
    assert parse(str(partial)) == partial
    assert parse(partial.dutch) == partial


PAIRS = """
on file      fits                                                        does not fit
1985-00-00   1985-00-00 1985-07-23 1985-01-01 1985-05-00                 1984-00-00 1986-01-01
1985-01-01   1985-01-01 1985-00-00                                       1985-01-02 1985-01-00 1985-07-23 1986-01-01
1985-05-00   1985-05-00 1985-05-17                                       1985-00-00 1985-06-17 1985-01-01
1999-01-03   1999-01-03                                                  1999-00-00 1999-01-00 1999-03-01 1999-01-01
"""


def test_what_is_typed_fits_what_is_on_file_safe_for_unknown_birth_days():
    _, *rows = PAIRS.strip("\n").splitlines()
    for row in rows:
        on_file, fits, misfits = parse(row[:10]), row[13:73].split(), row[73:].split()
        assert fits
        assert misfits
        assert [typed for typed in fits if not matches(parse(typed), on_file)] == []
        assert [typed for typed in misfits if matches(parse(typed), on_file)] == []


@given(a=st.dates(date(1950, 1, 1), date(1951, 12, 31)), b=st.dates(date(1950, 1, 1), date(1951, 12, 31)))
def test_full_dates_fit_only_themselves(a, b):
    assert matches(PartialDate(a.year, a.month, a.day), PartialDate(b.year, b.month, b.day)) == (a == b)


def test_an_age_is_only_what_is_certainly_reached():
    unknown = PartialDate(2010)
    assert unknown.age(date(2026, 12, 30)) == 15
    assert unknown.age(date(2026, 12, 31)) == 16
    assert unknown.age_at_most(date(2026, 1, 1)) == 16
    assert PartialDate(2010, 2).age(date(2026, 2, 27)) == 15
    assert PartialDate(2010, 2).age(date(2026, 2, 28)) == 16
    leap = PartialDate(2008, 2, 29)
    assert leap.age(date(2026, 2, 28)) == 17
    assert leap.age(date(2026, 3, 1)) == 18


@given(born=st.dates(date(1930, 1, 1), date(2020, 12, 31)), on=st.dates(date(2021, 1, 1), date(2060, 12, 31)))
def test_a_known_birth_date_has_one_age_and_lies_between_those_of_its_year(born, on):
    birthdays = sum(
        (year, born.month, born.day) <= (on.year, on.month, on.day) for year in range(born.year + 1, on.year + 1)
    )
    whole = PartialDate(born.year, born.month, born.day)
    assert whole.age(on) == whole.age_at_most(on) == birthdays
    assert PartialDate(born.year).age(on) <= birthdays <= PartialDate(born.year).age_at_most(on)


def test_a_first_of_january_may_be_unknown_in_truth():
    assert parse("01-01-1985").may_be_unknown
    assert parse("1985").may_be_unknown
    assert not parse("02-01-1985").may_be_unknown
    assert parse("02-01-1985").is_complete
