"""One line of log a request, without personal data: the endpoint's name instead of the address, and a random id that
the person can read out (`X-Request-ID`). Nothing typed, no network address, no id of a person or case (ASVS 16.2.5).

`refused`: a form said no to what was typed, a wrong password or code among them (ASVS 16.3.1); limits, missing rights
and missing tokens are in the status.
"""

from __future__ import annotations

import logging
import secrets
import time

from flask import Flask, Response, g, request

from portal.logs import log_requests

HEADER = "X-Request-ID"
log = logging.getLogger("portal.request")
QUIET = frozenset({"static", "system.healthz", "system.readyz"})  # probes and files: only where something is wrong
# Standard methods only: the rest is whatever a client made up.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})


def register(app: Flask) -> None:
    """In production each request leaves a line; elsewhere only what goes wrong does."""
    log_requests(logging.INFO if app.config["SETTINGS"].production else logging.WARNING)
    app.before_request(begin)
    app.after_request(end)


def begin() -> None:
    """The id is ours: one that a client sends could carry anything into the log."""
    g.request_id, g.request_began = secrets.token_hex(8), time.perf_counter()


def end(response: Response) -> Response:
    request_id = g.get("request_id") or secrets.token_hex(8)
    began = g.get("request_began", time.perf_counter())
    response.headers[HEADER] = request_id
    endpoint = request.endpoint or "none"
    if endpoint not in QUIET or response.status_code >= 400:
        facts = {
            "request_id": request_id,
            "method": request.method if request.method in METHODS else "other",
            "endpoint": endpoint,
            "status": response.status_code,
            **({"refused": True} if g.get("refused") else {}),
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        log.info("request", extra=facts)
    return response


def request_id() -> str | None:
    """The id of the request at hand, for the other lines it logs."""
    found = g.get("request_id") if g else None
    return str(found) if found else None
