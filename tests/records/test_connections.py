"""Connections: what SQLite's keep in memory, and that one of PostgreSQL's which was ended is not used again."""

from __future__ import annotations

import pytest
from flask import Flask

from portal.records.db import CACHE, KEYS_CACHE, db


def test_a_connection_keeps_few_pages_of_its_file(sqlite_app: Flask) -> None:
    kept = {}
    with sqlite_app.app_context():
        for name, engine in db.engines.items():
            with engine.connect() as connection:
                kept[name] = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    assert kept == {None: -CACHE, "keys": -KEYS_CACHE}
    assert KEYS_CACHE < CACHE <= 2_000


@pytest.mark.parametrize(("name", "other"), [(None, "keys"), ("keys", None)])
def test_a_connection_that_the_server_ended_is_not_used_again(
    postgres_app: Flask, name: str | None, other: str | None
) -> None:
    with postgres_app.app_context():
        db.session.remove()

        def at_work() -> int:
            with db.engines[name].connect() as connection:
                return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())

        first = at_work()
        assert at_work() == first, "it is kept"
        with db.engines[other].connect() as killer:
            assert killer.exec_driver_sql(f"SELECT pg_terminate_backend({first}, 5000)").scalar_one()
        assert at_work() != first
