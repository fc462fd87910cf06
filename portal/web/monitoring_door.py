"""Who may read the measurements: this machine, the networks that a setting names, or whoever holds the token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from flask import abort, current_app, request

from config import Settings

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")


def demand_monitoring() -> None:
    """Nothing, or 404: for everybody else the address is not there.

    Where no proxy is trusted, a request that a proxy handed on says nothing of where it comes from: it is let in by the
    token only.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if settings.metrics_token and _bears(settings.metrics_token):
        return
    handed_on = not settings.trusted_proxies and any(name in request.headers for name in FORWARDED)
    if handed_on or not within(request.remote_addr, settings.metrics_networks):
        abort(404)


def _bears(token: str) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())


def within(address: str | None, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of the networks; False for something that is no address."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    return any(found in ip_network(network) for network in networks)
