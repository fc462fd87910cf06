"""What is not for a person: is it alive, is it ready, whom to tell of a hole."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, make_response, redirect
from werkzeug.wrappers import Response as AnyResponse

from portal.services.readiness import readiness
from portal.web.access import PUBLIC, Rule
from portal.web.headers import static_url
from portal.web.monitoring_door import demand_monitoring
from portal.web.sessions import current_clock

blueprint = Blueprint("system", __name__)

TABLE = {
    "static": Rule(PUBLIC, "stylesheets, fonts and icons"),
    "system.healthz": Rule(PUBLIC, "a probe asks whether the process lives"),
    "system.readyz": Rule(PUBLIC, "a probe asks whether it can serve; no personal data"),
    "system.metrics": Rule(PUBLIC, "a door of its own: this machine, or a token; counts and ages of nobody"),
    "system.security_txt": Rule(PUBLIC, "RFC 9116"),
    "system.favicon": Rule(PUBLIC, "browsers ask for it unasked"),
}


@blueprint.get("/healthz")
def healthz() -> Response:
    return jsonify(status="alive")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Databases, worker heartbeat and the oldest unsent mail; 503 when one of them is not well."""
    report = readiness(current_clock())
    return make_response(jsonify(report.as_dict()), 200 if report.ready else 503)


@blueprint.get("/metrics")
def metrics() -> Response:
    """For Prometheus; 404 for whoever may not read it."""
    demand_monitoring()
    from portal.services.measure import CONTENT_TYPE, measurements  # whoever is not measured needs no library for it

    return Response(measurements(current_clock()), content_type=CONTENT_TYPE)


@blueprint.get("/.well-known/security.txt")
def security_txt() -> Response:
    settings, controller = current_app.config["SETTINGS"], current_app.extensions["policy"].controller
    expires = f"{current_clock().now().year + 1}-01-01T00:00:00Z"
    lines = (
        f"Contact: mailto:{controller.contact_email}",
        f"Expires: {expires}",
        "Preferred-Languages: nl, en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> AnyResponse:
    return redirect(static_url("favicon.svg"))
