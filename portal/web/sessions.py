"""The signed-in person of a request. The cookie holds a random id; who it is stands in a row that sign-out deletes."""

from __future__ import annotations

import secrets
from typing import cast

from flask import Flask, current_app, g, request, session
from flask_login import UserMixin, current_user, login_user, logout_user

from portal import extensions
from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor
from portal.services.recognise import SignedIn, end_session, recognise
from portal.services.unit import begin_page, end_page

BROWSER_KEY = "browser"  # a random secret of this browser: binds sign-in links and drafts to it
KEPT_KEYS = ("lang", BROWSER_KEY)  # what survives a change of session: it carries no authority


class Visitor(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """Flask-Login's user: a live session."""

    def __init__(self, session_id: str, signed_in: SignedIn) -> None:
        self.session_id = session_id
        self.signed_in = signed_in

    def get_id(self) -> str:
        return self.session_id

    @property
    def language(self) -> str | None:
        return self.signed_in.language


def register(app: Flask) -> None:
    @app.before_request
    def page() -> None:
        if request.method in {"GET", "HEAD"}:
            begin_page()

    app.teardown_request(lambda _error: end_page())

    @extensions.login.user_loader  # type: ignore[untyped-decorator]  # Flask-Login has no types
    def load(session_id: str) -> Visitor | None:
        signed_in = recognise(session_id, current_clock())
        return Visitor(session_id, signed_in) if signed_in else None

    @app.context_processor
    def who() -> dict[str, object]:
        return {"signed_in": current_session(), "actor": current_actor()}


def current_clock() -> Clock:
    return cast(Clock, current_app.extensions["clock"])


def current_session() -> SignedIn | None:
    """Asked a dozen times a page, so looked up once."""
    known: tuple[SignedIn | None] | None = g.get("known_session")
    if known is None:
        visitor = current_user._get_current_object()
        known = g.known_session = (visitor.signed_in if isinstance(visitor, Visitor) else None,)
    return known[0]


def current_actor() -> Actor:
    signed_in = current_session()
    return signed_in.actor if signed_in else ANONYMOUS


def begin(session_id: str) -> None:
    """Takes a freshly made session into the cookie; everything of the one before is dropped (ASVS 7.2.4)."""
    leave()
    signed_in = recognise(session_id, current_clock())
    if signed_in is None:
        raise RuntimeError("a session that was just made is not there")
    login_user(Visitor(session_id, signed_in))
    g.pop("known_session", None)
    g.pop("speaker", None)


def leave() -> None:
    """Signs out; language and browser secret stay, since they carry no authority."""
    signed_in = current_session()
    if signed_in is not None:
        end_session(signed_in.login_id)
    logout_user()
    g.pop("known_session", None)
    kept = {key: session[key] for key in KEPT_KEYS if key in session}
    session.clear()
    session.update(kept)


def browser_secret() -> str:
    """A random secret this browser keeps in its signed, HttpOnly cookie."""
    if BROWSER_KEY not in session:
        session[BROWSER_KEY] = secrets.token_urlsafe(32)
    return str(session[BROWSER_KEY])
