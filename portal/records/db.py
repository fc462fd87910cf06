"""The two databases and how a transaction begins on each.

SQLite: WAL, foreign keys, secure_delete, and BEGIN IMMEDIATE for a unit of work that writes, so that writers wait in
line instead of failing half-way. PostgreSQL: as SQLAlchemy does it. Keys never go through `db.session`.
"""

from __future__ import annotations

import select
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import cache, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Date, DateTime, Dialect, Engine, Integer, MetaData, Table, event, inspect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator

from portal.domain.clock import receipt_date
from portal.records.ready_statements import ReadyStatements
from portal.vault.bulk import insert_together
from portal.vault.tables import NAMING
from portal.vault.tables import metadata as keys_metadata
from portal.vault.uuids import Uuid

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

WRITE = "portal_write"  # execution option of a connection in a writing transaction
BUSY_MILLISECONDS = 10_000
CACHE, KEYS_CACHE = 1_500, 384  # KiB of its file that a connection of SQLite's keeps: less than a page asks for is none
LOOKS_AGAIN = 0.002  # seconds


class Model(DeclarativeBase):
    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map={UUID: Uuid})


M = TypeVar("M", bound=Model)


class OneDatabase(FlaskSession):
    """A session on the records: since keys never go through one, there is nothing to choose for each statement."""

    _records: Engine | None = None

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Engine | Connection | None = None, **more: Any
    ) -> Engine | Connection:
        if bind is not None:
            return bind
        if self._records is None:
            self._records = self._db.engine
        return self._records


db = SQLAlchemy(
    model_class=Model,
    session_options={"class_": OneDatabase, "expire_on_commit": False, "autoflush": False},
    disable_autonaming=True,
)
db.metadatas["keys"] = keys_metadata


class Moment(TypeDecorator[datetime]):
    """A moment in time: aware and UTC on the way in and on the way out, on every engine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is not a moment")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class local_date(FunctionElement[date]):  # noqa: N801 - it reads as the function in SQL that it is
    """The day in Amsterdam of a moment, counted by the database."""

    type = Date()
    inherit_cache = True


class days_between(FunctionElement[int]):  # noqa: N801 - the same
    """Whole days from the second date to the first."""

    type = Integer()
    inherit_cache = True


@compiles(local_date)
def _local_date(element: Any, compiler: Any, **more: Any) -> str:
    return f"CAST(timezone('Europe/Amsterdam', {compiler.process(element.clauses, **more)}) AS DATE)"


@compiles(local_date, "sqlite")
def _local_date_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"amsterdam_date({compiler.process(element.clauses, **more)})"


@compiles(days_between)
def _days_between(element: Any, compiler: Any, **more: Any) -> str:
    later, earlier = (compiler.process(each, **more) for each in element.clauses)
    return f"({later} - {earlier})"


@compiles(days_between, "sqlite")
def _days_between_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    later, earlier = (compiler.process(each, **more) for each in element.clauses)
    return f"CAST(julianday({later}) - julianday({earlier}) AS INTEGER)"


def _amsterdam_date(moment: str | None) -> str | None:
    """`local_date` on SQLite, which knows no zones; moments lie there in UTC."""
    if moment is None:
        return None
    return receipt_date(datetime.fromisoformat(moment).replace(tzinfo=UTC)).isoformat()


def prepare_engine(engine: Engine, *, keys: bool = False) -> None:
    """Says how an engine connects and begins; called once for each engine of the application. `keys`: of the keys'.

    Not by an event `begin`: where an engine has one, SQLAlchemy looks for listeners all along each statement.
    """
    engine.update_execution_options(compiled_cache=ReadyStatements())
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_connect_sqlite, KEYS_CACHE if keys else CACHE))
        engine.dialect.do_begin = _begin_sqlite  # type: ignore[assignment, method-assign]  # this engine's own dialect
    else:
        event.listen(engine, "connect", _connect_postgresql)
        if keys:
            look = partial(_still_there, engine.dialect.do_ping)
            engine.dialect.do_ping = look  # type: ignore[method-assign]  # this engine's own dialect


def _connect_sqlite(kib: int, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions on its own
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        f"cache_size=-{kib}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("amsterdam_date", 1, _amsterdam_date, deterministic=True)


def _connect_postgresql(connection: Any, _record: Any) -> None:
    from portal.records.plain_cursor import PlainCursor

    connection.cursor_factory = PlainCursor


def _still_there(ask: Callable[[Any], bool], connection: Any) -> bool:
    """Whether the server has not hung up, as SQLAlchemy wants to know before a connection is used. An idle one has
    something to read only where the server ended it or speaks by itself: only then it is asked. For the keys alone,
    which are looked for a moment after the other database answered: a network that is gone was seen there."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return ask(connection) if waiting.poll(0) else True


