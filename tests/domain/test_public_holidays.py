"""Public holidays as the library for all countries knows them."""

from __future__ import annotations

from datetime import date

from holidays.countries.netherlands import Netherlands

from portal.domain.public_holidays import FIRST_YEAR, public_holidays


def test_the_holidays_of_every_year_are_those_that_the_library_names() -> None:
    for year in range(FIRST_YEAR, 2100):
        assert public_holidays(year) == set(Netherlands(years=year)), year


def test_liberation_day_and_a_birthday_on_a_sunday_are_among_them() -> None:
    assert date(2030, 5, 5) in public_holidays(2030)
    assert date(2031, 4, 26) in public_holidays(2031)
    assert date(2031, 4, 27) not in public_holidays(2031)
