"""Which language a request speaks. Precedence: the address, the signed-in member of staff's own, the choice kept in
the cookie, what the browser asks for, Dutch."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode

from flask import current_app, g, request, session
from flask_login import current_user

from portal.i18n import MASTER, STAFF_TONGUES, Speaker, Tongue, best, offered, speaker, staff_speaker

COOKIE_KEY = "lang"
SAFE = "!$&'()*+,/:;=@"  # what a path may hold as it is (RFC 3986, pchar)


class LanguageChoice(NamedTuple):
    """The page at hand in each language offered: its addresses differ in their first part only."""

    root: str
    rest: str  # of the address, behind the language
    here: str
    tongues: tuple[Tongue, ...]


def current_language() -> str:
    found: str | None = g.get("language")
    if found is None:
        found = g.language = _decide()
    return found


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
    path = request.path
    return path == "/staff" or path.startswith("/staff/")


def current_speaker() -> Speaker:
    found: Speaker | None = g.get("speaker")
    if found is None:
        found = g.speaker = staff_speaker(current_language()) if is_staff_page() else speaker(current_language())
    return found


def _(message: str, **values: object) -> str:
    return current_speaker().text(message, **values)


def language_choice() -> LanguageChoice:
    """The same page in each language; a page that has no such address leads to the start page."""
    arguments = request.view_args or {}
    rest = quote(request.path.removeprefix(f"/{arguments['lang']}"), SAFE) if "lang" in arguments else "/"
    if request.query_string:
        query = urlencode([pair for pair in request.args.items(multi=True) if pair[0] not in arguments])
        rest += f"?{query}" if query else ""
    return LanguageChoice(request.script_root, rest, current_language(), offered())


def template_names() -> dict[str, object]:
    """What every template may say without asking, besides what its language gives it (portal/web/templating.py)."""
    return {
        "policy": current_app.extensions["policy"],
        "language_choice": None if is_staff_page() else language_choice(),
    }
