"""A stored value as its student reads it, in the language of the page. What is the same for many students is kept as
UTF-8, for `with_part`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from flask import render_template, url_for
from markupsafe import Markup, escape

from portal.domain.birth_date import parse
from portal.domain.vocabulary import FieldType
from portal.i18n import N_, Speaker
from portal.policy.model import OWN_SECTION, Field, Group, Policy
from portal.services.own_data import About, Entry, GroupOfData, Series, Value, Way
from portal.web.language import _
from portal.web.pieces import GROUP_ENDS, PART, apart, from_left, group_head, name, pieces
from portal.web.pieces import shown as shown_as
from portal.web.public.frame import page, policy
from portal.wording import BASES, SOURCES

MOST_KEPT = 4096  # rows
Parts = tuple[bytes, ...]
NO_ITEM = UUID(int=0)
NOTHING, PARTLY, NONE = N_("Niets bewaard"), N_("Deels verborgen"), N_("Hier bewaren wij niets van u.")
ALL, GIVEN = N_("Bekijk ze allemaal"), N_("iets gekregen op")
HOLES = re.compile("(\ue000[^\ue001]*\ue001)")  # `hole`, by characters that no text has
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
PLAIN = frozenset(FieldType) - {
    FieldType.CHOICE,
    FieldType.YES_NO,
    FieldType.DATE,
    FieldType.BIRTH_DATE,
    FieldType.MONEY,
    FieldType.IMAGE,
    FieldType.LONG_TEXT,
}  # shown as they are stored


def hole(what: str) -> str:
    """Where a page that is kept for others is filled in."""
    return f"\ue000{what}\ue001"


ITEM, PLACE, SAID = hole("item"), hole("place"), hole("said")
END_OF_GROUP = GROUP_ENDS.encode()
AN_ITEM, A_PLACE, WHAT_IS_SAID = ITEM.encode(), PLACE.encode(), SAID.encode()


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


class Telling:
    """What a page tells of one student's values, in one language."""

    def __init__(self, about: About, speaker: Speaker) -> None:
        self._speaker, self._pieces = speaker, pieces(speaker)
        self._beside = dict(_beside_all(policy(), speaker))
        for code, day in about.until.items():
            if day is not None:
                self._beside[_hole(f"until {code}")] = self._pieces.date_both(day).encode()
        for code, day in about.sent.items():
            given = f" ({self._pieces.text(GIVEN)} {self._pieces.date_both(day)})"
            self._beside[_hole(f"on {code}")] = given.encode()
        self.told: list[bytes] = []  # of the groups; joined once, since what is put together in steps is copied at each

    def groups(self, groups: Iterable[GroupOfData], own: Markup) -> Markup:
        """Tells what is kept, group by group, closed; `own` is what else the portal's own section says. Answers with
        where it goes."""
        for each in groups:
            self._group(self.told, each, own)
        return PART

    def _group(self, told: list[bytes], group: GroupOfData, own: Markup) -> None:
        number, masked = group.group.number, group.masked
        hint = NOTHING if group.empty else PARTLY if masked else ""
        told.append(_head_of(group.group, hint, masked, self._speaker))
        for series in group.series:
            self._records(told, series, number, len(group.series) == 1)
        if group.empty:
            told.append(f'<p class="none">{self._pieces.text(NONE)}</p>'.encode())
        if number == OWN_SECTION:
            told.append(own.encode())
        told.append(END_OF_GROUP)

    def _records(self, told: list[bytes], series: Series, group: int, alone: bool) -> None:
        """What is shown of the records of a data set; `alone` in its group, one record needs no heading."""
        dataset, say = series.dataset, self._pieces.text
        many = say(dataset.label_plural)
        if not series.entries:
            counts = [
                f"<li>{escape(_plainly(way, self._speaker)(choice))}: {times}</li>"
                for way, choice, times in series.counts
            ]
            listed = f"<ul>{''.join(counts)}</ul>" if counts else ""
            href = page("student.records", dataset=dataset.code, group=group)
            hidden = f'<span class="visually-hidden">: {many}</span>'
            told.append(
                f'<h2>{many}: {series.total}</h2>{listed}<p><a href="{href}">{say(ALL)}{hidden}</a></p>'.encode()
            )
            return
        one = say(dataset.label)
        if not alone or dataset.many:
            told.append(f"<h2>{many if dataset.many else one}</h2>".encode())
        for number, entry in enumerate(series.entries, 1):
            if dataset.many:
                told.append(f"<h3>{one} {number}{self._after(entry)}</h3>".encode())
            self._values(told, entry)

    def _after(self, entry: Entry) -> str:
        title = self.title_of(entry)
        return f": {name(title)}" if title else ""

    def title_of(self, entry: Entry) -> str:
        """What tells this record from others of its kind; masked parts stay out."""
        parts = [_plainly(value.way, self._speaker)(value.value) for value in entry.title if not value.masked]
        return " · ".join(parts)

    def values(self, entry: Entry) -> Markup:
        """The values of a record as a list, each with everything that belongs beside it."""
        told: list[bytes] = []
        self._values(told, entry)
        return Markup(b"".join(told).decode())  # noqa: S704 - rows of our own template

    def _values(self, told: list[bytes], entry: Entry) -> None:
        """But for what is filled in them, rows are the same for everybody, so they are put together once."""
        beside = self._beside
        beside[AN_ITEM] = item = str(entry.item_id).encode()
        beside[A_PLACE] = item[-8:]
        told.append(b'<dl class="facts">')
        for value in entry.values:
            frame, say = _row_of(value.way, value.restricted, self._speaker)
            beside[WHAT_IS_SAID] = b"" if value.way.masked else say(value.value).encode()
            told += map(beside.get, frame, frame)  # as `_filled`
        told.append(b"</dl>")

    def fact(self, value: Value) -> dict[str, Any]:
        """One value with everything that belongs beside it, but for its purposes: its page tells of each."""
        said = Shown("") if value.masked else shown(value.field, value.value, self._speaker)
        why = _filled(_parts(_why(value.way, self._speaker, purposes=False)), self._beside)
        item = str(value.item_id)
        return _around(value.way, value.restricted, self._speaker, item, item[-8:], why) | said._asdict()


