"""Migrations as the commands run them. Alembic and what it brings are ten megabytes that no page and no job needs: only
who migrates loads this."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, current_app
from flask_migrate import Migrate
from flask_migrate import downgrade as go_down
from flask_migrate import upgrade as go_up

from portal.records.db import db

MIGRATIONS = Path(__file__).resolve().parent / "migrations"


def bind(app: Flask) -> None:
    """Lets `flask db …` and the functions below find the migrations of this application."""
    if "migrate" not in app.extensions:
        Migrate(app, db, directory=str(MIGRATIONS))


def upgrade(revision: str = "head") -> None:
    """Brings both databases of the current application to a revision."""
    bind(current_app)
    go_up(revision=revision)


def downgrade(revision: str) -> None:
    bind(current_app)
    go_down(revision=revision)
