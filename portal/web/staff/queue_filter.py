"""What the queue is narrowed to: read from an address or a form, and shown again as the fields of its filter.

A field that depends on nothing but the language and on what is asked in it is read, checked and written once for both.
Who handles cases, and where, is written anew each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from portal.domain.lifecycle import CaseState
from portal.domain.vocabulary import Channel, RequestKind
from portal.i18n import TONGUES, Speaker
from portal.services.queue import Filters, Order
from portal.web.pieces import options, pieces
from portal.web.staff.forms import ONE_OF_THESE, choices
from portal.web.staff.queue_forms import NAMES, NOTE_HINT, HandOverForm, QueueForm, one_of

DAYS = ("received_from", "received_until", "due_from", "due_until")
FIXED = ("kind", "state", "channel", "language", *DAYS, "order")
LONGEST = 40  # characters of a value: nothing that can be chosen, nor any date, is longer

Rows = Iterable[tuple[str, str]]  # (value, name)


class Field(NamedTuple):
    """A field as it was asked for: its value, what is wrong with it, and how it is shown."""

    data: Any
    errors: tuple[object, ...]
    html: str


@lru_cache(maxsize=1024)
def _field(said: Speaker, languages: tuple[str, ...], name: str, text: str) -> Field:
    form = QueueForm(formdata=MultiDict({name: text}) if text else None)
    form.language.choices = choices(((code, TONGUES[code].name) for code in languages), said.text("Alle talen"))
    field = form[name]
    field.validate(form)
    if name in DAYS:
        html = pieces(said).text_field(field, dir="ltr", inputmode="numeric")
    else:
        html = pieces(said).select(field, translate=name != "language")
    return Field(field.data, tuple(field.errors), html)


@cache
def _around(said: Speaker, name: str, wrong: bool) -> tuple[str, str]:
    """What stands before and behind the rows that a field offers."""
    field = QueueForm(formdata=None)[name]
    field.errors = [ONE_OF_THESE] if wrong else []
    before, end, after = pieces(said).select(field).partition("</select>")
    return before, end + after


class QueueFilter:
    """What an address or a form asks of the list. `who` is sealed words of the search box, never a name in clear."""

    def __init__(
        self, said: Speaker, languages: tuple[str, ...], values: dict[str, str], open_words: Callable[[str], str]
    ) -> None:
        self._said = said
        self._values = values
        self.fields = {name: _field(said, languages, name, values.get(name, "")[:LONGEST]) for name in FIXED}
        self.errors = {name: field.errors for name, field in self.fields.items() if field.errors}
        self.kept = kept_in(values)
        self.order = one_of(Order, self.fields["order"].data)
        asked = {name: field.data for name, field in self.fields.items()}
        self.filters = Filters(
            kind=one_of(RequestKind, asked["kind"]),
            state=one_of(CaseState, asked["state"]),
            branch=values.get("branch", ""),
            handler=_id(values.get("handler", "")),
            channel=one_of(Channel, asked["channel"]),
            language=asked["language"] or "",
            **{name: asked[name] for name in DAYS},
            reference=values.get("reference", "").strip()[:20],
            who=open_words(values.get("who", "")),
        )

    @property
    def narrowed_by(self) -> int:
        """How many of its fields say something."""
        return len(self.kept.keys() - {"who", "reference", "order"})

    def offering(self, branches: Rows, handlers: Rows) -> Markup:
        """Its fields in the order of the page. `branches` is empty where there is nothing to choose."""
        shown = {name: field.html for name, field in self.fields.items()}
        shown["handler"] = self._offering("handler", handlers, self._said.text("Iedereen"))
        where = [*branches]
        if where:
            shown["branch"] = self._offering("branch", where, self._said.text("Alle vestigingen"))
        order = ("kind", "state", "handler", "branch", "channel", "language", *DAYS, "order")
        return Markup("\n  ".join(shown[name] for name in order if name in shown))  # noqa: S704 - escaped there

    def _offering(self, name: str, rows: Rows, nothing: str) -> str:
        offered, chosen = (("", nothing), *rows), self._values.get(name, "")
        wrong = chosen not in dict(offered)
        if wrong:
            self.errors[name] = (ONE_OF_THESE,)
        before, after = _around(self._said, name, wrong)
        return f"{before}{options(offered, chosen or None, str)}{after}"


def kept_in(values: dict[str, str]) -> dict[str, str]:
    """The part of an address, or of a form, that says what the list holds."""
    return {name: value for name, value in values.items() if name in NAMES and value}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def hand_over_fields(said: Speaker, hand: HandOverForm | None, people: Rows) -> Markup:
    """The fields with which ticked cases are handed over; None is a form in which nothing was typed yet."""
    offered = (("", said.text("Kies een collega")), *people)
    if hand is not None:
        hand.staff.choices = choices(offered)
        return Markup("\n  ").join(_hand_over(said, hand))
    before, after = _blank_hand_over(said)
    return Markup(f"{before}{options(offered, None, str)}{after}")  # noqa: S704 - escaped there


def _hand_over(said: Speaker, hand: HandOverForm) -> tuple[Markup, Markup]:
    piece = pieces(said)
    return piece.select(hand.staff, translate=False), piece.textarea(hand.note, hint=said.text(NOTE_HINT), rows=2)


@cache
def _blank_hand_over(said: Speaker) -> tuple[str, str]:
    before, end, after = Markup("\n  ").join(_hand_over(said, HandOverForm(formdata=None))).partition("</select>")
    return before, end + after
