"""Headers of every answer (ASVS 3.4): strict CSP without inline code, nosniff, no referrer, no framing, no storing.

What is downloaded is sandboxed besides: opened in a browser after all, it runs nothing and is nobody's origin.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request, url_for

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

STATIC = Path(__file__).resolve().parent.parent / "static"
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
FIXED = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
A_FILE_OF_ITS_OWN = {"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store"}
FOREVER = "public, max-age=31536000, immutable"


@cache
def fingerprint(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def static_url(name: str) -> str:
    """A static file's address with its content's hash, so that it may be kept for ever."""
    return url_for("static", filename=name, v=fingerprint(name))


def is_named_by_content() -> bool:
    """Whether the address carries the hash of what it leads to: another one must not be kept for ever."""
    name = (request.view_args or {}).get("filename", "")
    return request.args.get("v") == fingerprint(str(name))


class Always:
    """Gives each answer the headers that all have, but for those that it brings itself."""

    def __init__(self, app: WSGIApplication, headers: Iterable[tuple[str, str]]) -> None:
        self._app = app
        self._headers = [(name.lower(), (name, value)) for name, value in headers]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, given: list[tuple[str, str]], fault: Any = None) -> Callable[[bytes], object]:
            present = {name.lower() for name, _value in given}
            given += [header for name, header in self._headers if name not in present]
            return start_response(status, given, fault)

        return self._app(environ, start)


def register(app: Flask) -> None:
    always = [*FIXED.items(), *([HSTS] if app.config["SETTINGS"].secure else [])]
    app.wsgi_app = Always(app.wsgi_app, always)  # type: ignore[method-assign]  # Flask documents wrapping it so

    @app.after_request
    def add_headers(response: Response) -> Response:
        if response.headers.get("Content-Disposition", "").startswith("attachment"):  # ASVS 3.2.1
            response.headers.update(A_FILE_OF_ITS_OWN)
        if request.endpoint == "static" and response.status_code in {200, 206, 304}:
            if response.status_code == 200 and is_named_by_content():
                response.headers["Cache-Control"] = FOREVER
        elif "Cache-Control" not in response.headers:
            response.headers.add("Cache-Control", "no-store")
        return response

    app.jinja_env.globals["static_url"] = static_url


def clear_site_data(response: Response) -> Response:
    """On sign-out the browser forgets what it kept of us (ASVS 14.3.1)."""
    if current_app.config["SETTINGS"].secure:
        response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response
