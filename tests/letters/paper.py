"""What tests read from a PDF: its text, its pages and its objects, without a PDF library."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import zlib
from pathlib import Path

import pytest

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None or shutil.which("pdfinfo") is None,
    reason="poppler-utils is not installed: no second program can read the text of the letters",
)
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
