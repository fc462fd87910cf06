"""A file that somebody sends, made harmless: told by its content, bounded before it is opened, kept as pages only.

Taken are PDF, JPEG and PNG. What comes out are freshly drawn pictures: no scripts, places, comments, profiles, layers,
attachments or second files (ASVS 5.2). The name it came with is never used to store it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from anyascii import anyascii

from portal.domain.refusal import Refused
from portal.i18n import N_
from portal.intake.confined import Bounds, draw
from portal.intake.faults import BadValue
from portal.intake.images import MAX_BYTES, CleanImage

PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
MAX_NAME = 100  # characters, with the ending
_MAGIC = {b"%PDF-": PDF, b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG}
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})

UPLOADS: Mapping[str, str] = MappingProxyType(
    {
        "upload_empty": N_("Dit bestand is leeg."),
        "upload_too_large": N_("Dit bestand is groter dan 10 MB. Stuur een kleiner bestand."),
        "upload_wrong_type": N_("Stuur een PDF, een JPEG of een PNG."),
        "upload_too_many_pixels": N_("Deze foto is te groot. Maak een kleinere foto."),
        "upload_animated": N_("Dit is een bewegend beeld. Stuur een gewone foto."),
        "upload_damaged": N_("Wij kunnen dit bestand niet openen. Maak een nieuwe foto."),
        "upload_locked": N_("Deze PDF heeft een wachtwoord. Stuur een PDF zonder wachtwoord."),
        "upload_too_many_pages": N_("Deze PDF heeft te veel bladzijden. 10 bladzijden mag."),
        "upload_too_heavy": N_("Dit bestand is te zwaar. Stuur een gewone foto."),
        "upload_busy": N_("Het is nu druk. Probeer het straks nog een keer."),
    }
)
_CODES = {
    "image_wrong_type": "upload_wrong_type",
    "image_too_large": "upload_too_large",
    "image_too_many_pixels": "upload_too_many_pixels",
    "image_animated": "upload_animated",
    "pdf_locked": "upload_locked",
    "pdf_too_many_pages": "upload_too_many_pages",
    "too_heavy": "upload_too_heavy",
    "busy": "upload_busy",
}


class BadUpload(Refused):
    """A file that is not taken; `code` is a key of UPLOADS, `msgid` says it to whoever sent it."""

    @property
    def msgid(self) -> str:
        return UPLOADS[self.code]


@dataclass(frozen=True, slots=True)
class CleanUpload:
    """A file as it is kept. `media_type` and `size` (bytes) are of the file as it came; the pages are JPEGs of at most
    3,000 pixels a side; `name` is fit to be shown back to its sender and for nothing else."""

    pages: tuple[CleanImage, ...]
    media_type: str
    size: int
    name: str


def clean_upload(name: str, content: bytes, bounds: Bounds | None = None) -> CleanUpload:
    """The pages of a PDF, JPEG or PNG, told by content alone. Raises BadUpload.

    At most 10 MB, 40 megapixels (read from the file's structure, before any decoding) and 10 pages.
    """
    if not content:
        raise BadUpload("upload_empty")
    if len(content) > MAX_BYTES:
        raise BadUpload("upload_too_large")
    media_type = next((known for magic, known in _MAGIC.items() if content.startswith(magic)), None)
    if media_type is None:
        raise BadUpload("upload_wrong_type")
    try:
        pages = draw("pdf" if media_type == PDF else "picture", content, bounds or Bounds())
    except BadValue as bad:
        raise BadUpload(_CODES.get(bad.code, "upload_damaged")) from bad
    return CleanUpload(pages, media_type, len(content), plain_name(name))


# --- names


def plain_name(name: str, ending: str = "") -> str:
    """A file's name that is no more than a name: no folders, no signs that hide or turn around what is read.

    With `ending` (".jpg") it ends so, whatever it ended in. Never empty, at most 100 characters.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode()))[-1]
    shown = "".join(sign if sign.isprintable() and sign not in '<>:"|?*;%' else " " for sign in last)
    shown = " ".join(shown.split()).lstrip(".- ").rstrip(". ")
    if ending:
        shown = shown[: MAX_NAME - len(ending)].rpartition(".")[0] or shown
    if shown.partition(".")[0].lower() in _DEVICES:
        shown = f"_{shown}"
    return (shown[: MAX_NAME - len(ending)].rstrip(". ") or "bestand") + ending


def disposition(name: str, ending: str = "") -> str:
    """The value of Content-Disposition for a download (RFC 6266): the name in ASCII, and in full in UTF-8."""
    shown = plain_name(name, ending)
    ascii_name = re.sub(r"[^0-9A-Za-z._ -]", "_", anyascii(shown))[:MAX_NAME]
    if shown == ascii_name:
        return f'attachment; filename="{ascii_name}"'
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(shown, safe='')}"
