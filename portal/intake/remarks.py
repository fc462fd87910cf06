"""Finds remarks on absence that name an illness: a school may note *that* somebody was ill, never of what.

Errs on the side of finding: a remark found wrongly is only hidden from staff, and the student still sees it. The word
lists, with where they came from, are illness.toml.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

LISTS = Path(__file__).with_name("illness.toml")
MIN_BEFORE_ENDING = 3

_TOKEN = re.compile(r"[^\W\d_]+")
_APOSTROPHES = re.compile("['’ʼ`´‘]")
_ARABIC = str.maketrans(
    {
        "أ": "ا",
        "إ": "ا",
        "آ": "ا",
        "ٱ": "ا",
        "ى": "ي",
        "ی": "ي",
        "ئ": "ي",
        "ک": "ك",
        "ة": "ه",
        "ۀ": "ه",
        "ؤ": "و",
        "ـ": "",
        "\u200c": " ",
    }
)
_LATIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d"})
# Ethiopic series that sound alike and are spelt for one another; each series is one base and its seven orders.
_ETHIOPIC = str.maketrans(
    {
        chr(ord(base) + order): chr(ord(kept) + order)
        for base, kept in (("ሠ", "ሰ"), ("ኀ", "ሀ"), ("ፀ", "ጸ"), ("ዐ", "አ"), ("ሐ", "ሀ"))
        for order in range(7)
    }
)
_KEPT_MARKS = {"й": "й", "ї": "ї", "ґ": "ґ"}  # letters of their own, not a letter with an accent
_PREFIXES = ("وال", "فال", "بال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ብ", "ን", "ካብ")
_MIN_AFTER_PREFIX = 4
_MIN_AFTER_ARTICLE = 2


@dataclass(frozen=True, slots=True)
class WordList:
    """The terms of one language, normalised; a phrase is words joined by one blank."""

    language: str
    words: frozenset[str]
    stems: tuple[str, ...]
    endings: tuple[str, ...]
    phrases: tuple[str, ...]
    exceptions: frozenset[str]

    def find(self, tokens: tuple[str, ...], line: str) -> str:
        """The first term met, or ""."""
        for token in tokens:
            if token in self.words:
                return token
            for stem in self.stems:
                if token.startswith(stem):
                    return stem
            for ending in self.endings:
                if token.endswith(ending) and len(token) >= len(ending) + MIN_BEFORE_ENDING:
                    return ending
        for phrase in self.phrases:
            if f" {phrase} " in line:
                return phrase
        return ""


@lru_cache(maxsize=4096)
def names_illness(text: str) -> bool:
    """Whether a remark names an illness, a complaint, a treatment or a specialist, in any of the languages."""
    return bool(matched(text))


def matched(text: str) -> tuple[str, str] | None:
    """(language, term) of the first match. For tests and for tending the lists: a term says what somebody has."""
    tokens = _tokens(text)
    if not tokens:
        return None
    line = f" {' '.join(tokens)} "
    exceptions = {word for words in word_lists() for word in words.exceptions}
    bare = tuple(form for token in tokens for form in _forms(token) if form not in exceptions)
    for words in word_lists():
        if term := words.find(bare, line):
            return words.language, term
    return None


def normalised(text: str) -> str:
    """Words in small letters without accents, one blank between them, letter variants of a script made one."""
    return " ".join(_tokens(text))


@cache
def word_lists() -> tuple[WordList, ...]:
    """All lists of illness.toml."""
    with LISTS.open("rb") as handle:
        document = tomllib.load(handle)
    return tuple(
        WordList(
            language,
            frozenset(map(normalised, lists["words"])) - {""},
            tuple(map(normalised, lists["stems"])),
            tuple(map(normalised, lists["endings"])),
            tuple(map(normalised, (*lists["phrases"], *(word for word in lists["words"] if " " in normalised(word))))),
            frozenset(map(normalised, lists["except"])),
        )
        for language, lists in document.items()
    )


def _tokens(text: str) -> tuple[str, ...]:
    text = _APOSTROPHES.sub("", unicodedata.normalize("NFKC", text)).casefold().replace("i̇", "i")
    text = "".join(_unaccented(letter) for letter in text.translate(_ARABIC).translate(_LATIN).translate(_ETHIOPIC))
    return tuple(_TOKEN.findall(text))


def _unaccented(letter: str) -> str:
    if letter.isascii() or letter in _KEPT_MARKS:
        return letter
    return "".join(part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part))


def _forms(token: str) -> list[str]:
    """The word, and the word without what Arabic and Tigrinya write in front of it: "and", "the", "with", "for"."""
    forms = [token]
    for prefix in _PREFIXES:
        if token.startswith(prefix):
            rest = token[len(prefix) :]
            if len(rest) >= (_MIN_AFTER_ARTICLE if prefix.endswith("ل") and len(prefix) > 1 else _MIN_AFTER_PREFIX):
                forms.append(rest)
    return forms
