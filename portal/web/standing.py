"""Nobody is served while a backup that was put back may still hold what was erased since (security.md)."""

from __future__ import annotations

from flask import Flask, abort, current_app, request

from portal.services.standing import why_not_serving

ANYWAY = frozenset({"static", "system.healthz", "system.readyz"})


def register(app: Flask) -> None:
    app.before_request(refuse)


def refuse() -> None:
    """503 for every page, before anything of a person is read."""
    if request.endpoint not in ANYWAY and why_not_serving(current_app):
        abort(503)
