"""A ready-made notice to whoever received somebody's data: what changed, with the fewest identifiers (GDPR 19, 7(3)).

It goes to an organisation, so it is Dutch and in no catalogue. Name and birth date tell who it is about; no number, no
address, and of the data only what this recipient was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from portal.i18n import MASTER, speaker
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

Json = Any
KIND = "notice"  # of an issued letter


@dataclass(frozen=True, slots=True)
class NoticeWords:
    title: str
    opening: str
    asking: str


ERASED = NoticeWords(
    "Kennisgeving: persoonsgegevens gewist (AVG artikel 19)",
    "Wij hebben besloten de volgende persoonsgegevens te wissen (AVG artikel 17).",
    "Wis deze gegevens ook bij u, tenzij de wet u verplicht ze te bewaren.",
)
WORDS: Mapping[str, NoticeWords] = MappingProxyType(
    {
        "rectification": NoticeWords(
            "Kennisgeving: persoonsgegevens verbeterd (AVG artikel 19)",
            "De volgende persoonsgegevens zijn verbeterd (AVG artikel 16).",
            "Neem de verbetering over in uw administratie.",
        ),
        "erasure": ERASED,
        "restriction": NoticeWords(
            "Kennisgeving: verwerking beperkt (AVG artikel 19)",
            "De verwerking van de volgende persoonsgegevens is beperkt (AVG artikel 18).",
            "Bewaar deze gegevens, maar gebruik ze niet, behalve waar AVG artikel 18 lid 2 dat toestaat.",
        ),
        "objection": NoticeWords(
            "Kennisgeving: bezwaar toegewezen (AVG artikel 21)",
            "Het bezwaar van deze persoon tegen de volgende verwerking is toegewezen.",
            "Gebruik de gegevens die u hiervoor van ons kreeg niet meer, en wis ze (AVG artikel 17 lid 1 onder c).",
        ),
        "withdrawal": NoticeWords(
            "Kennisgeving: toestemming ingetrokken (AVG artikel 7 lid 3)",
            "Deze persoon heeft de toestemming voor de volgende verwerking ingetrokken.",
            "Stop deze verwerking. Wis de gegevens, tenzij u ze op een andere grond mag bewaren.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what changed. `value` is the right value of what was corrected, "" elsewhere."""

    label: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    kind: str  # RequestKind
    recipient: str  # name
    reference: str
    on: date
    effective_on: date  # from when it holds
    name: str
    birth_date: str  # Dutch figures, "" where unknown
    given_on: tuple[date, ...]  # when they received data
    changes: tuple[Change, ...]

    def as_json(self) -> dict[str, Json]:
        return {
            "kind": self.kind,
            "recipient": self.recipient,
            "reference": self.reference,
            "on": self.on.isoformat(),
            "effective_on": self.effective_on.isoformat(),
            "name": self.name,
            "birth_date": self.birth_date,
            "given_on": [each.isoformat() for each in self.given_on],
            "changes": [[each.label, each.value] for each in self.changes],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Json]) -> Notice:
        return cls(
            kind=kept["kind"],
            recipient=kept["recipient"],
            reference=kept["reference"],
            on=date.fromisoformat(kept["on"]),
            effective_on=date.fromisoformat(kept["effective_on"]),
            name=kept["name"],
            birth_date=kept["birth_date"],
            given_on=tuple(date.fromisoformat(each) for each in kept["given_on"]),
            changes=tuple(Change(label, value) for label, value in kept["changes"]),
        )


def print_notice(notice: Notice, policy: Policy) -> bytes:
    """The notice as PDF. Raises NotPrintable."""
    words = WORDS[notice.kind]
    return letter_pdf(
        "letters/recipient.html",
        speaker(MASTER),
        policy=policy,
        title=words.title,
        on=notice.on,
        reference=notice.reference,
        notice=notice,
        words=words,
        controller=policy.controller,
    )
