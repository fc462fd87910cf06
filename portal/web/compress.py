"""Answers travel compressed where that gives no secret away. The application does it; a proxy before it must not.

What is the same for everybody (style sheet, icons, scripts) is always compressed. A page holds secrets: somebody's data
and a form's token. BREACH reads them from the lengths of compressed answers, by making the victim's browser open our
page again and again with guesses in its address. So a page is compressed only when the browser says that no foreign
page asked for it: `Sec-Fetch-Site` is `same-origin` or `none`, a header that no script can set. An older browser does
not send it and gets the page as it is.
"""

from __future__ import annotations

import gzip
from functools import cache

from flask import Flask, Response, request
from isal import isal_zlib

from portal.web.headers import STATIC, fingerprint

TEXTS = {"text/html", "text/css", "text/plain", "text/javascript", "image/svg+xml", "application/json"}
ASKED_BY_US_OR_THE_PERSON = {"same-origin", "none"}
WORTH_IT = 500  # bytes
QUICK, BEST = 2, 9  # levels: for each page anew, as ISA-L counts them (a sixth of zlib's work), and for what stays
GZIP = 31  # the format, as zlib names it


def register(app: Flask) -> None:
    app.after_request(compress)


def compress(response: Response) -> Response:
    if response.mimetype not in TEXTS or response.status_code in {204, 206, 304}:
        return response
    own = request.endpoint == "static"
    response.vary.update(("Accept-Encoding",) if own else ("Accept-Encoding", "Sec-Fetch-Site"))
    wanted = request.accept_encodings.quality("gzip") > 0 and request.method != "HEAD"
    if not wanted or "Content-Encoding" in response.headers:
        return response
    if own:
        name = str((request.view_args or {})["filename"])
        response.close()  # the file that would have been sent as it is
        response.direct_passthrough = False
        response.set_data(packed_file(name, fingerprint(name)))
        etag, _weak = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)
    else:
        if not may_be_packed(response):
            return response
        response.set_data(isal_zlib.compress(response.get_data(), QUICK, GZIP))
    response.headers["Content-Encoding"] = "gzip"
    return response


def may_be_packed(response: Response) -> bool:
    """A page that was asked for by our own page or by the person; no download."""
    if request.headers.get("Sec-Fetch-Site") not in ASKED_BY_US_OR_THE_PERSON:
        return False
    whole = not response.is_streamed and not response.direct_passthrough
    return whole and "Content-Disposition" not in response.headers and (response.content_length or 0) >= WORTH_IT


@cache
def packed_file(name: str, _fingerprint: str) -> bytes:
    return gzip.compress((STATIC / name).read_bytes(), BEST, mtime=0)
