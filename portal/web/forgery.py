"""The token by which a form shows that it came from a page of ours (ASVS 3.5.1). Flask-WTF checks it."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import Any

from flask import Flask, current_app, g, session
from flask_wtf.csrf import generate_csrf
from itsdangerous import Serializer
from itsdangerous.encoding import base64_encode

from portal.web.signing import ReadySerializer

STANDS = 60  # seconds
NAME = "csrf_token"  # in the session and on `g`, as Flask-WTF has it


class Tokens(ReadySerializer):
    """Signs as Flask-WTF does, which tries to compress forty characters."""

    def dump_payload(self, obj: Any) -> bytes:
        return base64_encode(Serializer.dump_payload(self, obj))


@cache
def _tokens(secret: str) -> Tokens:
    return Tokens(secret, salt="wtf-csrf-token")


def register(app: Flask) -> None:
    """Gives templates this token; Flask-WTF gives them its own as a global and as a name of each page."""
    app.jinja_env.globals[NAME] = csrf_token
    app.context_processor(lambda: {NAME: csrf_token})


def csrf_token() -> str:
    """The token of this page; the same wherever the page shows it."""
    made: str | None = g.get(NAME)
    if made is None:
        if NAME not in session:
            return str(generate_csrf())
        made = g.csrf_token = _signed(str(current_app.secret_key), session[NAME], int(time.time() // STANDS))
    return made


@lru_cache(maxsize=512)
def _signed(secret: str, token: str, _minute: int) -> str:
    """The pages of one browser within a minute have one token. It is good as long as the session, however old."""
    made: str = _tokens(secret).dumps(token)
    return made
