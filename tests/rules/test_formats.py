"""The table of days and amounts of money, held against CLDR as Babel brings it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency

from portal.formats import FORMATS
from portal.i18n import TONGUES

LOCALES = {lang: "en_GB" if lang == "en" else lang for lang in TONGUES}
AMOUNTS = ("0", "0.5", "-0.5", "1.005", "1.015", "999.99", "-1234.5", "1234567.899", "-1234567890.12")


def test_every_language_has_a_format() -> None:
    assert set(FORMATS) == set(TONGUES)


@pytest.mark.parametrize("lang", TONGUES)
def test_a_day_and_an_amount_read_as_the_language_writes_them(lang: str) -> None:
    locale = LOCALES[lang]
    days = [date(2026, month, month * 2) for month in range(1, 13)]
    assert [FORMATS[lang].day(day) for day in days] == [format_date(day, "d MMMM y", locale=locale) for day in days]
    amounts = [Decimal(amount) for amount in AMOUNTS]
    assert [FORMATS[lang].euros(amount) for amount in amounts] == [
        format_currency(amount, "EUR", locale=locale, numbering_system="latn") for amount in amounts
    ]
