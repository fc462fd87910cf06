"""Rows written as fast as a database takes them: executemany on SQLite, COPY on PostgreSQL.

Values go through SQLAlchemy's own bind processors, so that what lies in the tables is what the portal would write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Table

from portal.records.db import hold_writing

CHUNK = 5_000  # rows
QUICK = ("synchronous=OFF", "secure_delete=OFF", "cache_size=-400000")
AGAIN = ("synchronous=NORMAL", "secure_delete=ON", "cache_size=-2000")


class Bulk:
    """Collects rows by table and writes each table's in chunks, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[Table, list[dict[str, Any]]] = {}

    def add(self, table: Table, **row: Any) -> None:
        rows = self._rows.setdefault(table, [])
        rows.append(row)
        if len(rows) >= CHUNK:
            self.flush()  # every table's, in the order of their first row: parents are first

    def flush(self) -> None:
        for table, rows in self._rows.items():
            if rows:
                self._write(table, rows)
                rows.clear()

    def _write(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        dialect = self._connection.dialect
        columns = [table.c[name] for name in rows[0]]
        processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
        made = [
            tuple(
                process(value) if process is not None else value
                for process, value in zip(processors, row.values(), strict=True)
            )
            for row in rows
        ]
        names = ", ".join(f'"{column.name}"' for column in columns)
        raw = self._connection.connection.cursor()
        if dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            raw.executemany(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', made)
            return
        with raw.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as into:  # type: ignore[attr-defined]  # psycopg's
            for row in made:
                into.write_row(row)


@contextmanager
def bulk(engine: Engine, indexed: Sequence[Table] = ()) -> Iterator[Bulk]:
    """Commits at the end. The indexes of `indexed` are made anew afterwards, which is quicker than keeping them."""
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        raw = connection.connection
        set_pragmas(raw.cursor(), QUICK if sqlite else ())
        with connection.begin():
            hold_writing(connection)
            for index in (index for table in indexed for index in table.indexes):
                index.drop(connection)
            rows = Bulk(connection)
            yield rows
            rows.flush()
            for index in (index for table in indexed for index in table.indexes):
                index.create(connection)
        set_pragmas(raw.cursor(), AGAIN if sqlite else ())
    if not sqlite:  # as its own housekeeping would have done by now
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def set_pragmas(cursor: Any, settings: Sequence[str]) -> None:
    for setting in settings:
        cursor.execute(f"PRAGMA {setting}")
