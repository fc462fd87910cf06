"""Both databases as they were at one moment, as streams of bytes; and the way back.

SQLite gives a whole database file (its backup interface), PostgreSQL each table's rows (COPY in one repeatable-read
transaction); neither stops who reads or writes. The moment is taken behind the lock of whoever writes: a row in the
snapshot of the records has its key in the snapshot of the keys, unless it is just being erased.
"""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import psycopg
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import Engine, MetaData, inspect

CHUNK = 256 * 1024
FRAME = struct.Struct(">I")
VERSIONS = "alembic_version"


class NotLoaded(Exception):
    """The snapshot cannot be put into this database; the message says why."""


class Source(Protocol):
    def chunks(self, scratch: Path) -> Iterator[bytes]:
        """The bytes; `scratch` is a folder for a file that is removed again."""


def revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def consistent(
    main: Engine, keys: Engine, metadatas: tuple[MetaData, MetaData], lock: int
) -> Iterator[tuple[Source, Source]]:
    """The two databases at one moment; `lock` is the number of the advisory lock that writers hold on PostgreSQL."""
    if main.dialect.name == "sqlite":
        with _consistent_sqlite(main, keys) as both:
            yield both
    else:
        with _consistent_postgres(main, keys, metadatas, lock) as both:
            yield both


# --- SQLite


class _SqliteSource:
    def __init__(self, engine: Engine) -> None:
        self._connection = sqlite3.connect(str(engine.url.database), isolation_level=None, check_same_thread=False)

    def begin(self) -> None:
        """From here on what is read does not change any more."""
        self._connection.execute("BEGIN")
        self._connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()

    def chunks(self, scratch: Path) -> Iterator[bytes]:
        copy = scratch / ".snapshot"
        copy.unlink(missing_ok=True)
        try:
            target = sqlite3.connect(copy)
            copy.chmod(0o600)
            self._connection.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
            target.close()
            with copy.open("rb") as file:
                while part := file.read(CHUNK):
                    yield part
        finally:
            copy.unlink(missing_ok=True)

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _consistent_sqlite(main: Engine, keys: Engine) -> Iterator[tuple[Source, Source]]:
    sources = _SqliteSource(main), _SqliteSource(keys)
    writer = sqlite3.connect(str(main.url.database), isolation_level=None, timeout=30)
    try:
        writer.execute("BEGIN IMMEDIATE")
        for source in reversed(sources):  # the keys first: they are written before the rows
            source.begin()
        writer.execute("ROLLBACK")
        yield sources
    finally:
        writer.close()
        for source in sources:
            source.close()


def load_sqlite(engine: Engine, chunks: Iterator[bytes]) -> None:
    """Puts a whole database file in place; nobody may have the old one open."""
    path = Path(str(engine.url.database))
    fresh = path.with_name(f"{path.name}.restoring")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with fresh.open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
        with suppress(sqlite3.DatabaseError):
            connection = sqlite3.connect(fresh)
            sound = connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
            if sound:
                engine.dispose()
                for rest in ("-wal", "-shm"):
                    path.with_name(path.name + rest).unlink(missing_ok=True)
                fresh.replace(path)
                return
        raise NotLoaded("the snapshot is no sound database")
    finally:
        fresh.unlink(missing_ok=True)


# --- PostgreSQL


def _conninfo(engine: Engine) -> str:
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


class _PostgresSource:
    def __init__(self, engine: Engine, metadata: MetaData) -> None:
        self._connection = psycopg.connect(_conninfo(engine))
        self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        self._tables = [table.name for table in metadata.sorted_tables]

    def begin(self) -> None:
        self._connection.execute("SELECT 1 FROM pg_class LIMIT 1")

    def chunks(self, scratch: Path) -> Iterator[bytes]:
        for table in [VERSIONS, *self._tables]:
            columns = [
                row[0]
                for row in self._connection.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 "
                    "AND NOT attisdropped ORDER BY attnum",
                    [f'"{table}"'],
                )
            ]
            yield _frame(json.dumps({"table": table, "columns": columns}).encode())
            with self._connection.cursor().copy(_copy(table, columns, "TO STDOUT")) as rows:
                for part in rows:
                    yield _frame(bytes(part))
            yield _frame(b"")

    def close(self) -> None:
        self._connection.close()


def _copy(table: str, columns: list[str], direction: str) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) ").format(sql.Identifier(table), names) + sql.SQL(direction)


def _frame(content: bytes) -> bytes:
    return FRAME.pack(len(content)) + content


@contextmanager
def _consistent_postgres(
    main: Engine, keys: Engine, metadatas: tuple[MetaData, MetaData], lock: int
) -> Iterator[tuple[Source, Source]]:
    sources = _PostgresSource(main, metadatas[0]), _PostgresSource(keys, metadatas[1])
    writer = psycopg.connect(_conninfo(main), autocommit=True)
    try:
        writer.execute("SELECT pg_advisory_lock(%s)", [lock])
        for source in reversed(sources):
            source.begin()
        writer.execute("SELECT pg_advisory_unlock(%s)", [lock])
        yield sources
    finally:
        writer.close()
        for source in sources:
            source.close()


def load_postgres(engine: Engine, metadata: MetaData, chunks: Iterator[bytes]) -> None:
    """Replaces the rows of every table in one transaction; the tables must be of the snapshot's migration already."""
    frames = _frames(chunks)
    tables = [VERSIONS, *(table.name for table in metadata.sorted_tables)]
    engine.dispose()
    with psycopg.connect(_conninfo(engine)) as connection:
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, tables))))
        for head in frames:
            described: dict[str, Any] = json.loads(head)
            if described["table"] not in tables:
                raise NotLoaded(f"the snapshot holds a table {described['table']} that is not here")
            with connection.cursor().copy(_copy(described["table"], described["columns"], "FROM STDIN")) as rows:
                for part in iter(lambda: next(frames), b""):
                    rows.write(part)
        for table in tables:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
        _count_on(connection, metadata)


def _count_on(connection: psycopg.Connection[Any], metadata: MetaData) -> None:
    """Numbers that the database itself gives out go on after the highest one."""
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            found = connection.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table.name}"', column.name])
            (sequence,) = found.fetchone() or (None,)
            if sequence:
                connection.execute(
                    sql.SQL("SELECT setval({}, COALESCE((SELECT MAX({}) FROM {}), 0) + 1, false)").format(
                        sql.Literal(sequence), sql.Identifier(column.name), sql.Identifier(table.name)
                    )
                )


def _frames(chunks: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        while len(held) >= FRAME.size:
            (length,) = FRAME.unpack_from(held)
            if len(held) < FRAME.size + length:
                break
            yield bytes(held[FRAME.size : FRAME.size + length])
            del held[: FRAME.size + length]
    if held:
        raise NotLoaded("the snapshot ends in the middle")


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table yet."""
    return not inspect(engine).get_table_names()
