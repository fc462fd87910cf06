"""What a connection of SQLite's keeps in memory: little, and of the keys less."""

from __future__ import annotations

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
