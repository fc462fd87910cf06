"""Write over a picture who looks at it, when and what for, so that a copy of the screen betrays where it came from."""

from __future__ import annotations

import io
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from portal.domain.clock import AMSTERDAM

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

WORDS = "alleen ter controle"
MAX_SIDE = 2000  # pixels shown
ANGLE = 30  # degrees, so that no line of the paper runs along with it
OPACITY = 110  # of 255: the paper stays readable underneath
QUALITY = 85
_FONT = Path(__file__).resolve().parents[1] / "static" / "fonts" / "noto-sans-bold.woff2"


def watermarked(picture: bytes, name: str, at: datetime) -> bytes:
    """The JPEG with name, moment and purpose in lines all over it, also as a JPEG. Both are ours: freshly drawn."""
    import PIL.Image

    with PIL.Image.open(io.BytesIO(picture), formats=("JPEG",)) as opened:
        shown = opened.convert("RGB")
    shown.thumbnail((MAX_SIDE, MAX_SIDE))
    line = f"{name} · {at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M} · {WORDS}"
    pattern = _pattern(line, shown.size)
    # Red with a white edge shows on light and on dark paper alike.
    shown.paste(pattern, mask=pattern.getchannel("A"))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _pattern(line: str, size: tuple[int, int]) -> Image:
    """A sheet of that size, see-through but for the line, again and again, aslant."""
    import PIL.Image
    import PIL.ImageDraw

    width, height = size
    side = int((width**2 + height**2) ** 0.5) + 2
    font = _font(max(12, min(width, height) // 28))
    sheet = PIL.Image.new("RGBA", (side, side), (255, 255, 255, 0))
    pen = PIL.ImageDraw.Draw(sheet)
    text = f"{line}    "
    length, step = int(pen.textlength(text, font=font)) + 1, int(font.size * 3)
    for row, y in enumerate(range(0, side, step)):
        for x in range(-(row % 2) * length // 2, side, length):
            pen.text(
                (x, y), text, font=font, fill=(190, 0, 0, OPACITY), stroke_width=1, stroke_fill=(255, 255, 255, 60)
            )
    turned = sheet.rotate(ANGLE, resample=PIL.Image.Resampling.BILINEAR)
    left, top = (side - width) // 2, (side - height) // 2
    return turned.crop((left, top, left + width, top + height))


@lru_cache(maxsize=32)
def _font(size: int) -> FreeTypeFont:
    import PIL.ImageFont

    return PIL.ImageFont.truetype(_FONT, size)
