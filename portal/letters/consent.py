"""A question for consent on paper: what is asked, two boxes of one size, and a line to sign on (GDPR 7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from portal.i18n import N_, Speaker
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

TITLE = N_("Wij vragen uw toestemming")


class Asked(Protocol):
    """What is asked, in Dutch texts of the catalogue; `words` are staff's own."""

    @property
    def asked(self) -> str: ...
    @property
    def explanation(self) -> str: ...
    @property
    def consequence(self) -> str: ...
    @property
    def continues(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def recipients(self) -> tuple[str, ...]: ...
    @property
    def words(self) -> str: ...
    @property
    def version(self) -> str: ...


def print_question(
    speaks: Speaker, policy: Policy, *, question: Asked, closes_on: date, on: date, address: Sequence[str]
) -> bytes:
    """The letter as PDF, in the reader's language with Dutch behind it; either may be signed. Raises NotPrintable."""
    return letter_pdf(
        "letters/consent.html",
        speaks,
        policy=policy,
        title=TITLE,
        on=on,
        address=address,
        question=question,
        closes_on=closes_on,
        contact=policy.controller,
    )
