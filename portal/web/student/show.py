"""A stored value as its student reads it, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from flask import current_app, render_template, url_for
from markupsafe import Markup

from portal.domain.birth_date import parse
from portal.domain.vocabulary import FieldType
from portal.i18n import Speaker
from portal.policy.model import Field
from portal.services.own_data import Entry, Value
from portal.web.language import _
from portal.web.pieces import pieces
from portal.web.pieces import shown as shown_as
from portal.wording import BASES, SOURCES

T = TypeVar("T")

MOST_KEPT = 4096  # of what is the same for many values
NO_ITEM = UUID(int=0)
# Where a row that is kept for many values is filled in with one of them; characters that no text has.
SAID, ITEM, PLACE = "\ue000", "\ue001", "\ue002"
NAMES = str.maketrans({"%": "%%", SAID: "%(said)s", ITEM: "%(item)s", PLACE: "%(place)s"})
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


class Shown(NamedTuple):
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


def values(entry: Entry, speaker: Speaker) -> Markup:
    """The values of a record as a list, each with everything that belongs beside it."""
    rows = "".join(_row(value, speaker) for value in entry.values)
    return Markup(f'<dl class="facts">{rows}</dl>')  # noqa: S704 - rows of our own template


def _row(value: Value, speaker: Speaker) -> str:
    """A value in a list. But for the value and the address of its record it is the same for everybody of whom the same
    field is shown in the same way: so that is put together once."""
    frame: str = _once("row", value, speaker, lambda: _frame(value, speaker))
    item = str(value.item_id)
    said = "" if value.masked else shown_as(_said(value, speaker))
    return frame % {"place": item[-8:], "item": item, "said": said}


def _frame(value: Value, speaker: Speaker) -> str:
    """The row, with the names of what is filled in."""
    around = fact(value, speaker) | {
        "id": f"{value.field.dataset}-{value.field.code}-{PLACE}",
        "value": SAID,
        "kind": "",
    }
    for name in ("href", "wrong_href"):
        around[name] = around[name].replace(str(value.item_id), ITEM)
    return render_template("student/row.html", fact=around).translate(NAMES)


def _said(value: Value, speaker: Speaker) -> Any:
    found = shown(value.field, value.value, speaker)
    return pieces(speaker).value_of(found.value, found.kind)


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
    """What belongs beside a value: why, on what ground, from whom, to whom, until when."""
    return Markup(_once("why", value, speaker, lambda: _why(value)))  # noqa: S704 - a template's own output


def _why(value: Value) -> str:
    return render_template(
        "student/why.html",
        purposes=list(dict.fromkeys(activity.label for activity in value.activities)),
        bases=list(dict.fromkeys(BASES[activity.basis] for activity in value.activities)),
        source=SOURCES[value.field.source],
        shared=value.shared,
        until=value.until,
        retention=value.field.retention,
    )


def _once(what: str, value: Value, speaker: Speaker, make: Callable[[], T]) -> T:
    """What is the same for everybody of whom the same field is kept, until the same day, given to the same recipients
    and shown in the same way: made once, and kept as long as there is room."""
    kept: dict[object, T] = current_app.extensions.setdefault("beside_values", {})
    field = value.field
    key = what, speaker.lang, field.dataset, field.code, value.until, value.shared, value.masked, value.restricted
    found = kept.get(key)
    if found is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        found = kept[key] = make()
    return found


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
