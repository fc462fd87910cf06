"""Procrastinate's own tables: in a schema of their own beside the portal's, made once and brought up to date.

Which of the library's steps were taken stands in the comment of the schema, written together with each step.
"""

from __future__ import annotations

from importlib import resources

import psycopg
from psycopg import sql

SCHEMA = "procrastinate"  # portal/records/migrations/env.py leaves it alone
LOCK = 0x706F7274  # of the machines that start at the same moment, one makes it


class QueueNotPrepared(Exception):
    """The schema is missing or old, and this account may not make it: whoever owns the database runs `make setup`."""


def conninfo(url: str) -> str:
    """What the driver understands of an SQLAlchemy address."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def prepare(url: str) -> bool:
    """Makes or updates the schema; whether there was anything to do. Raises QueueNotPrepared without the right to."""
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        steps = _missing_steps(connection)
        try:
            for name, step in steps:
                connection.execute(_with_note(name, step))
        except psycopg.errors.InsufficientPrivilege as error:
            raise QueueNotPrepared("run: make setup, as the owner of the database") from error
        return bool(steps)


def _missing_steps(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Name and statements of each step that was not taken, in order."""
    found = connection.execute(
        "SELECT to_regnamespace(%s) IS NOT NULL, obj_description(to_regnamespace(%s), 'pg_namespace')", [SCHEMA] * 2
    ).fetchone()
    there, noted = found or (False, None)
    library = resources.files("procrastinate.sql")
    names = sorted(each.name for each in (library / "migrations").iterdir() if each.name.endswith(".sql"))
    if not there or noted is None:
        whole = (library / "schema.sql").read_text(encoding="utf-8")
        return [(names[-1], f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n{whole}")]
    return [(name, (library / "migrations" / name).read_text(encoding="utf-8")) for name in names if name > noted]


def _with_note(name: str, step: str) -> sql.Composed:
    """The step and its note in one statement list, so in one transaction."""
    schema = sql.Identifier(SCHEMA)
    return sql.SQL("SET search_path TO {};\n{}\nCOMMENT ON SCHEMA {} IS {}").format(
        schema, sql.SQL(step), schema, sql.Literal(name)
    )
