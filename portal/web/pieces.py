"""The smallest pieces of a page, of which one page holds hundreds: written here, because a macro costs ten times as
much. Templates have them from components/page.html, by the same names as its macros."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import current_app
from markupsafe import Markup, escape
from wtforms import Field, Form, SelectField
from wtforms.widgets import TextInput

from portal.i18n import N_, Speaker, Tongue, figures
from portal.web.forgery import csrf_token
from portal.web.headers import static_url
from portal.web.language import LanguageChoice

MARKS = re.compile("[&<>\"']").search  # that mean something in HTML
PART = Markup("\ue000" + secrets.token_hex(16))  # noqa: S704 - where a page's largest part goes; nobody can type it
REST = "\ue000"  # where the address of the page at hand is filled in; a character that no text has


def shown(value: Any) -> str:
    """A value as a page shows it, escaped unless it is markup; most have nothing to escape, which is soon seen."""
    kind = type(value)
    return value if kind is Markup or (kind is str and MARKS(value) is None) else escape(value)


@lru_cache(maxsize=512)
def icon(id: str, flip: bool = False) -> Markup:
    look = "icon flip" if flip else "icon"
    where = f"{static_url('icons.svg')}#{id}"
    return Markup('<svg class="{}" aria-hidden="true" focusable="false"><use href="{}"/></svg>').format(look, where)


def from_left(value: Any) -> str:
    """`ltr` as text to be put together with more: of hundreds on a page, to make each markup takes as long again."""
    return f'<bdi dir="ltr">{shown(value)}</bdi>'


def apart(value: Any) -> str:
    """`name`, as such text."""
    return f"<bdi>{shown(value)}</bdi>"


def ltr(value: Any) -> Markup:
    """E-mail, phone, IBAN, reference, code, number, address of a page: reads from its own start in every language."""
    return Markup(from_left(value))  # noqa: S704 - escaped there


def name(value: Any) -> Markup:
    """The name of a person or an organisation, in whichever script."""
    return Markup(apart(value))  # noqa: S704 - escaped there


def words(value: Any) -> Markup:
    """Free words somebody typed; lines are kept."""
    return Markup(f'<span class="words" dir="auto">{shown(value)}</span>')  # noqa: S704 - escaped here


@lru_cache(maxsize=2048)
def date_short(day: date) -> Markup:
    """Dutch figures only: for tables."""
    return Markup(f'<time datetime="{day.isoformat()}"><bdi dir="ltr">{figures(day)}</bdi></time>')  # noqa: S704 - a date


def languages(choice: LanguageChoice, form_id: str = "") -> Markup:
    """The choice of a language: links, or, with the id of the page's form, buttons that post what was typed along."""
    frame = _languages(choice.root, choice.here, choice.tongues, form_id)
    return Markup(frame.replace(REST, escape(choice.rest)))  # noqa: S704 - escaped here and below


@lru_cache(maxsize=256)
def _languages(root: str, here: str, tongues: tuple[Tongue, ...], form_id: str) -> str:
    return "\n".join(
        f"<li>{_language(escape(root), each, each.code == here, escape(form_id))}</li>" for each in tongues
    )


def _language(root: str, tongue: Tongue, current: bool, form_id: str) -> str:
    href = f"{root}/{tongue.code}{REST}"
    if form_id and not current:
        return (
            f'<button class="link" type="submit" form="{form_id}" formaction="{href}" formmethod="post" formnovalidate'
            f' name="switch_language" value="{tongue.code}" lang="{tongue.code}" dir="{tongue.dir}">'
            f"{tongue.name}</button>"
        )
    now = ' aria-current="true"' if current else ""
    return f'<a href="{href}" lang="{tongue.code}" hreflang="{tongue.code}" dir="{tongue.dir}"{now}>{tongue.name}</a>'


