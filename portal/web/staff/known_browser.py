"""A browser in which a member of staff signed in before: a signed cookie, worth nothing by itself.

It only gives the account a counter of wrong passwords of its own in that browser, so that a stranger who keeps guessing
from elsewhere locks nobody out (after OWASP's device cookies).
"""

from __future__ import annotations

import hashlib
import secrets

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

NAME = "staff-browser"
SALT = "a browser known to staff"
KEPT = 180 * 24 * 3600  # seconds
MOST = 5  # accounts that share a machine


def _cookie_name() -> str:
    return f"__Host-{NAME}" if current_app.config["SETTINGS"].secure else NAME


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=SALT)


def _known() -> dict[str, str]:
    try:
        found = _signer().loads(request.cookies.get(_cookie_name(), ""))
    except BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _label(username: str) -> str:
    return hashlib.sha256(username.encode()).hexdigest()[:24]


def mark_of(username: str) -> str:
    """The mark this browser holds for the account, "" when it never signed in here."""
    return str(_known().get(_label(username), ""))


def remember(response: Response, username: str) -> Response:
    """After a right password: this browser is known for the account from now on."""
    known = _known()
    label = _label(username)
    mark = known.pop(label, "") or secrets.token_urlsafe(16)
    kept = dict([*known.items()][-(MOST - 1) :])
    response.set_cookie(
        _cookie_name(),
        str(_signer().dumps({**kept, label: mark})),
        max_age=KEPT,
        secure=current_app.config["SETTINGS"].secure,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    return response
