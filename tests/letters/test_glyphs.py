"""What a program reads from a letter from right to left is what was put in: every word of the catalogues, in order."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from config import ROOT
from portal.letters import press
from tests.letters import paper

ON = date(2026, 11, 23)
FROM_RIGHT = re.compile("[\u0600-\u0669\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff\u200c]+")


def words_of(lang: str) -> list[str]:
    """Each word of what students read once, as it is written, in groups that fill a paragraph."""
    with (ROOT / "translations" / lang / "LC_MESSAGES" / "student.po").open("rb") as file:
        catalogue = read_po(file, locale=lang)
    texts = (text for each in catalogue for text in ([each.string] if isinstance(each.string, str) else each.string))
    return sorted({word.strip("،؛؟\u200c") for text in texts for word in FROM_RIGHT.findall(text)} - {""})


def printed(words: list[str], lang: str) -> bytes:
    lines = "".join(f"<p>{' '.join(words[start : start + 60])}</p>" for start in range(0, len(words), 60))
    html = f'<!doctype html><html lang="{lang}"><head><title>x</title></head><body dir="rtl">{lines}</body></html>'
    return press.render_pdf(html, lang, "x", ON)


def letters(text: str) -> str:
    """The letters that run from the right, one after another."""
    return "".join(FROM_RIGHT.findall(paper.spelt(text)))


@paper.needs_poppler
@pytest.mark.parametrize("lang", ["ar", "fa"])
@pytest.mark.slow
def test_every_word_of_a_catalogue_is_read_from_paper_as_it_was_put_in(lang: str, tmp_path: Path) -> None:
    words = words_of(lang)
    assert len(words) > 900
    made = printed(words, lang)
    wanted = letters(" ".join(words))
    assert letters(paper.text_of(made, tmp_path)) == wanted
    # Chromium's program reads the same letters; where a mark stands it begins a new piece of the line.
    assert Counter(letters(paper.text_by_pdfium(made))) == Counter(wanted)


@paper.needs_poppler
def test_a_letter_with_a_mark_is_read_and_so_is_the_same_letter_after_it(tmp_path: Path) -> None:
    words = ["شيئًا", "بيئة", "مُدرِّس", "لأنَّ", "الأحمد", "لا", "إلا", "أيضًا", "خانهٔ", "حقَّ"]
    read = paper.spelt(paper.text_of(printed(words, "ar"), tmp_path))
    assert [word for word in words if paper.spelt(word) not in read.split()] == []
