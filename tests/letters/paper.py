"""What tests read from a PDF: its text, its pages and its objects, without a PDF library."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import zlib
from pathlib import Path

import pypdfium2
import pytest

from portal.letters.glyphs import VOWEL_MARKS

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None or shutil.which("pdfinfo") is None,
    reason="poppler-utils is not installed: no second program can read the text of the letters",
)
FROM_RIGHT = "[\u0600-\u06ff]"
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def text_of(pdf: bytes, folder: Path) -> str:
    """The text as a reader copies it: presentation forms undone, invisible marks gone, one space between words."""
    return plain(_run("pdftotext", pdf, folder))


def info_of(pdf: bytes, folder: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in _run("pdfinfo", pdf, folder).splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def structure_of(pdf: bytes, folder: Path) -> list[str]:
    return [line.strip().split(" ")[0] for line in _run("pdfinfo", pdf, folder, "-struct").splitlines() if line.strip()]


def plain(text: str) -> str:
    return " ".join(INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())


def spelt(text: str) -> str:
    """As letters from right to left are compared: vowel marks are seen and not read (portal/letters/glyphs.py), and of
    the two ways to write a Persian heh with hamza one is chosen."""
    return plain("".join(sign for sign in text if sign not in VOWEL_MARKS).replace("ه\u0654", "ۀ"))


def letters(text: str) -> str:
    """Its letters and figures, one after another."""
    signs = unicodedata.normalize("NFKD", spelt(text))
    return "".join(sign for sign in signs if unicodedata.category(sign)[0] in "LN")


def words_of(text: str) -> list[str]:
    """Its words; what runs to the left apart from a number or letter that stands against it and runs to the right: a
    program that reads a PDF may put either first."""
    return re.findall(rf"{FROM_RIGHT}+|[^\s{FROM_RIGHT[1:]}+", text)


def missing(pdf: bytes, wanted: list[str]) -> list[str]:
    """What cannot be found, word by word: lines and pages may break a sentence anywhere."""
    found = letters(text_by_pdfium(pdf))
    return [text for text in wanted if not all(letters(word) in found for word in words_of(text))]


def text_by_pdfium(pdf: bytes) -> str:
    """The same by another program, the one in Chromium."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return plain(" ".join(page.get_textpage().get_text_bounded() for page in document))
    finally:
        document.close()


def _run(program: str, pdf: bytes, folder: Path, *options: str) -> str:
    source = folder / "letter.pdf"
    source.write_bytes(pdf)
    command = [program, *options, str(source)] + (["-"] if program == "pdftotext" else [])
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout


def objects_of(pdf: bytes) -> str:
    """All streams and objects, inflated, as Latin-1 text."""
    parts = [pdf]
    for found in re.finditer(rb"(?<!end)stream\n(.*?)\nendstream", pdf, re.DOTALL):
        parts.append(zlib.decompress(found.group(1)))
    return b"\n".join(parts).decode("latin-1")


def languages_of(pdf: bytes) -> set[str]:
    """Every language the PDF names; pydyf writes ASCII strings in brackets."""
    return set(re.findall(r"/Lang \(([^)]*)\)", objects_of(pdf)))
