"""Letters on paper: the frame that all have, in the receiver's language and in Dutch, and the PDF of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from portal.i18n import MASTER, TONGUES, Speaker, speaker
from portal.letters.printing import printed
from portal.letters.render import Reader, environment
from portal.policy.model import Policy


def letter_html(
    template: str,
    speaks: Speaker,
    *,
    policy: Policy,
    title: str,
    on: date,
    reference: str = "",
    address: Sequence[str] = (),
    together: bool = False,
    **context: Any,
) -> str:
    """A letter as a whole HTML document: the frame of `letters/paper.html` around `template`.

    `template` is rendered once for each language with `readers` holding that one reader: the receiver's language
    first, then the Dutch text that counts (once, when Dutch is the language). `title` is a Dutch text of the
    catalogue. `address` are the lines for the window of the envelope, none for a letter handed over.
    `together` keeps the Dutch text on the same page where it fits; otherwise it starts one of its own.
    """
    codes = dict.fromkeys((speaks.lang if speaks.lang in TONGUES else MASTER, MASTER))
    return (
        environment()
        .get_template("letters/paper.html")
        .render(
            context,
            template=template,
            everybody=[Reader(speaker(code), policy) for code in codes],
            sender=policy.controller,
            title=title,
            document_title=_title(speaks, title, reference),
            on=on,
            reference=reference,
            address=[line for line in address if line.strip()],
            together=together,
        )
    )


def letter_pdf(
    template: str, speaks: Speaker, *, policy: Policy, title: str, on: date, reference: str = "", **more: Any
) -> bytes:
    """The letter of `letter_html`, which says what is asked, as PDF. Raises NotPrintable."""
    html = letter_html(template, speaks, policy=policy, title=title, on=on, reference=reference, **more)
    return printed(html, speaks.lang, _title(speaks, title, reference), on)


def _title(speaks: Speaker, title: str, reference: str) -> str:
    return " – ".join(part for part in (speaks.gettext(title), reference) if part)
