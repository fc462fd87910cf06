"""What each sign of a font says, so that the text a program reads from a letter is the text that was put in.

- WeasyPrint 70 gives the text of a letter and its marks to one of their signs and none to the others, which then say
  nothing in the whole document: after one "شيئًا" no ئ could be read. A sign's name tells better.
- Of a sign that joins letters, as lam-alef does, programs put the letters in either order. One character leaves them
  no choice.
- A vowel mark stands beside its letter in the file, and programs take it for a word between two halves. It is seen and
  not read, as Arabic and Persian are mostly written without.
"""

from __future__ import annotations

import re
from functools import cache, partial
from io import BytesIO
from typing import Any
from unicodedata import normalize

VOWEL_MARKS = frozenset(map(chr, (*range(0x064B, 0x0653), 0x0670)))
NOTHING = "\N{WORD JOINER}"  # what a vowel mark says to programs that overlook an empty text
FONT = re.compile(rb"/(\w+) \S+ Tf")
RAISED = re.compile(rb"\[[^<]*<([0-9a-f]{4})>\] TJ")  # WeasyPrint sets a sign that is moved up or down by itself


def listen(document: Any) -> None:
    """Mends what is read of each page once it is painted."""
    for page in document.pages:
        page.paint = partial(_paint, page.paint, document.fonts)


def _paint(paint: Any, fonts: dict[Any, Any], stream: Any, scale: float = 1) -> None:
    paint(stream, scale)
    for font in fonts.values():
        unclear = [sign for sign, text in font.to_unicode.items() if len(text) != 1]
        if unclear:
            said = _said(font.file_content)
            font.to_unicode.update({sign: said[sign] for sign in unclear if sign in said})
    marks = {font.hash.encode(): _vowel_marks(font.to_unicode) for font in fonts.values()}
    _leave_unread(stream.stream, marks)


@cache
def _said(font: bytes) -> dict[int, str]:
    """The character of each sign that has a name by the Adobe Glyph List."""
    from fontTools import agl
    from fontTools.ttLib import TTFont

    named = {sign: agl.toUnicode(name) for sign, name in enumerate(TTFont(BytesIO(font), lazy=True).getGlyphOrder())}
    return {sign: _plainest(text) for sign, text in named.items() if len(text) == 1}


def _plainest(character: str) -> str:
    """The letter itself for a form that it takes within a word; a form that stands for two letters stays."""
    plain = normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def _vowel_marks(said: dict[int, str]) -> frozenset[int]:
    """The signs that are vowel marks and nothing else; from now on they say nothing."""
    said.update({sign: NOTHING for sign, text in said.items() if text and VOWEL_MARKS.issuperset(text)})
    return frozenset(sign for sign, text in said.items() if text == NOTHING)


def _leave_unread(operators: list[Any], marks: dict[bytes, frozenset[int]]) -> None:
    """Puts each mark of the fonts, by their names, in a span whose text is empty."""
    here: frozenset[int] = frozenset()
    read: list[Any] = []
    for operator in operators:
        if isinstance(operator, bytes):
            if font := FONT.fullmatch(operator):
                here = marks[font[1]]
            elif (sign := RAISED.fullmatch(operator)) and int(sign[1], 16) in here:
                read += [b"/Span <</ActualText ()>> BDC", operator, b"EMC"]
                continue
        read.append(operator)
    operators[:] = read
