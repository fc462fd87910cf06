"""The smallest pieces of a page, of which one page holds hundreds: written here, because a macro costs ten times as
much. Templates have them from components/page.html, by the same names as its macros."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from markupsafe import Markup, escape
from wtforms import SelectField

from portal.i18n import Speaker
from portal.web.headers import static_url


@lru_cache(maxsize=512)
def icon(id: str, flip: bool = False) -> Markup:
    look = "icon flip" if flip else "icon"
    where = f"{static_url('icons.svg')}#{id}"
    return Markup('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>').format(look, where)


def ltr(value: Any) -> Markup:
    """E-mail, phone, IBAN, reference, code, number, address of a page: reads from its own start in every language."""
    return Markup(f'<bdi dir="ltr">{escape(value)}</bdi>')  # noqa: S704 - escaped here


def name(value: Any) -> Markup:
    """The name of a person or an organisation, in whichever script."""
    return Markup(f"<bdi>{escape(value)}</bdi>")  # noqa: S704 - escaped here


def words(value: Any) -> Markup:
    """Free words somebody typed; lines are kept."""
    return Markup(f'<span class="words" dir="auto">{escape(value)}</span>')  # noqa: S704 - escaped here


@lru_cache(maxsize=2048)
def date_short(day: date) -> Markup:
    """Dutch figures only: for tables."""
    return Markup(f'<time datetime="{day.isoformat()}"><bdi dir="ltr">{day:%d-%m-%Y}</bdi></time>')  # noqa: S704 - a date


def tag(kind: str, text: Any, icon_id: str = "") -> Markup:
    """A kind is one of: ok soon late plain."""
    mark = icon(icon_id) if icon_id else ""
    return Markup(f'<span class="tag {escape(kind)}">{mark}{escape(text)}</span>')  # noqa: S704 - escaped here


class Pieces:
    """Those that speak, in one language."""

    icon, ltr, name, words = staticmethod(icon), staticmethod(ltr), staticmethod(name), staticmethod(words)
    date_short, tag = staticmethod(date_short), staticmethod(tag)

    def __init__(self, said: Speaker) -> None:
        self._said = said

    def date_both(self, day: date) -> Markup:
        """A date in the reader's language and as Dutch figures."""
        return Markup(  # noqa: S704 - a date, and CLDR's words for it
            f'<time datetime="{day.isoformat()}">{escape(self._said.date(day))}'
            f' <span class="nowrap">(<bdi dir="ltr">{day:%d-%m-%Y}</bdi>)</span></time>'
        )

    def moment(self, at: datetime) -> Markup:
        """A moment (aware), in the reader's language."""
        said = escape(self._said.moment(at))
        return Markup(f'<time datetime="{at.isoformat()}">{said}</time>')  # noqa: S704 - a moment, and CLDR's words for it

    def options(self, field: SelectField, translate: bool = True) -> Markup:
        """The options of a list to choose from; translate=False for what a person or a record says."""
        say = self._said.gettext if translate else str
        found = [
            f'<option value="{escape(each.value)}"{" selected" if each.selected else ""}>'
            f"{escape(say(each.label) if each.label else each.value)}</option>"
            for each in field.iter_choices()
        ]
        return Markup("\n".join(found))  # noqa: S704 - escaped here

    def value_of(self, value: Any, kind: str = "") -> Any:
        """By kind: "ltr", "name", "words" or "" (translated text or ready markup); a date shows as date_both."""
        if kind in BY_KIND:
            return BY_KIND[kind](value)
        return self.date_both(value) if isinstance(value, date) and not isinstance(value, datetime) else value


BY_KIND = {"ltr": ltr, "name": name, "words": words}
pieces = cache(Pieces)
