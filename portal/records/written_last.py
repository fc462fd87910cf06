"""What a unit of work writes as it ends: statements whose values are all parameters, named by whoever asks for one, so
that several go to PostgreSQL in one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, Connection, Insert, Select, Update, bindparam

Value = Callable[[str], BindParameter[Any]]  # the parameter for the value of that name
Writes = Callable[[Value], Insert | Update]  # the statement with these parameters
Written = tuple[Writes, Mapping[str, Any]]  # and its values


@cache
def alone(writes: Writes) -> Insert | Update:
    """The statement by itself: its parameters have the names of its values."""
    return writes(bindparam)


def write_each(connection: Connection, written: Sequence[Written]) -> None:
    """Writes them in their order."""
    for writes, alike in groupby(written, itemgetter(0)):
        values = [each for _, each in alike]
        connection.execute(alone(writes), values if len(values) > 1 else values[0])


def before(asks: Select[Any], written: Sequence[Written]) -> tuple[Select[Any], dict[str, Any]]:
    """A statement that writes them all and answers what `asks` does, and its values: for PostgreSQL alone."""
    values = {f"{name}_{n}": value for n, (_, row) in enumerate(written) for name, value in row.items()}
    return _before(asks, tuple(writes for writes, _ in written)), values


@lru_cache(maxsize=64)
def _before(asks: Select[Any], written: tuple[Writes, ...]) -> Select[Any]:
    return asks.add_cte(*(writes(partial(_numbered, n)).cte(f"beside_{n}") for n, writes in enumerate(written)))


def _numbered(number: int, name: str) -> BindParameter[Any]:
    return bindparam(f"{name}_{number}")