@lru_cache(maxsize=MOST_KEPT)
def _head_of(about: Group, hint: str, locked: bool, speaker: Speaker) -> bytes:
    say = pieces(speaker).text
    hinted, id = say(hint) if hint else "", f"group-{about.number}"
    return group_head(id, say(about.label), about.icon, hinted, locked=locked, text=say(about.explanation)).encode()


@lru_cache(maxsize=MOST_KEPT)
def _row_of(way: Way, restricted: bool, speaker: Speaker) -> tuple[Parts, Callable[[Any], str]]:
    """The row of a field with its holes, and how its value is said."""
    around = _around(way, restricted, speaker, ITEM, PLACE, _why(way, speaker))
    row = render_template("student/row.html", fact=around | {"value": SAID, "kind": ""})
    return _parts(row), _saying(way.field, speaker)


def _saying(field: Field, speaker: Speaker) -> Callable[[Any], str]:
    """How a page says a value of this field."""
    if field.type in PLAIN:
        return from_left if field.type in FROM_LEFT else apart
    if field.type is FieldType.CHOICE:
        known = {choice.code: speaker.say(choice.label) for choice in field.choices}
        return lambda value: known.get(value) or apart(value)

    def say(value: Any) -> str:
        found = shown(field, value, speaker)
        return shown_as(pieces(speaker).value_of(found.value, found.kind))

    return say


@lru_cache(maxsize=MOST_KEPT)
def _plainly(way: Way, speaker: Speaker) -> Callable[[Any], str]:
    """How a value of this field is said as plain text: where no markup goes."""
    field = way.field
    if field.type in PLAIN:
        return str
    if field.type is FieldType.CHOICE:
        known = {choice.code: speaker.gettext(choice.label) for choice in field.choices}
        return lambda value: known.get(value) or str(value)
    if field.type is FieldType.DATE:
        return lambda value: speaker.date(date.fromisoformat(value))
    return lambda value: str(shown(field, value, speaker).value)


def _around(way: Way, restricted: bool, speaker: Speaker, item: str, place: str, why: str) -> dict[str, Any]:
    """What a template says of a value beside the value. `place` tells the record from others of the page."""
    field, lang = way.field, speaker.lang
    return {
        "id": f"{field.dataset}-{field.code}-{place}",
        "field": field,
        "label": speaker.gettext(field.label),
        "masked": way.masked,
        "restricted": restricted,
        "why": Markup(why),  # noqa: S704 - a template's own output
        "href": _address("student.value", lang, item, field),
        "wrong_href": _address("student.wrong" if field.correctable else "student.value", lang, item, field),
    }


def _why(way: Way, speaker: Speaker, purposes: bool = True) -> str:
    """Why and on what ground, from whom, to whom, until when; with holes for what is a student's own."""
    return render_template(
        "student/why.html",
        purposes=list(dict.fromkeys(activity.label for activity in way.activities)) if purposes else (),
        bases=list(dict.fromkeys(BASES[activity.basis] for activity in way.activities)),
        source=SOURCES[way.field.source],
        shared=[(each.name, hole(f"on {each.code}")) for each in way.recipients],
        until=hole(f"until {way.field.retention}"),
    )


def _parts(text: str) -> Parts:
    """A text with holes, cut at each."""
    return tuple(part.encode() for part in HOLES.split(text))


def _hole(what: str) -> bytes:
    """As `_parts` has it."""
    return hole(what).encode()


def _filled(parts: Parts, beside: Mapping[bytes, bytes]) -> str:
    """The text with what stands in the holes; a part that is no hole stands for itself."""
    return b"".join(map(beside.get, parts, parts)).decode()


def _beside_all(policy: Policy, speaker: Speaker) -> dict[bytes, bytes]:
    """What fills the holes of whom nothing is known: no term that has begun, nothing given to anybody."""

    def beside() -> dict[bytes, bytes]:
        terms = policy.retention.items()
        until = {_hole(f"until {code}"): speaker.say(term.explanation).encode() for code, term in terms}
        return until | {_hole(f"on {code}"): b"" for code in policy.recipients}

    return policy.derive(("beside", speaker.lang), beside)


def _address(endpoint: str, lang: str, item: str, field: Field) -> str:
    """Of a page about one value; the record may be a hole."""
    one = url_for(endpoint, lang=lang, item=NO_ITEM, field=field.code)
    return one.replace(str(NO_ITEM), item)
