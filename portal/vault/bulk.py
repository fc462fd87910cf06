"""Many new rows in one go to the database: of one table, or of several that belong together.

Those of one table on SQLite past SQLAlchemy, which puts each row together by itself: that took as long as writing them.
Those of several on PostgreSQL in one statement: one costs more than the row that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, insert
from sqlalchemy.dialects import sqlite

Bind = Callable[[Any], Any] | None
Rows = Sequence[tuple[Table, dict[str, Any]]]
BY_PLACE = sqlite.dialect(paramstyle="qmark")
TOGETHER = 50  # values in one statement: of those with more psycopg remembers no translation


def insert_together(connection: Connection, rows: Rows) -> None:
    """A few rows, each after those that it refers to; each names every column that may not be empty, and None only
    where nothing else would stand anyway."""
    if connection.dialect.name == "postgresql":
        told = [(table, {name: value for name, value in row.items() if value is not None}) for table, row in rows]
        values = {f"{name}_{n}": value for n, (_, row) in enumerate(told) for name, value in row.items()}
        if len(values) <= TOGETHER:
            connection.execute(_together(tuple((table, tuple(row)) for table, row in told)), values)
            return
    for table, alike in groupby(rows, itemgetter(0)):
        connection.execute(_into(table), [row for _, row in alike])


def in_one(rows: Rows) -> bool:
    """Whether `insert_together` surely writes them in one statement on PostgreSQL."""
    return sum(len(row) for _, row in rows) <= TOGETHER


_into = lru_cache(insert)


@lru_cache(maxsize=64)
def _together(shape: tuple[tuple[Table, tuple[str, ...]], ...]) -> Insert:
    *before, last = (
        insert(table).values({name: bindparam(f"{name}_{n}") for name in names})
        for n, (table, names) in enumerate(shape)
    )
    return last.add_cte(*(each.cte(f"row_{n}") for n, each in enumerate(before)))


def insert_many(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Each row names the same columns, and every one that may not be empty."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        connection.execute(insert(table), rows)
        return
    statement, names, binds = _prepared(table, tuple(rows[0]))
    columns = zip(*map(itemgetter(*names), rows), strict=True)
    bound = [_bound(values, bind) if bind else values for values, bind in zip(columns, binds, strict=True)]
    connection.exec_driver_sql(statement, list(zip(*bound, strict=True)))


@lru_cache(maxsize=16)
def _prepared(table: Table, names: tuple[str, ...]) -> tuple[str, list[str], list[Bind]]:
    """The statement, and in its order the columns and what makes a value of each fit for the driver."""
    compiled = insert(table).compile(dialect=BY_PLACE, column_keys=names)
    order = list(compiled.positiontup or ())
    return str(compiled), order, [table.c[name].type.dialect_impl(BY_PLACE).bind_processor(BY_PLACE) for name in order]


def _bound(values: Sequence[Any], bind: Callable[[Any], Any]) -> Iterable[Any]:
    """A column's values as the driver takes them; one that comes again at once is not made again."""
    found, last, made = [], values[0], bind(values[0])
    for value in values:
        if value is not last:
            last, made = value, bind(value)
        found.append(made)
    return found
