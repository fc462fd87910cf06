"""Languages: who speaks which, direction, formats, and the words of the two catalogues.

Dutch is the master: message ids are Dutch, so a text that a catalogue lacks falls back to Dutch, marked `lang="nl"`.
The student catalogue holds what data subjects read; the staff catalogue falls back on it. A `Speaker` binds one
language's functions once, because a look-up through the request for each of some 500 texts a page costs more than the
page.
"""

from __future__ import annotations

import gettext as gettext_module
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as Day  # a Speaker has a `date` of its own
from datetime import datetime as Moment
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, localedata
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from babel.support import Translations
from markupsafe import Markup, escape

FOLDER = Path(__file__).resolve().parent.parent / "translations"
MASTER = "nl"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
STUDENT, STAFF = "student", "staff"

# Nine tenths of a locale: what CLDR calls the countries, cities, units and currencies of the world. No page names one.
OF_THE_WORLD = {
    *("languages", "territories", "scripts", "variants", "time_zones", "meta_zones", "date_fields", "interval_formats"),
    *("unit_display_names", "unit_patterns", "compound_unit_patterns", "datetime_skeletons"),
    *("compact_decimal_formats", "compact_currency_formats"),
}
BY_CURRENCY = ("currency_symbols", "currency_names", "currency_names_plural")
PARENTS = ("root", "en", "en_001")  # of the locales below, in CLDR


@dataclass(frozen=True, slots=True)
class Tongue:
    code: str
    name: str  # its own name
    dir: str
    locale: str  # CLDR locale for dates and numbers
    reviewed: bool  # by a native speaker; translations/REVIEW.md says who and when


# The only place that says which languages exist and whether a native speaker has read their catalogue.
TONGUES = {
    tongue.code: tongue
    for tongue in (
        Tongue("nl", "Nederlands", "ltr", "nl", True),
        Tongue("en", "English", "ltr", "en_GB", False),
        Tongue("ar", "العربية", "rtl", "ar", False),
        Tongue("fa", "فارسی", "rtl", "fa", False),
        Tongue("ti", "ትግርኛ", "ltr", "ti", False),
        Tongue("tr", "Türkçe", "ltr", "tr", False),
        Tongue("uk", "Українська", "ltr", "uk", False),
    )
}
STAFF_TONGUES = ("nl", "en")


def N_(message: str) -> str:  # noqa: N802 - the name that extractors look for
    """Marks a text for extraction and returns it: it is translated where it is shown."""
    return message


ENDS = (".", "!", "?", "؟", "።")  # of a sentence
COMMAS = {"ar": "، ", "fa": "، ", "ti": "፣ "}


class Speaker:
    """One language as one audience reads it."""

    def __init__(self, tongue: Tongue, audience: str) -> None:
        self.tongue = tongue
        self.lang = tongue.code
        self.dir = tongue.dir
        self.audience = audience
        self._locale = Locale.parse(tongue.locale)
        self._catalogue = catalogue(tongue.code, audience)
        self.gettext = self._catalogue.gettext
        self.ngettext = self._catalogue.ngettext

    @property
    def stop(self) -> str:
        """What ends a sentence that a page puts together."""
        return "።" if self.lang == "ti" else "."

    @property
    def comma(self) -> str:
        """What stands between two of a list that a page puts together."""
        return COMMAS.get(self.lang, ", ")

    def text(self, message: str, **values: object) -> str:
        """The message with its named placeholders filled in."""
        said = self.gettext(message)
        return said % values if values else said

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        return self.ngettext(one, many, number) % {"num": number, **values}

    def knows(self, message: str) -> bool:
        """Whether the message reads in this language, rather than falling back to Dutch."""
        return self.lang == MASTER or not message or self.gettext(message) is not message

    def say(self, message: str) -> Markup:
        """The message as HTML; a text that only exists in Dutch says so to screen readers (WCAG 3.1.2)."""
        if self.knows(message):
            return escape(self.gettext(message))
        return Markup('<span lang="nl" dir="ltr">{}</span>').format(message)

    def sentence(self, message: str) -> Markup:
        """`say`, closed by a full stop where it does not end a sentence already."""
        said = self.say(message)
        return said if self.gettext(message).endswith(ENDS) else said + self.stop

    def date(self, day: Day) -> str:
        return _long_date(self.tongue.locale, day)

    def datetime(self, at: Moment) -> str:
        """A moment here; students also read the Dutch figures that stand on paper (ux.md, rule 22)."""
        day = at.astimezone(AMSTERDAM).date()
        figures = f" ({self.numeric_date(day)})" if self.audience == STUDENT else ""
        return f"{self.date(day)}{figures}, {self.clock(at)}"

    moment = datetime  # as templates call it

    def clock(self, at: Moment) -> str:
        """The time of day, here."""
        here = at.astimezone(AMSTERDAM)
        return f"{here.hour:02}:{here.minute:02}"

    def numeric_date(self, day: Day) -> str:
        """The Dutch numeric date, as on every letter of an office here."""
        return figures(day)

    def number(self, value: float | Decimal) -> str:
        return format_decimal(value, locale=self._locale, numbering_system="latn")

    def money(self, euros: Decimal) -> str:
        return _euros(self.tongue.locale, euros)


