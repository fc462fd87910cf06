"""Slips: a code on paper, to read over and to scan, for who has no usable e-mail or stands at the desk.

The slip of a case (its status, no data), the letter with a code to the address on file and the code of the desk (both
are second channels for level L3). A slip names neither the right that was asked nor anything kept about the student.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType

from portal.i18n import N_, Speaker
from portal.letters.pdf import letter_pdf
from portal.policy.model import Policy

GROUP, LONG_GROUP = 3, 4  # figures in a row that people read over without losing their place


class SlipKind(StrEnum):
    CASE = "case"  # the code of one case
    POST = "post"  # a code by post to the address on file
    DESK = "desk"  # a code handed over at the desk


@dataclass(frozen=True, slots=True)
class SlipWords:
    title: str
    about: str
    steps: tuple[str, ...]
    warning: str


READ = N_("Scan het vierkant met uw telefoon. Of typ het adres.")
TYPE = N_("Typ de code.")
WORDS: Mapping[SlipKind, SlipWords] = MappingProxyType(
    {
        SlipKind.CASE: SlipWords(
            N_("De code van uw vraag"),
            N_("Met deze code ziet u hoe ver wij zijn. U ziet ook ons antwoord."),
            (READ, TYPE),
            N_("Bewaar dit papier goed. Geef de code niet aan anderen."),
        ),
        SlipKind.POST: SlipWords(
            N_("Uw code per post"),
            N_("U vroeg ons om een code. Zo weten wij dat u het bent."),
            (N_("Log eerst in."), READ, TYPE),
            N_("Vroeg u geen code? Bel ons dan. Geef de code niet aan anderen."),
        ),
        SlipKind.DESK: SlipWords(
            N_("Uw code van de balie"),
            N_("U was bij ons aan de balie. Wij weten nu dat u het bent."),
            (N_("Log eerst in."), READ, TYPE),
            N_("U gebruikt de code één keer. Geef hem niet aan anderen."),
        ),
    }
)


def grouped(code: str) -> str:
    """The code in groups for the eye; one that comes with its own spaces or dashes stays as it is."""
    if not code.isalnum():
        return code
    size = GROUP if len(code) % GROUP == 0 else LONG_GROUP
    return " ".join(code[start : start + size] for start in range(0, len(code), size))


@dataclass(frozen=True, slots=True)
class Square:
    """A QR code as one SVG path in a square of `size` units, its white border included."""

    size: int
    path: str


def square(content: str) -> Square:
    """The QR code of a text (ISO/IEC 18004), level M: a fold or a stain of 15 % does no harm."""
    import segno

    made = segno.make(content, error="m", micro=False)
    strokes = []
    for y, row in enumerate(made.matrix_iter(scale=1)):
        x = 0
        for dark, run in groupby(row):
            width = len(list(run))
            if dark:
                strokes.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width
    return Square(int(made.symbol_size()[0]), "".join(strokes))


def slip_pdf(
    kind: SlipKind,
    speaks: Speaker,
    code: str,
    url: str,
    *,
    policy: Policy,
    on: date,
    expires: date | datetime | None = None,
    name: str = "",
    address: Sequence[str] = (),
    reference: str = "",
) -> bytes:
    """A slip of one sheet in the student's language with Dutch below. Raises NotPrintable.

    `url` is what the QR code opens and what is printed for typing. `expires`: the last day, or the aware moment after
    which the code is dead; None for a code that lives as long as its case. `address` lines without the name, for a
    window envelope; `name` alone greets and is printed above them.
    """
    words = WORDS[SlipKind(kind)]
    return letter_pdf(
        "letters/slip.html",
        speaks,
        policy=policy,
        title=words.title,
        on=on,
        reference=reference,
        address=(name, *address) if address else (),
        together=True,
        words=words,
        code=grouped(code),
        url=url,
        square=square(url),
        expires=expires,
        at_a_moment=isinstance(expires, datetime),
        name="" if address else name,
    )
