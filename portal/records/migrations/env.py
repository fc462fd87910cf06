"""Runs migrations on both databases, each in a transaction of its own.

On SQLite a batch change of a parent table drops and remakes it: foreign keys are off before the transaction begins
and must check out before it commits.
"""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import Connection, Engine
from sqlalchemy.types import TypeEngine

from portal.records.db import Moment, hold_writing

SERVICE_SCHEMA = "procrastinate"  # the job queue's own, made by itself

db = current_app.extensions["migrate"].db
NAMES = {"": None, "keys": "keys"}  # Alembic's name of a database -> its bind


def render_item(kind: str, value: object, autogen_context: object) -> str | bool:
    """Migrations stand on their own: they name plain types, not the application's."""
    if kind == "type" and isinstance(value, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def same_type(
    context_: object, inspected: object, metadata: object, found: TypeEngine, wanted: TypeEngine
) -> bool | None:
    return False if isinstance(wanted, Moment) else None


def migrate(connection: Connection, name: str) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadatas[NAMES[name]],
        upgrade_token=f"{name}_upgrades",
        downgrade_token=f"{name}_downgrades",
        render_as_batch=True,
        render_item=render_item,
        compare_type=same_type,
        transactional_ddl=True,
    )
    context.run_migrations(engine_name=name)


def run(name: str, engine: Engine) -> None:
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                hold_writing(connection)
                migrate(connection, name)
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
                    raise RuntimeError("a migration left rows that point nowhere")
        finally:
            if sqlite:
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise RuntimeError("run migrations online: both databases are needed")
for alembic_name, bind in NAMES.items():
    run(alembic_name, db.engines[bind])
