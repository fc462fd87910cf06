"""The notice before data are erased because their term is over (regulation, art. 5): what, when, and a copy first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.i18n import MASTER, N_, TONGUES, speaker
from portal.letters.answer import Route
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

Json = Any
KIND = "retention"  # of an issued letter
TITLE = N_("Wij gaan uw gegevens wissen")


@dataclass(frozen=True, slots=True)
class Going:
    """What goes on one day, by the law or rule that ends its keeping. Texts of the catalogue."""

    labels: tuple[str, ...]
    law: str
    on: date


@dataclass(frozen=True, slots=True)
class RetentionNotice:
    language: str
    on: date
    address: tuple[str, ...]  # name and address for the window of the envelope; none where it is not posted
    going: tuple[Going, ...]

    def as_json(self) -> dict[str, Json]:
        return {
            "language": self.language,
            "on": self.on.isoformat(),
            "address": list(self.address),
            "going": [[list(each.labels), each.law, each.on.isoformat()] for each in self.going],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Json]) -> RetentionNotice:
        return cls(
            language=kept["language"],
            on=date.fromisoformat(kept["on"]),
            address=tuple(kept["address"]),
            going=tuple(Going(tuple(labels), law, date.fromisoformat(on)) for labels, law, on in kept["going"]),
        )


def print_retention_notice(notice: RetentionNotice, policy: Policy) -> bytes:
    """The notice as PDF. Raises NotPrintable."""
    return letter_pdf(
        "letters/retention.html",
        speaker(notice.language if notice.language in TONGUES else MASTER),
        policy=policy,
        title=TITLE,
        on=notice.on,
        address=notice.address,
        notice=notice,
        answer=_contacts(policy),
    )


def _contacts(policy: Policy) -> Mapping[str, Json]:
    """What the parts of a letter say of the school and of the ways to complain."""
    held = policy.controller
    return {
        "school": held.name,
        "contact": held.contact_name,
        "contact_phone": held.contact_phone,
        "contact_email": held.contact_email,
        "routes": [Route(each.code, each.name, each.how, each.website) for each in policy.authorities.values()],
    }
