"""The token by which a form shows that it came from a page of ours (ASVS 3.5.1). Flask-WTF checks it."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import current_app, g, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import Serializer, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

NAME = "csrf_token"  # in the session and on `g`, as Flask-WTF has it


class Tokens(URLSafeTimedSerializer):
    """Signs as Flask-WTF does, which makes a signer for each page and tries to compress forty characters."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(Serializer.dump_payload(self, obj))


@cache
def _tokens(secret: str) -> Tokens:
    return Tokens(secret, salt="wtf-csrf-token")


def csrf_token() -> str:
    """The token of this page; the same wherever the page shows it."""
    made: str | None = g.get(NAME)
    if made is None:
        if NAME not in session:
            return str(generate_csrf())
        made = g.csrf_token = _tokens(str(current_app.secret_key)).dumps(session[NAME])
    return made
