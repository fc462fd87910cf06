"""Typed values: what is understood, what is refused and why, and that canonical values stay as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.domain.vocabulary import FieldType
from portal.intake.faults import VALUES, BadValue
from portal.intake.values import cell_text, check_value, letter_hint, masked, parse_value
from portal.policy.model import Choice
from tests.intake.exports import field, policy

TEXT = field("person", "town")


def of(kind: FieldType, **changes):
    return replace(TEXT, type=kind, required=False, lookup="", **changes)


CHOICES = of(FieldType.CHOICE, choices=(Choice("absent", "Niet verschenen"), Choice("passed", "geslaagd")))


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", "  Den\u00a0 Helder ", "Den Helder"),
        ("text", "Zoe\u0308", "Zoë"),
        ("text", "علی\u200cرضا", "علی\u200cرضا"),
        ("long_text", "een  regel\r\n twee ", "een regel\ntwee"),
        ("date", "3-1-1999", "1999-01-03"),
        ("date", "03/01/1999", "1999-01-03"),
        ("date", "1999-01-03", "1999-01-03"),
        ("date", "1999-01-03 00:00:00", "1999-01-03"),
        ("date", "٠٣-٠١-١٩٩٩", "1999-01-03"),
        ("date", "29-02-2024", "2024-02-29"),
        ("birth_date", "00-00-1985", "1985-00-00"),
        ("birth_date", "01-01-1985", "1985-01-01"),
        ("birth_date", "1985", "1985-00-00"),
        ("integer", "0012", 12),
        ("integer", "۱۲", 12),
        ("decimal", "7,50", "7.5"),
        ("decimal", "10", "10"),
        ("decimal", "1.234,5", "1234.5"),
        ("money", "5489,00", "5489.00"),
        ("money", "€ 1.234,5", "1234.50"),
        ("money", "1234.56", "1234.56"),
        ("money", "1,234.56", "1234.56"),
        ("money", "12,-", "12.00"),
        ("yes_no", "Ja", True),
        ("yes_no", "nee", False),
        ("yes_no", "0", False),
        ("email", "Ab.C@EXAMPLE.org", "Ab.C@example.org"),
        ("phone", "0031 (0)610000008", "+31610000008"),
        ("phone", "06-10000004", "+31610000004"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "٠٦ ١٠٠٠٠٠٠٤", "+31610000004"),
        ("postcode", "1060ab", "1060 AB"),
        ("bsn", "9999.00.006", "999900006"),
        ("bsn", "12345672", "012345672"),
        ("iban", "nl69 test 0000 0000 01", "NL69TEST0000000001"),
        ("iban", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ],
)
def test_what_people_write_becomes_one_canonical_value(kind, raw, value):
    typed = of(FieldType(kind))
    assert parse_value(typed, raw) == value
    assert type(parse_value(typed, raw)) is type(value)
    assert parse_value(typed, cell_text(value)) == value
    assert check_value(typed, value) == value


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("text", "a\x07b", "control_character"),
        ("text", "\u202egnp.exe", "control_character"),
        ("text", "x" * 501, "too_long"),
        ("long_text", "x" * 10_001, "too_long"),
        ("date", "31-02-2025", "impossible_date"),
        ("date", "00-00-1985", "impossible_date"),
        ("date", "3-1-99", "not_a_date"),
        ("date", "gisteren", "not_a_date"),
        ("date", "01-01-1066", "date_out_of_range"),
        ("birth_date", "31-02-1990", "impossible_date"),
        ("birth_date", "85", "not_a_date"),
        ("integer", "7,5", "not_an_integer"),
        ("integer", "zeven", "not_a_number"),
        ("integer", "-1", "negative"),
        ("integer", "9" * 14, "too_large"),
        ("integer", "9" * 5000, "not_an_integer"),
        ("decimal", "=1+1", "not_a_number"),
        ("decimal", "1e9", "not_a_number"),
        ("decimal", "NaN", "not_a_number"),
        ("decimal", "-0,5", "negative"),
        ("money", "1.234", "ambiguous_number"),
        ("money", "1,005", "ambiguous_number"),
        ("money", "12,3456", "too_precise"),
        ("yes_no", "misschien", "not_yes_no"),
        ("email", "a@b", "bad_email"),
        ("email", "a@b.nl\r\nBcc: c@d.nl", "bad_email"),
        ("phone", "12", "bad_phone"),
        ("phone", "bel mij", "bad_phone"),
        ("phone", "06 10000004 tst 5", "bad_phone"),
        ("postcode", "0999 AB", "bad_postcode"),
        ("bsn", "999900007", "bad_bsn"),
        ("bsn", "000000000", "bad_bsn"),
        ("iban", "NL70TEST0000000001", "bad_iban"),
        ("image", "foto.png", "image_not_text"),
    ],
)
def test_what_cannot_be_right_is_refused_with_a_reason(kind, raw, code):
    with pytest.raises(BadValue) as caught:
        parse_value(of(FieldType(kind)), raw)
    assert caught.value.code == code
    assert caught.value.msgid == VALUES[code]
    assert raw not in str(caught.value)


def test_a_choice_is_known_by_its_code_or_its_label_without_case():
    assert parse_value(CHOICES, "passed") == "passed"
    assert parse_value(CHOICES, " niet  VERSCHENEN") == "absent"
    with pytest.raises(BadValue, match="unknown_choice"):
        parse_value(CHOICES, "weg")


@pytest.mark.parametrize("kind", [kind for kind in FieldType if kind is not FieldType.IMAGE])
def test_nothing_is_no_value_unless_one_is_required(kind):
    assert parse_value(of(kind), " \t") is None
    with pytest.raises(BadValue, match="required"):
        parse_value(replace(of(kind), required=True), "")


def test_nobody_is_born_tomorrow():
    typed = of(FieldType.BIRTH_DATE)
    assert parse_value(typed, "23-11-2026", today=date(2026, 11, 23)) == "2026-11-23"
    with pytest.raises(BadValue, match="birth_date_in_future"):
        parse_value(typed, "24-11-2026", today=date(2026, 11, 23))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "03-01-1999"),
        ("integer", "3"),
        ("integer", True),
        ("yes_no", 1),
        ("choice", "Geslaagd"),
        ("text", 1.5),
        ("phone", "0610000004"),
    ],
)
def test_a_stored_value_that_is_not_canonical_is_refused(kind, value):
    typed = CHOICES if kind == "choice" else of(FieldType(kind))
    with pytest.raises(BadValue):
        check_value(typed, value)


def test_an_images_value_is_the_id_of_a_file():
    assert check_value(of(FieldType.IMAGE), "0192f") == "0192f"
    with pytest.raises(BadValue):
        check_value(of(FieldType.IMAGE), 7)


@pytest.mark.slow
@settings(deadline=None)
@given(
    st.text(max_size=40),
    st.sampled_from([kind for kind in FieldType if kind not in (FieldType.CHOICE, FieldType.IMAGE)]),
)
def test_any_text_is_refused_or_becomes_a_value_that_stays_itself(raw, kind):
    typed = of(kind)
    value, reason = None, ""
    try:
        value = parse_value(typed, raw)
    except BadValue as error:
        reason = error.code
    assert not reason or reason in VALUES
    if value is not None:
        assert check_value(typed, value) == value


@settings(deadline=None)
@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_date_survives_each_of_its_notations(day):
    for raw in (f"{day:%d-%m-%Y}", f"{day.day}/{day.month}/{day.year}", day.isoformat()):
        assert parse_value(of(FieldType.DATE), raw) == day.isoformat()
    assert parse_value(of(FieldType.DATE), cell_text(datetime(day.year, day.month, day.day))) == day.isoformat()


@settings(deadline=None)
@given(st.decimals(0, 10**9, places=2))
def test_every_amount_survives_dutch_and_plain_notation(amount):
    dutch = f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    for raw in (dutch, f"€ {dutch}", f"{amount:.2f}", f"{amount:.2f}".replace(".", ",")):
        assert parse_value(of(FieldType.MONEY), raw) == f"{amount:.2f}"


@settings(deadline=None)
@given(st.floats(0, 10**6, allow_nan=False))
def test_a_spreadsheets_number_keeps_its_value(number):
    text = cell_text(number)
    assume(len(text) < 30)
    assert Decimal(str(parse_value(of(FieldType.DECIMAL), text))) == Decimal(repr(number))


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("?ahin", "letter_lost"), ("Y?lmaz", "letter_lost"), ("?.", "letter_lost"), ("Ay\ufffde", "letter_lost"),
        ("Ã–ztÃ¼rk", "letter_garbled"), ("Öztürk", ""), ("Ålesund", ""), ("Jansen", ""),
    ],
)  # fmt: skip
def test_lost_letters_are_noticed(value, hint):
    assert letter_hint(field("person", "family_name"), value) == hint


def test_a_question_mark_at_the_end_is_a_lost_letter_in_names_only():
    assert letter_hint(field("person", "family_name"), "Ayş?") == "letter_lost"
    assert letter_hint(field("person", "nationality"), "onbekend?") == ""
    assert letter_hint(field("attendance", "remark"), "waar is?ie") == ""


@pytest.mark.parametrize(
    ("raw", "shown"), [("", ""), ("NL69TEST0000000001", "N… (≤31)"), ("ab", "a… (≤3)"), ("x" * 99, "x… (>63)")]
)
def test_a_masked_value_shows_one_sign_and_a_length_class(raw, shown):
    assert masked(raw) == shown


def test_every_type_of_the_policy_can_be_read():
    kinds = {each.type for dataset in policy().datasets.values() for each in dataset.fields.values()}
    assert kinds <= set(FieldType)
    for dataset in policy().datasets.values():
        for each in dataset.fields.values():
            for choice in each.choices:
                assert parse_value(each, choice.code) == parse_value(each, choice.label) == choice.code
