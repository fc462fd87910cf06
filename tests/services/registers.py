"""Versions of the register, for tests of what shows them."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from portal.services.keep_register import keep_register


def keep_two(app: Flask) -> None:
    """Two versions that differ, the second one in force. Call inside an application context."""
    policy = app.extensions["policy"]
    app.extensions["policy"] = replace(policy, version="0")
    try:
        keep_register(app.extensions["clock"])
    finally:
        app.extensions["policy"] = policy
    keep_register(app.extensions["clock"])