@lru_cache(maxsize=4096)
def figures(day: Day) -> str:
    """A day as every office here writes it: 05-03-2026."""
    return f"{day:%d-%m-%Y}"


@lru_cache(maxsize=4096)
def _long_date(locale: str, day: Day) -> str:
    return format_date(day, "d MMMM y", locale=locale)


@lru_cache(maxsize=4096)
def _euros(locale: str, amount: Decimal) -> str:
    return format_currency(amount, "EUR", locale=locale, numbering_system="latn")


@cache
def catalogue(lang: str, audience: str) -> gettext_module.NullTranslations:
    """The compiled catalogue of a language; the staff's falls back on the student's."""
    if lang == MASTER:
        found: gettext_module.NullTranslations = DutchMaster()
    else:
        found = Translations.load(FOLDER, [lang], domain=audience)
    if audience == STAFF:
        found.add_fallback(catalogue(lang, STUDENT))
    return found


class DutchMaster(gettext_module.NullTranslations):
    """Dutch needs no catalogue: the message ids are the text."""


@cache
def speaker(lang: str) -> Speaker:
    return Speaker(TONGUES[lang], STUDENT)


@cache
def staff_speaker(lang: str) -> Speaker:
    return Speaker(TONGUES[lang], STAFF)


def load_languages() -> None:
    """Every language's words and formats, without what CLDR knows of the rest of the world. Before the web processes
    part, for each would load them for itself; and before anything else, so that what is loaded next takes the room of
    what is forgotten: together a twentieth of an installation's memory (decision 0043)."""
    for name in (*PARENTS, *(tongue.locale for tongue in TONGUES.values())):
        _forget_the_world(localedata.load(name))
    for code in TONGUES:
        said = speaker(code)
        said.date(Day(2000, 1, 1))
        said.money(Decimal(1))
    for code in STAFF_TONGUES:
        staff_speaker(code)


def _forget_the_world(locale: dict[str, Any]) -> None:
    for section in OF_THE_WORLD & locale.keys():
        del locale[section]
    for section in BY_CURRENCY:
        locale[section] = {code: said for code, said in locale[section].items() if code == "EUR"}


def complete(lang: str, messages: Iterable[str]) -> bool:
    """Whether every one of these messages reads in the language."""
    return all(speaker(lang).knows(message) for message in messages)


@cache
def offered() -> tuple[Tongue, ...]:
    """The languages a student may choose: Dutch and each one whose catalogue is there and complete (ux.md, rule 24)."""
    return tuple(tongue for tongue in TONGUES.values() if tongue.code == MASTER or _is_whole(tongue.code))


def _is_whole(lang: str) -> bool:
    marker = FOLDER / lang / "LC_MESSAGES" / f"{STUDENT}.mo"
    return marker.is_file() and not (marker.with_suffix(".incomplete")).exists()


def best(wanted: Iterable[str]) -> str:
    """The first offered language among those wanted, else Dutch."""
    codes = {tongue.code for tongue in offered()}
    for lang in wanted:
        base = lang.replace("_", "-").split("-")[0].lower()
        if base in codes:
            return base
    return MASTER
