"""The command line: `flask --app portal …`. Exit code 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

from flask import Flask


def register(app: Flask) -> None:
    """Adds the commands to the application."""
