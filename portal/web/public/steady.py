"""Public pages that say the same to everybody: a browser that has one asks whether it changed, and gets 304 if not.

Only while nobody is signed in and nothing is told once (a message, a cookie): then a page holds nothing of a person.
It may be kept by that browser alone, and is asked for again each time; every other page is never kept.
"""

from __future__ import annotations

import hashlib

from flask import Response, request, session

from portal.web.sessions import current_session

STEADY = frozenset(f"public.{name}" for name in ("start", "about", "regulation", "help", "accessibility", "rights"))


def answer_conditionally(response: Response) -> Response:
    """To be called before the answer is compressed: the tag is of the page itself, so it is a weak one."""
    if request.endpoint not in STEADY or response.status_code != 200 or session.modified or current_session():
        return response
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:24], weak=True)
    response.make_conditional(request)
    return response
