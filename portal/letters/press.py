"""HTML to tagged PDF (PDF/UA-1), with our own fonts and nothing fetched from anywhere.

WeasyPrint takes most of a second to load and tens of megabytes to keep: only the process that prints loads it
(`portal.letters.printing`), and the fonts and the style sheet are read once a process. The same HTML, language, title
and day give the same bytes, in every process: an archived letter keeps its hash.
"""

from __future__ import annotations

import atexit
import re
import threading
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html import unescape
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unicodedata import bidirectional

from portal.letters import glyphs, tagging

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
    """Paper cannot be made here: one of our own fonts is missing, or the process that prints ended or gave up."""


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
