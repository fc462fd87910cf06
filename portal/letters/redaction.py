"""Cover parts of a picture for good: black rectangles in the pixels, and a file drawn anew with nothing behind it."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable

from portal.domain.box import WHOLE, Box

JPEG_QUALITY = 88


def redacted(picture: bytes, boxes: Iterable[Box]) -> tuple[bytes, str]:
    """The picture with the boxes burnt in, and its media type. A box that touches a pixel covers it.

    The picture is one of ours: freshly drawn when it came in.
    """
    import PIL.Image
    import PIL.ImageDraw

    with PIL.Image.open(io.BytesIO(picture), formats=("PNG", "JPEG")) as opened:
        kind = str(opened.format)
        drawn = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
    pen = PIL.ImageDraw.Draw(drawn)
    width, height = drawn.size
    for box in boxes:
        left, top = box.left * width // WHOLE, box.top * height // WHOLE
        right = math.ceil((box.left + box.width) * width / WHOLE) - 1
        bottom = math.ceil((box.top + box.height) * height / WHOLE) - 1
        pen.rectangle((left, top, right, bottom), fill="black")
    drawn.info = {}
    out = io.BytesIO()
    if kind == "PNG":
        drawn.save(out, "PNG")
        return out.getvalue(), "image/png"
    drawn.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue(), "image/jpeg"
