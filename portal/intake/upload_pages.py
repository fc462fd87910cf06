"""What is kept of a file that somebody sent: its pages, each a plain picture of bounded size, and nothing else.

Runs inside the confined process of `confined`. A picture is measured and decoded as every picture is (`images`) and
laid on white, so that pixels which were only made transparent are gone too. A page of a PDF is drawn as it would
be printed, with what was drawn over it: a black bar that somebody laid over a number covers it here for good. Nothing
of a PDF is run: forms, scripts, actions and attachments are never loaded, and the library has no script engine.
"""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING

from portal.intake.faults import BadValue
from portal.intake.images import CleanImage, pixels

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 10
MAX_SIDE = 3000  # pixels of a kept page: a passport's smallest print stays readable
PDF_SIDE = 2400  # pixels of the longer side of a drawn page
PDF_DPI = 200
QUALITY = 88
MEDIA_TYPE = "image/jpeg"
CUTS = 16  # places at which a picture could end, tried before it is given up

_JPEG = b"\xff\xd8\xff"
_ENDS = {True: b"\xff\xd9", False: b"\0\0\0\0IEND\xaeB\x60\x82"}


def picture_page(content: bytes) -> list[CleanImage]:
    """The one page of a PNG or JPEG. Raises BadValue with a code of reasons.IMAGES."""
    try:
        drawn, _ = pixels(content)
    except BadValue as bad:
        if bad.code != "image_trailing_data":
            raise
        drawn = _without_tail(content)
    return [_page(drawn, content)]


def pdf_pages(content: bytes) -> list[CleanImage]:
    """The pages of a PDF, drawn. Raises BadValue: pdf_locked, pdf_damaged, pdf_too_many_pages."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise BadValue("pdf_locked" if locked else "pdf_damaged") from error
    try:
        count = len(document)
        if count > MAX_PAGES:
            raise BadValue("pdf_too_many_pages")
        if count < 1:
            raise BadValue("pdf_damaged")
        return [_page(_drawn(document, number), content) for number in range(count)]
    except (pypdfium2.PdfiumError, ValueError) as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue("pdf_damaged") from error
    finally:
        document.close()


def _without_tail(content: bytes) -> Image:
    """A picture without what stands behind it: telephones append videos and notes, attackers archives.

    The shortest beginning that is a whole picture; the cleaner judges each, so that a wrong cut is never kept.
    """
    end, at = _ENDS[content.startswith(_JPEG)], 0
    for _ in range(CUTS):
        at = content.find(end, at) + len(end)
        if at < len(end):
            break
        try:
            return pixels(content[:at])[0]
        except BadValue as bad:
            if bad.code != "image_damaged":
                raise
    raise BadValue("image_trailing_data")


def _drawn(document: PdfDocument, number: int) -> Image:
    page: PdfPage = document[number]
    width, height = page.get_size()
    longest = max(width, height)
    if not (math.isfinite(longest) and min(width, height) > 0):
        raise BadValue("pdf_damaged")
    scale = min(PDF_DPI / 72, PDF_SIDE / longest)
    drawn: Image = page.render(scale=scale, may_draw_forms=False, draw_annots=True).to_pil().convert("RGB")
    page.close()
    return drawn


def _page(image: Image, source: bytes) -> CleanImage:
    """A plain JPEG on white, without anything behind its pixels."""
    import PIL.Image

    if image.mode == "RGBA":
        flat = PIL.Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A"))
    else:
        flat = image.convert("L" if image.mode in ("1", "L") else "RGB")
    flat.thumbnail((MAX_SIDE, MAX_SIDE))
    flat.info = {}
    out = io.BytesIO()
    flat.save(out, "JPEG", quality=QUALITY)
    clean = CleanImage(out.getvalue(), MEDIA_TYPE, flat.width, flat.height, b"")
    return replace(clean, source_digest=hashlib.sha256(source).digest())
