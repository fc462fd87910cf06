"""Every letter of a case, written from one structure: the answer as it stands when the letter is issued.

What is fixed at that moment is a `Written`, plain data; it prints to the same bytes whenever it is printed. The Dutch
text counts; the receiver's language stands before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from portal.domain.vocabulary import Letter, RequestKind
from portal.i18n import MASTER, N_, TONGUES, speaker
from portal.letters.answer import Answer, as_json, from_json
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

Json = Any


TITLES: Mapping[Letter, str] = MappingProxyType(
    {
        Letter.RECEIPT: N_("Wij hebben uw vraag"),
        Letter.EXTENSION: N_("Wij hebben meer tijd nodig"),
        Letter.LATE: N_("Wij zijn te laat"),
        Letter.MESSAGE: N_("Een bericht van de school"),
        Letter.ANSWER: N_("Ons antwoord"),
        Letter.COPY: N_("Uw gegevens"),
        Letter.DONE: N_("Wij zijn klaar"),
        Letter.PLANNED: N_("Een bericht van de school"),
        Letter.CHANGED: N_("Een bericht van de school"),
    }
)
SHORT = frozenset(
    {Letter.RECEIPT, Letter.EXTENSION, Letter.LATE, Letter.MESSAGE, Letter.PLANNED, Letter.CHANGED}
)  # both languages on one sheet
COMPLAINT_ANSWERED = N_("Ons antwoord op uw klacht")
WITHDRAWN = N_("Uw toestemming is gestopt")


@dataclass(frozen=True, slots=True)
class Written:
    """One letter as it was issued. `facts` are those of GDPR 15(1) and `searches` what was found outside, as in the
    copy of the data; `until` is the day that an extension leads to; `words` are staff's own, Dutch and untranslated. Of
    a change, `facts` are {"turn": the event, "why": a text of the catalogue, "other": a reference}."""

    letter: Letter
    language: str
    on: date
    answer: Answer
    address: tuple[str, ...] = ()  # name and address for the window of the envelope; none where there is none
    by_post: bool = False
    until: date | None = None
    words: str = ""
    facts: Json = None
    searches: Json = field(default=())

    def as_json(self) -> dict[str, Json]:
        return {
            "letter": self.letter.value,
            "language": self.language,
            "on": self.on.isoformat(),
            "answer": as_json(self.answer),
            "address": list(self.address),
            "by_post": self.by_post,
            "until": self.until.isoformat() if self.until else None,
            "words": self.words,
            "facts": self.facts,
            "searches": list(self.searches),
        }

    @classmethod
    def of(cls, kept: Mapping[str, Json]) -> Written:
        return cls(
            letter=Letter(kept["letter"]),
            language=kept["language"],
            on=date.fromisoformat(kept["on"]),
            answer=from_json(kept["answer"]),
            address=tuple(kept["address"]),
            by_post=kept["by_post"],
            until=date.fromisoformat(kept["until"]) if kept["until"] else None,
            words=kept["words"],
            facts=kept["facts"],
            searches=tuple(kept["searches"]),
        )


def title(letter: Letter, kind: str) -> str:
    """The letter's name, by the kind of the request it answers: a Dutch text of the catalogue."""
    if letter is Letter.ANSWER and kind == RequestKind.COMPLAINT:
        return COMPLAINT_ANSWERED
    if letter is Letter.ANSWER and kind == RequestKind.WITHDRAWAL:
        return WITHDRAWN
    return TITLES[letter]


def print_letter(written: Written, policy: Policy) -> bytes:
    """The letter as PDF. Raises NotPrintable."""
    return letter_pdf(
        "letters/letter.html",
        speaker(written.language if written.language in TONGUES else MASTER),
        policy=policy,
        title=title(written.letter, written.answer.kind),
        on=written.on,
        reference=written.answer.reference,
        address=written.address,
        answer=written.answer,
        written=written,
        together=written.letter in SHORT,
    )
