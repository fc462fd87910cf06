"""Structured letters as HTML, outside any request: for pages now, for paper later.

A template here takes everything it says from its arguments; the language is the reader's, not the request's.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from portal.i18n import MASTER, TONGUES, Speaker, speaker
from portal.letters import showing, wording
from portal.letters.answer import Answer, Value
from portal.policy.model import Policy

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def environment() -> Environment:
    """One environment a process: escapes everything, and a name that is missing is a fault."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(wording=wording)
    return made


def render_answer(answer: Answer, language: str, policy: Policy) -> Markup:
    """The answer for a page: in `language`, then the Dutch text that counts (once, when Dutch is the language)."""
    codes = dict.fromkeys((language if language in TONGUES else MASTER, MASTER))
    template = environment().get_template("letters/answer.html")
    return escape(
        template.make_module({"answer": answer, "readers": [Reader(speaker(code), policy) for code in codes]})
    )


class Reader:
    """What a template asks of one language: texts, dates, values."""

    def __init__(self, spoken: Speaker, policy: Policy) -> None:
        self.speaker = spoken
        self.lang = spoken.lang
        self.dir = spoken.dir
        self.policy = policy

    def value(self, value: Value) -> str:
        return showing.shown(self.policy, value.dataset, value.field, value.value, self.speaker)

    def from_left(self, value: Value) -> bool:
        return showing.reads_left_to_right(self.policy, value.dataset, value.field)

    def cited(self, text: str, article: str) -> str:
        """An article of law; `text` of wording.laws."""
        return self.speaker.text(text, article=article) if article else self.speaker.gettext(text)

    def on(self, iso: str) -> date:
        """A day of a document that is kept as text."""
        return date.fromisoformat(iso)

    def any(self, dataset: str, code: str, value: Any) -> str:
        return showing.shown(self.policy, dataset, code, value, self.speaker)
