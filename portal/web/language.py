"""Which language a request speaks. Precedence: the address, the signed-in member of staff's own, the choice kept in
the cookie, what the browser asks for, Dutch."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import current_app, g, request, session, url_for
from flask_login import current_user

from portal.i18n import MASTER, STAFF_TONGUES, Speaker, best, offered, speaker, staff_speaker

COOKIE_KEY = "lang"


@dataclass(frozen=True, slots=True)
class LanguageLink:
    code: str
    name: str
    dir: str
    href: str
    current: bool


def current_language() -> str:
    if "language" in g:
        return str(g.language)
    g.language = _decide()
    return str(g.language)


def _decide() -> str:
    codes = {tongue.code for tongue in offered()}
    asked = (request.view_args or {}).get("lang") or request.path.strip("/").split("/")[0]
    if asked in codes:
        return str(asked)
    if is_staff_page():
        own = getattr(current_user, "language", None) or session.get("staff_lang")
        return own if own in STAFF_TONGUES else MASTER
    kept = session.get(COOKIE_KEY)
    if kept in codes:
        return str(kept)
    return best(code for code, _ in request.accept_languages)


def is_staff_page() -> bool:
    return request.path == "/staff" or request.path.startswith("/staff/")


def current_speaker() -> Speaker:
    if "speaker" not in g:
        g.speaker = staff_speaker(current_language()) if is_staff_page() else speaker(current_language())
    found: Speaker = g.speaker
    return found


def _(message: str, **values: object) -> str:
    return current_speaker().text(message, **values)


def language_links() -> list[LanguageLink]:
    """The same page in each language offered; a page that has no such address leads to the start page.

    What an address asked for is written behind it and never given to `url_for`, which takes a scheme from such words.
    """
    here = current_language()
    endpoint, arguments = request.endpoint, dict(request.view_args or {})
    if endpoint is None or "lang" not in arguments:
        endpoint, arguments = "public.start", {}
    query = urlencode([pair for pair in request.args.items(multi=True) if pair[0] not in arguments])
    links = []
    for tongue in offered():
        href = url_for(endpoint, **{**arguments, "lang": tongue.code}) + (f"?{query}" if query else "")
        links.append(LanguageLink(tongue.code, tongue.name, tongue.dir, href, tongue.code == here))
    return links


def template_names() -> dict[str, object]:
    """What every template may say without asking, besides what its language gives it (portal/web/application.py)."""
    return {
        "policy": current_app.extensions["policy"],
        "language_links": [] if is_staff_page() else language_links(),
    }