def menu(entries: Iterable[tuple[str, str, bool]]) -> Markup:
    """The entries of a menu, each an address, its text, and whether that is where one is."""
    entry = Markup('<li><a href="{}"{}>{}</a></li>')
    here = Markup(' aria-current="page"')
    return Markup("\n").join(entry.format(href, here if current else "", text) for href, text, current in entries)


def tag(kind: str, text: Any, icon_id: str = "") -> Markup:
    """A kind is one of: ok soon late plain."""
    mark = icon(icon_id) if icon_id else ""
    return Markup(f'<span class="tag {shown(kind)}">{mark}{shown(text)}</span>')  # noqa: S704 - escaped here


def with_part(page: str, part: Iterable[bytes]) -> bytes:
    """A page as UTF-8, with its largest part in the place of PART. That is encoded piece by piece, or kept so: as text,
    one letter beyond ASCII makes all of a page twice as large and fifty times as dear to encode."""
    before, _place, after = page.rpartition(PART)
    return b"".join([before.encode(), *part, after.encode()])


def written(template: str, **values: object) -> Markup:
    """What a template of the language at hand says of these values alone, to be kept for other pages."""
    return Markup(current_app.jinja_env.get_or_select_template(template).render(values))  # noqa: S704 - a template's own


def described_by(field: Field, hint: str = "") -> str:
    """The ids of what is said about a field."""
    return " ".join([*([f"{field.id}-hint"] if hint else ()), *([f"{field.id}-error"] if field.errors else ())])


def attributes(values: Mapping[str, object]) -> str:
    """Of an element, by name; False leaves one out, True writes its name only."""
    return " ".join(
        name if value is True else f'{name}="{shown(value)}"'
        for name, value in sorted(values.items())
        if value is not False
    )


Offered = tuple[tuple[str, str], ...]


def options(offered: Offered, chosen: str | None, say: Callable[[str], str]) -> str:
    """Of a list to choose from: (value, label) pairs, one of which is chosen."""
    return "\n".join(
        f'<option value="{shown(value)}"{" selected" if value == chosen else ""}>'
        f"{shown(say(label) if label else value)}</option>"
        for value, label in offered
    )


@lru_cache(maxsize=1024, typed=True)  # a text and markup alike in letters are not the same
def group_head(
    id: str, label: str, icon_id: str, hint: str = "", open: bool = False, locked: bool = False, text: str = ""
) -> str:
    """What stands above the body of one of the ten groups, closed or open; below it GROUP_ENDS. hint: how much is in
    it, or that it is locked."""
    about = f'<p class="about">{shown(text)}</p>' if text else ""
    return (
        f'<details class="group" id="{shown(id)}"{" open" if open else ""}>'
        f'<summary><span class="title">{icon(icon_id)}<span>{shown(label)}</span></span>'
        f'<span class="hint">{icon("lock") if locked else ""}{shown(hint)}</span>{icon("open")}</summary>{about}\n'
    )


GROUP_ENDS = "\n</details>\n"
OPTIONAL, WRONG = N_("(hoeft niet)"), N_("Fout:")
PROGRESS = {"done": N_("Klaar"), "now": N_("Nu bezig"), "later": N_("Komt nog")}


class Step(NamedTuple):
    """Where a request is."""

    label: str
    state: str  # one of PROGRESS
    icon: str


class Happening(NamedTuple):
    """What happened to a request; `text` is as somebody typed it."""

    title: str
    at: datetime
    icon: str
    text: str = ""


