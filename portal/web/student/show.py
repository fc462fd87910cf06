"""A stored value as its student reads it, in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from flask import current_app, render_template, url_for
from markupsafe import Markup

from portal.domain.birth_date import parse
from portal.domain.vocabulary import FieldType
from portal.i18n import Speaker
from portal.policy.model import Field
from portal.services.own_data import Entry, Value
from portal.web.language import _
from portal.wording import BASES, SOURCES

MOST_WHYS = 4096
NO_ITEM = UUID(int=0)
FROM_LEFT = frozenset(
    {
        FieldType.BIRTH_DATE,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.POSTCODE,
        FieldType.BSN,
        FieldType.IBAN,
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the macros of a page need: `kind` is the direction of the value (components/page.html, value_of)."""

    value: Any
    kind: str = ""


def shown(field: Field, value: Any, speaker: Speaker) -> Shown:
    """The value in words, a date, or a text with its direction."""
    match field.type:
        case FieldType.CHOICE:
            label = next((choice.label for choice in field.choices if choice.code == value), None)
            return Shown(speaker.say(label)) if label else Shown(str(value), "name")
        case FieldType.YES_NO:
            return Shown(speaker.gettext("Ja") if value else speaker.gettext("Nee"))
        case FieldType.DATE:
            return Shown(date.fromisoformat(str(value)))
        case FieldType.BIRTH_DATE:
            return Shown(parse(str(value)).dutch, "ltr")
        case FieldType.MONEY:
            return Shown(speaker.money(Decimal(str(value))), "ltr")
        case FieldType.IMAGE:
            return Shown(_("Een foto van de les"))
        case FieldType.LONG_TEXT:
            return Shown(str(value), "words")
    return Shown(str(value), "ltr" if field.type in FROM_LEFT else "name")


def one_line(field: Field, value: Any, speaker: Speaker) -> str:
    """The value as plain text: in a title, where no markup goes."""
    found = shown(field, value, speaker).value
    return speaker.date(found) if isinstance(found, date) else str(found)


def title_of(entry: Entry, speaker: Speaker) -> str:
    """What tells this record from others of its kind; masked parts stay out."""
    parts = [one_line(value.field, value.value, speaker) for value in entry.title if not value.masked]
    return " · ".join(parts)


def fact(value: Value, speaker: Speaker) -> dict[str, Any]:
    """One value with everything that belongs beside it."""
    said = Shown("") if value.masked else shown(value.field, value.value, speaker)
    return {
        "id": f"{value.field.dataset}-{value.field.code}-{value.item_id.hex[-8:]}",
        "item": value.item_id,
        "field": value.field,
        "label": speaker.gettext(value.field.label),
        "value": said.value,
        "kind": said.kind,
        "masked": value.masked,
        "restricted": value.restricted,
        "why": why(value, speaker),
        "href": _address("student.value", value, speaker.lang),
        "wrong_href": _address("student.wrong" if value.field.correctable else "student.value", value, speaker.lang),
    }


def why(value: Value, speaker: Speaker) -> Markup:
    """What belongs beside a value: why, on what ground, from whom, to whom, until when. It is the same for everybody of
    whom the same field is kept, until the same day and given to the same recipients: so it is put together once."""
    kept: dict[object, Markup] = current_app.extensions.setdefault("why_we_keep", {})
    key = speaker.lang, value.field.dataset, value.field.code, value.until, value.shared
    if key not in kept:
        if len(kept) >= MOST_WHYS:
            kept.clear()
        said = render_template(
            "student/why.html",
            purposes=list(dict.fromkeys(activity.label for activity in value.activities)),
            bases=list(dict.fromkeys(BASES[activity.basis] for activity in value.activities)),
            source=SOURCES[value.field.source],
            shared=value.shared,
            until=value.until,
            retention=value.field.retention,
        )
        kept[key] = Markup(said)  # noqa: S704 - a template's own output
    return kept[key]


def _address(endpoint: str, value: Value, lang: str) -> str:
    """Of a page about one value: made from one such address, since a page of data has fifty."""
    before, after = _around(endpoint, lang)
    return f"{before}{value.item_id}/{value.field.code}{after}"


@cache
def _around(endpoint: str, lang: str) -> tuple[str, str]:
    """What stands before and after the record and the field in the address of a page about a value."""
    one = url_for(endpoint, lang=lang, item=NO_ITEM, field="f")
    before, _, after = one.partition(f"{NO_ITEM}/f")
    return before, after
