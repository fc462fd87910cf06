"""Pictures from outside, made harmless: recognised by content, measured before decoding, drawn anew.

What comes out holds pixels only: no EXIF, no texts, no profiles, no second file glued behind. The size in pixels is
read from the file's own structure here, so that no decoder ever meets a picture that was not measured first.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from portal.intake.faults import BadValue

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
JPEG_QUALITY = 90

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_PNG_ANIMATED = {b"acTL", b"fcTL", b"fdAT"}
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True, slots=True)
class CleanImage:
    """A picture safe to keep and to show. `source_digest` is the SHA-256 of the file as it came, to know it again."""

    data: bytes
    media_type: str  # "image/png" | "image/jpeg"
    width: int
    height: int
    source_digest: bytes

    @property
    def number(self) -> str:
        """Tells pictures of one lesson apart and stays the same at the next import. It comes from the content: a file's
        name may say who else is on it."""
        return self.source_digest.hex()[:16]


def load_image(folder: Path, name: str) -> CleanImage:
    """Read and clean one picture directly inside the folder. Raises BadValue with a code of reasons.IMAGES.

    A link is refused, whether the file or the folder, and so is every name that is more than a name.
    """
    return clean_image(_read(folder, name))


def clean_image(data: bytes) -> CleanImage:
    """Draw a PNG or JPEG anew. Raises BadValue: wrong type, too large, too many pixels, damaged, glued, animated."""
    fresh, kind = pixels(data)
    out = io.BytesIO()
    if kind == "PNG":
        fresh.save(out, "PNG")
    else:
        fresh.save(out, "JPEG", quality=JPEG_QUALITY)
    digest = hashlib.sha256(data).digest()
    return CleanImage(out.getvalue(), f"image/{kind.lower()}", fresh.width, fresh.height, digest)


def pixels(data: bytes) -> tuple[Image, str]:
    """The pixels of a PNG or JPEG, upright and with nothing behind them, and which of the two it was.

    Raises BadValue as `clean_image` does.
    """
    if len(data) > MAX_BYTES:
        raise BadValue("image_too_large")
    if data.startswith(_PNG):
        return _decoded(_png(data), "PNG"), "PNG"
    if data.startswith(_JPEG):
        _measure_jpeg(data)
        return _decoded(data, "JPEG"), "JPEG"
    raise BadValue("image_wrong_type")


def safe_name(name: str) -> bool:
    """Whether a name is no more than a file's name."""
    return (
        bool(name)
        and len(name) <= 200
        and not name.startswith(".")
        and name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
    )


def _read(folder: Path, name: str) -> bytes:
    if not safe_name(name):
        raise BadValue("image_unsafe_name")
    if folder.is_symlink():
        raise BadValue("image_not_regular")
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise BadValue("image_missing") from error
    except OSError as error:  # a link
        raise BadValue("image_not_regular") from error
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode):
        os.close(handle)
        raise BadValue("image_not_regular")
    with os.fdopen(handle, "rb") as file:
        if state.st_size > MAX_BYTES:
            raise BadValue("image_too_large")
        return file.read(MAX_BYTES + 1)


def _demand_size(width: int, height: int) -> None:
    if not width or not height:
        raise BadValue("image_damaged")
    if width * height > MAX_PIXELS:
        raise BadValue("image_too_many_pixels")


# --- PNG


def _png(data: bytes) -> bytes:
    """The same picture with only the chunks that pixels need; every checksum is verified on the way."""
    kept = [_PNG]
    kinds: list[bytes] = []
    for kind, chunk, body in _chunks(data):
        if not kinds and kind != b"IHDR":
            raise BadValue("image_damaged")
        if kind == b"IHDR":
            if len(body) != 13 or kinds:
                raise BadValue("image_damaged")
            _demand_size(int.from_bytes(body[:4]), int.from_bytes(body[4:8]))
        if kind in _PNG_ANIMATED:
            raise BadValue("image_animated")
        if kind in _PNG_KEPT:
            kept.append(chunk)
        elif not kind[0] & 0x20:
            raise BadValue("image_damaged")  # a critical chunk that no PNG knows
        kinds.append(kind)
    if b"IDAT" not in kinds:
        raise BadValue("image_damaged")
    return b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Kind, whole chunk and body of each chunk up to IEND, behind which nothing may stand."""
    at = len(_PNG)
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4])
        end = at + 12 + size
        if end > len(data):
            break
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end]):
            raise BadValue("image_damaged")
        yield kind, data[at:end], body
        if kind == b"IEND":
            if end != len(data):
                raise BadValue("image_trailing_data")
            return
        at = end
    raise BadValue("image_damaged")


# --- JPEG


def _measure_jpeg(data: bytes) -> None:
    """Walk the segments to the end of the picture: size before decoding, and nothing glued behind."""
    at = 2
    measured = False
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            raise BadValue("image_damaged")
        marker = data[at + 1]
        at += 2
        if marker == 0xD9:
            break
        if marker in _STANDALONE:
            continue
        size = int.from_bytes(data[at : at + 2])
        if size < 2 or at + size > len(data):
            raise BadValue("image_damaged")
        if marker in _SOF:
            if size < 8 or measured:
                raise BadValue("image_damaged")
            _demand_size(int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 3 : at + 5]))
            measured = True
        at += size
        if marker == 0xDA:
            at = _scan_end(data, at)
    if not measured:
        raise BadValue("image_damaged")
    rest = data[at:].lstrip(b"\0")
    if rest and not rest.startswith(_JPEG):  # telephones append a second rendering, which is dropped
        raise BadValue("image_trailing_data")


def _scan_end(data: bytes, at: int) -> int:
    """Where the next marker stands behind entropy-coded data; inside it FF is stuffed with 00 or restarts."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        following = data[at + 1]
        if following == 0x00 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at
    raise BadValue("image_damaged")


# --- both


def _decoded(data: bytes, kind: str) -> Image:
    import PIL.Image
    from PIL import ImageFile, ImageOps

    ImageFile.LOAD_TRUNCATED_IMAGES = False  # for the whole process; WeasyPrint sets it where letters are made too
    try:
        with PIL.Image.open(io.BytesIO(data), formats=(kind,)) as opened:
            _demand_size(*opened.size)
            opened.load()
            upright = ImageOps.exif_transpose(opened) if kind == "JPEG" else opened
            return _pixels_only(upright, kind)
    except BadValue:
        raise
    except Exception as error:  # a decoder may fail in any way on a hostile file
        raise BadValue("image_damaged") from error


def _pixels_only(image: Image, kind: str) -> Image:
    """A copy in a plain mode with no info behind it."""
    if kind == "JPEG":
        mode = "L" if image.mode == "L" else "RGB"
    elif image.mode in ("1", "L", "RGB", "RGBA") and "transparency" not in image.info:
        mode = image.mode
    elif image.mode in ("P", "LA", "PA") or "transparency" in image.info:
        mode = "RGBA"
    else:
        mode = "L"
    copy = image.convert(mode) if image.mode != mode else image.copy()
    copy.info = {}
    return copy
