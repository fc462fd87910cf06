"""From where somebody asks, as far as the limits need it: they keep a keyed hash of it, and nothing else does."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

from flask import request

HOUSEHOLD = 64  # bits of an IPv6 address that a provider hands out as one; whoever has it chooses the rest freely


def place() -> str:
    """An IPv4 address, or the network of an IPv6 one: else a single house could ask from billions of places."""
    return place_of(request.remote_addr or "")


def place_of(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((int(found), HOUSEHOLD), strict=False))
    return str(found)