def _begin_sqlite(connection: Any) -> None:
    connection.driver_connection.execute("BEGIN")


def hold_writing(connection: Connection) -> None:
    """Makes the transaction that this connection is in a writing one, before it wrote anything. On SQLite it begins
    anew for that; on PostgreSQL, where each statement sees what stands by then, what it read can stay before it."""
    connection.execution_options(**{WRITE: True})
    if connection.dialect.name == "sqlite":
        _begin_immediate(connection)


@contextmanager
def to_write(engine: Engine) -> Iterator[Connection]:
    """A writing transaction of its own, committed at the end."""
    with engine.begin() as connection:
        hold_writing(connection)
        yield connection


def _begin_immediate(connection: Connection) -> None:
    """Waits for the one writer's place. SQLite's own waiting sleeps up to a tenth of a second between two looks, while
    the place stands empty: eight writers side by side wrote a third of what they can."""
    driver: Any = connection.connection.driver_connection
    driver.execute("COMMIT")
    until = time.monotonic() + BUSY_MILLISECONDS / 1000
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(LOOKS_AGAIN)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last try fails as any statement does
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")


def inserting(dialect: str) -> Callable[[type[Model]], sqlite.Insert | postgresql.Insert]:
    """The INSERT of an engine's dialect, which may say what happens when the row is there already (ON CONFLICT). Only
    that dialect is loaded."""
    insert: Callable[[type[Model]], sqlite.Insert | postgresql.Insert]
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert


def insert_into(session: Session, table: type[Model]) -> sqlite.Insert | postgresql.Insert:
    """`inserting` for the engine at hand."""
    return inserting(session.get_bind().dialect.name)(table)


def new_row(kind: type[M], /, **values: Any) -> M:
    """A new row for `write_new` alone: no session watches it, which is most of what a row costs to make. It reads as
    any other, as far as it was given values."""
    row = kind.__new__(kind)
    vars(row).update(values)
    return row


def write_new(session: Session, rows: Iterable[Model]) -> None:
    """Writes these new rows now, in their order, and lets go of them: for what the unit does not change again. The
    session's own way costs several times as much, since it watches them for changes."""
    insert_together(session.connection(), [_as_told(row) for row in rows])


def _as_told(row: Model) -> tuple[Table, dict[str, Any]]:
    table, columns, fixed = _columns_of(type(row))
    return table, fixed | {columns[name]: value for name, value in vars(row).items() if name in columns}


@cache
def _columns_of(kind: type[Model]) -> tuple[Table, dict[str, str], dict[str, Any]]:
    """The table; for each attribute, the name of its column; what stands in columns of which nothing else is said."""
    mapped = inspect(kind)
    table = cast(Table, mapped.local_table)
    said = {each.key: each.default for each in table.columns}
    fixed = {name: each.arg for name, each in said.items() if isinstance(each, ScalarElementColumnDefault)}
    return table, {each.key: each.columns[0].key for each in mapped.column_attrs}, fixed


def end_reading() -> None:
    """Ends the session's transaction; what was changed in it and not committed is undone.

    One that only read ends by a commit: after a ROLLBACK psycopg forgets the statements it has prepared, and PostgreSQL
    plans each anew, which takes longer than to run it.
    """
    session = db.session()
    if not session.in_transaction() or _changed(session):
        session.rollback()
    else:
        session.expire_all()
        session.commit()


def _changed(session: Session) -> bool:
    """Whether something waits to be written, was begun to be, or failed."""
    if not session.is_active or session.new or session.dirty or session.deleted:
        return True
    return bool(session.connection().get_execution_options().get(WRITE))


def begin_write() -> None:
    """Makes the session's transaction a writing one, which trusts nothing that was read before."""
    session = db.session()
    if session.in_transaction() and _changed(session):
        session.rollback()
    session.expire_all()
    hold_writing(session.connection())
