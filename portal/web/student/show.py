"""A stored value as its student reads it, in the language of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from portal.domain.birth_date import parse
from portal.domain.vocabulary import FieldType
from portal.i18n import Speaker
from portal.policy.model import Field
from portal.services.own_data import Entry, Value
from portal.web.language import _
from portal.wording import BASES, SOURCES

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
        "purposes": list(dict.fromkeys(activity.label for activity in value.activities)),
        "bases": list(dict.fromkeys(BASES[activity.basis] for activity in value.activities)),
        "source": SOURCES[value.field.source],
        "shared": value.shared,
        "until": value.until,
    }
