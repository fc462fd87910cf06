"""Letters on paper: HTML to tagged PDF (PDF/UA-1), with our own fonts and nothing fetched from anywhere.

WeasyPrint takes most of a second to load, so only the process that prints loads it, and the fonts and the style sheet
are read once a process: the first letter pays, the next ones do not. The same HTML, language, title and day give the
same bytes, in every process: an archived letter keeps its hash.
"""

from __future__ import annotations

import atexit
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unicodedata import bidirectional

from portal.i18n import MASTER, TONGUES, Speaker, speaker
from portal.letters import glyphs, tagging
from portal.letters.render import Reader, environment
from portal.policy.model import Policy

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
STYLE = Path(__file__).resolve().parent / "paper.css"
SCHEME = "font:"  # how paper.css names a file of FONTS
NAMES = (
    "noto-sans-regular.woff2",
    "noto-sans-bold.woff2",
    "noto-sans-ethiopic-regular.woff2",
    "noto-sans-ethiopic-bold.woff2",
    "vazirmatn-regular.woff2",
    "vazirmatn-bold.woff2",
)
# WeasyPrint 70 breaks a line after its first word when the text fits but the space behind it, before an inline element,
# does not. A zero-width space behind that space keeps it whole.
SPACE_BEFORE_INLINE = re.compile(r"(?<=[^\s>])\s+(?=<(?:a|b|bdi|span|strong|time)\b)")
SPACE_THAT_HOLDS = " \u200b"
# WeasyPrint 70 knows no dir="auto", which a bdi has by itself: the direction is looked up before (paper.css isolates).
OF_ITSELF = re.compile(r'<bdi(?=>)|dir="auto"')


class NotPrintable(Exception):
    """Paper cannot be made here: one of our own fonts is missing or was not used."""


@dataclass(frozen=True, slots=True)
class Press:
    """What all letters of a process share. Pango's font map serves one letter at a time: hold `lock`."""

    style: Any  # weasyprint.CSS
    fonts: Any  # weasyprint.text.fonts.FontConfiguration
    fetcher: Any  # weasyprint.urls.URLFetcher
    lock: threading.Lock = field(default_factory=threading.Lock)


@cache
def press() -> Press:
    """The process's press; the first call loads WeasyPrint. To be called after any fork. Raises NotPrintable."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    from portal.letters.fetching import OwnFonts

    atexit.register(press.cache_clear)  # fonts leave their folder only while the interpreter still stands
    fetcher = OwnFonts(MappingProxyType({SCHEME + name: FONTS / name for name in NAMES}))
    fonts = FontConfiguration()
    style = CSS(string=STYLE.read_text("utf-8"), font_config=fonts, url_fetcher=fetcher)
    if missing := {SCHEME + name for name in NAMES} - fetcher.served:
        raise NotPrintable(f"fonts not loaded: {', '.join(sorted(missing))}")
    return Press(style, fonts, fetcher)


def render_pdf(html: str, lang: str, title: str, on: date | None = None) -> bytes:
    """The PDF of a whole HTML document: PDF/UA-1, tagged, in `lang` (BCP 47), dated `on` (undated when None).

    What the HTML links to outside our fonts is left out. Raises NotPrintable.
    """
    from weasyprint import HTML

    ours = press()
    html = SPACE_BEFORE_INLINE.sub(SPACE_THAT_HOLDS, _directed(html))
    with ours.lock:
        document = HTML(string=html, url_fetcher=ours.fetcher).render(font_config=ours.fonts, stylesheets=[ours.style])
        document.metadata.lang = lang
        document.metadata.title = title
        document.metadata.created = document.metadata.modified = on.isoformat() if on else None
        document.metadata.attachments = []
        spoken = tagging.listen(document)
        glyphs.listen(document)
        made: bytes = document.write_pdf(
            pdf_variant="pdf/ua-1",
            pdf_identifier=True,  # from the content, so the same content has the same
            finisher=lambda _, pdf: tagging.finish(pdf, lang, spoken),
        )
    return made


def _directed(html: str) -> str:
    """Each text whose direction is its own with that direction: of its first letter, as in a browser."""
    start, *parts = OF_ITSELF.split(html)
    marks = OF_ITSELF.findall(html)
    said = [
        f'{"<bdi " if mark.startswith("<") else ""}dir="{_direction(part)}"{part}'
        for mark, part in zip(marks, parts, strict=True)
    ]
    return start + "".join(said)


def _direction(part: str) -> str:
    """Of the text that follows the end of this tag."""
    text = unescape(part.partition(">")[2].partition("<")[0])
    kinds = (bidirectional(sign) for sign in text)
    first = next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L")
    return "ltr" if first == "L" else "rtl"


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
    return render_pdf(html, speaks.lang, _title(speaks, title, reference), on)


def _title(speaks: Speaker, title: str, reference: str) -> str:
    return " – ".join(part for part in (speaks.gettext(title), reference) if part)