class Pieces:
    """Those that speak, in one language."""

    icon, ltr, name, words = staticmethod(icon), staticmethod(ltr), staticmethod(name), staticmethod(words)
    date_short, tag, languages = staticmethod(date_short), staticmethod(tag), staticmethod(languages)
    described_by = staticmethod(described_by)

    def __init__(self, said: Speaker) -> None:
        self._said = said
        self._known = lru_cache(maxsize=512)(self._known_anew)
        self._texts = lru_cache(maxsize=2048)(lambda msgid: escape(said.text(msgid)))
        self.date_both = lru_cache(maxsize=2048)(self._date_both)

    def text(self, msgid: str) -> Markup:
        """A text of the catalogues or the policy, escaped once."""
        return self._texts(msgid)

    def _date_both(self, day: date) -> Markup:
        """A date in the reader's language and as Dutch figures."""
        return Markup(  # noqa: S704 - a date, and CLDR's words for it
            f'<time datetime="{day.isoformat()}">{shown(self._said.date(day))}'
            f' <span class="nowrap">(<bdi dir="ltr">{figures(day)}</bdi>)</span></time>'
        )

    def moment(self, at: datetime) -> Markup:
        """A moment (aware), in the reader's language."""
        said = shown(self._said.moment(at))
        return Markup(f'<time datetime="{at.isoformat()}">{said}</time>')  # noqa: S704 - a moment, and CLDR's words for it

    def steps(self, items: Iterable[Step]) -> Markup:
        """Where a request is."""
        return Markup(f'<ol class="steps">{"".join([self._step(each) for each in items])}</ol>')  # noqa: S704 - escaped

    def _step(self, item: Step) -> str:
        now = ' aria-current="step"' if item.state == "now" else ""
        return (
            f'<li class="{item.state}"{now}>'
            f'<span class="dot" aria-hidden="true">{icon("check" if item.state == "done" else item.icon)}</span>'
            f'<div><strong>{shown(item.label)}</strong> <span class="state">'
            f"{shown(self._said.gettext(PROGRESS[item.state]))}</span></div></li>"
        )

    def timeline(self, events: Iterable[Happening]) -> Markup:
        """What happened, newest first."""
        return Markup(f'<ol class="timeline">{"".join([self._happening(each) for each in events])}</ol>')  # noqa: S704 - escaped

    def _happening(self, item: Happening) -> str:
        text = f"<p>{words(item.text)}</p>" if item.text else ""
        return (
            f"<li>{icon(item.icon)}<div><strong>{shown(item.title)}</strong>"
            f'<p class="meta">{self.moment(item.at)}</p>{text}</div></li>'
        )

    def group_card(self, *head: Any, caller: Callable[[], str], **more: Any) -> Markup:
        """One of the ten groups: `group_head`, and the body of a `call`."""
        return Markup(f"{group_head(*head, **more)}{caller()}{GROUP_ENDS}")  # noqa: S704 - escaped there, and markup

    # fields of forms: components/forms.html says what is given to them

    def select(self, field: SelectField, hint: str = "", translate: bool = True) -> Markup:
        """A list to choose from; translate=False for what a person or a record says."""
        asked = f' aria-describedby="{described_by(field, hint)}"' if hint or field.errors else ""
        wrong = ' aria-invalid="true"' if field.errors else ""
        inside = (
            f'<select class="input" id="{field.id}" name="{field.name}"{asked}{wrong}>'
            f"{self._options(field, translate)}</select>"
        )
        return self._field(field, hint, inside)

    def _options(self, field: SelectField, translate: bool) -> str:
        offered = tuple((str(each.value), each.label) for each in field.choices or ())
        chosen = None if field.data is None else str(field.data)
        return self._known(offered, chosen) if translate else options(offered, chosen, str)

    def _known_anew(self, offered: Offered, chosen: str | None) -> str:
        return options(offered, chosen, self._said.gettext)

    def text_field(
        self,
        field: Field,
        hint: str = "",
        autocomplete: str = "",
        dir: str = "auto",
        inputmode: str = "",
        size: str = "",
        heading: bool = False,
        attrs: Mapping[str, object] = MappingProxyType({}),
    ) -> Markup:
        """One line. dir: "auto" for words and names, "ltr" for e-mail, phone, numbers, codes. size: "" short medium.
        attrs: more attributes, e.g. {"maxlength": 80, "spellcheck": "false"}."""
        asked = {
            "class": f"input {size}".rstrip(),
            "dir": dir,
            "autocomplete": autocomplete or False,
            "inputmode": inputmode or False,
            "aria-describedby": described_by(field, hint) or False,
            "aria-invalid": "true" if field.errors else False,
            **attrs,
        }
        if type(field.widget) is TextInput and not field.render_kw:
            given = {"id": field.id, "name": field.name, "type": "text", "value": field._value(), **asked}
            inside = f"<input {attributes(given)}>"
        else:
            inside = field(required=False, **asked)
        return self._field(field, hint, inside, heading)

    def textarea(
        self,
        field: Field,
        hint: str = "",
        rows: int = 6,
        heading: bool = False,
        attrs: Mapping[str, object] = MappingProxyType({}),
    ) -> Markup:
        asked = {
            "id": field.id,
            "name": field.name,
            "class": "input",
            "dir": "auto",
            "rows": rows,
            "aria-describedby": described_by(field, hint) or False,
            "aria-invalid": "true" if field.errors else False,
            **attrs,
        }
        inside = f"<textarea {attributes(asked)}>\r\n{shown(field._value())}</textarea>"
        return self._field(field, hint, inside, heading)

    def hidden(self, form: Form | None = None, once: str = "") -> Markup:
        """What every form carries: the token against forgery and, with `once`, the key by which it acts once."""
        token = f'<input type="hidden" name="csrf_token" value="{shown(csrf_token())}">'
        return Markup(f"{token}{self.hidden_once(once) if once else ''}")  # noqa: S704 - escaped here

    def hidden_once(self, key: str) -> Markup:
        """The idempotency key: a form sent twice acts once."""
        return Markup(f'<input type="hidden" name="once" value="{shown(key)}">')  # noqa: S704 - escaped here

    def _field(self, field: Field, hint: str, inside: str, heading: bool = False) -> Markup:
        return Markup(  # noqa: S704 - escaped here
            f'<div class="field{" wrong" if field.errors else ""}">'
            f"{self.field_label(field, heading)}\n{self.field_notes(field, hint)}\n{inside}</div>"
        )

    def field_label(self, field: Field, heading: bool = False) -> Markup:
        optional = f' <span class="optional">{shown(self._said.gettext(OPTIONAL))}</span>'
        label = (
            f'<label for="{field.id}">{shown(self._said.gettext(field.label.text))}'
            f"{optional if field.flags.optional else ''}</label>"
        )
        return Markup(f'<h1 class="question">{label}</h1>' if heading else label)  # noqa: S704 - escaped here

    def field_notes(self, field: Field, hint: str = "") -> Markup:
        notes = f'<p class="hint" id="{field.id}-hint">{shown(hint)}</p>' if hint else ""
        if field.errors:
            notes += (
                f'<p class="error" id="{field.id}-error">{icon("warning")}<span><span class="visually-hidden">'
                f"{shown(self._said.gettext(WRONG))} </span>"
                f"{''.join(f'{shown(self.error(each))} ' for each in field.errors)}</span></p>"
            )
        return Markup(notes)  # noqa: S704 - escaped here

    def error(self, error: Any) -> Any:
        """A msgid, something with .msgid and .params, or an object that is already in the reader's language."""
        if isinstance(error, str):
            return self._said.gettext(error)
        msgid = getattr(error, "msgid", "")
        return self._said.text(msgid, **(error.params or {})) if msgid else error

    def value_of(self, value: Any, kind: str = "") -> Any:
        """By kind: "ltr", "name", "words" or "" (translated text or ready markup); a date shows as date_both."""
        if kind in BY_KIND:
            return BY_KIND[kind](value)
        return self.date_both(value) if isinstance(value, date) and not isinstance(value, datetime) else value


BY_KIND = {"ltr": ltr, "name": name, "words": words}
pieces = cache(Pieces)
