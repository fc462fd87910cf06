"""One spelling for what people are found by, before it is hashed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii

from anyascii import anyascii

SEPARATORS = re.compile(r"[^0-9a-z]+")


def normal_email(text: str) -> str:
    """Small letters, compatibility forms folded; no provider's private rules on dots or tags.

    Not `casefold`: it makes ß into ss, and so two people's addresses into one.
    """
    return unicodedata.normalize("NFKC", text).strip().lower()


def normal_number(text: str) -> str:
    """A student number or phone number: letters and digits only, any script's digits as 0-9."""
    return SEPARATORS.sub("", _ascii(text).lower())


def name_parts(*texts: str) -> tuple[str, ...]:
    """The words of a name, transliterated to a-z: "Şahin" and "sahin" meet, in whatever script they are typed."""
    folded = _ascii(" ".join(texts)).lower().replace("'", "")
    return tuple(dict.fromkeys(part for part in SEPARATORS.split(folded) if part))


def together(texts: Iterable[str]) -> str:
    """Several texts as one in which each can be told from the next: their JSON list, letter by letter as `json.dumps`
    writes it. An import asks for each of its rows."""
    return f"[{', '.join(map(encode_basestring_ascii, texts))}]"


def _ascii(text: str) -> str:
    return text if text.isascii() else anyascii(unicodedata.normalize("NFKC", text))
