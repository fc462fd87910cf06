"""What people type as numbers, codes and postcodes: digits of any script, with spaces, dashes and invisible marks."""

from __future__ import annotations

import re
import unicodedata

_LEFT_OUT = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Pd"})  # spaces, control and bidi marks, dashes
_NO_DIGIT = re.compile("[^0-9]")
_MINUS = "\N{MINUS SIGN}"


def western_digits(text: str) -> str:
    """The same text with every decimal digit (Arabic-Indic, Persian, full-width …) as 0 to 9."""
    return text if text.isascii() else "".join(_western(character) for character in text)


def _western(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def without_marks(text: str) -> str:
    """The same text without invisible characters: bidi marks, zero-width ones, controls. White space stays."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each for each in text if each.isspace() or unicodedata.category(each) not in ("Cf", "Cc"))


def compact(text: str) -> str:
    """A code, number or postcode as it is compared: western digits, capitals, no space, dash or invisible mark."""
    plain = western_digits(unicodedata.normalize("NFKC", text))
    kept = (each for each in plain if unicodedata.category(each) not in _LEFT_OUT and each != _MINUS)
    return "".join(kept).upper()


def only_digits(text: str) -> str:
    """The decimal digits of the text, as 0 to 9."""
    return _NO_DIGIT.sub("", western_digits(text))
