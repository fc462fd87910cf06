"""UUIDs from a database that keeps them as text (SQLite), made without reading the text as a person might write it:
`UUID()` allows braces, hyphens and prefixes and takes half as long again, for each id of each row."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, SafeUUID

from sqlalchemy import Dialect
from sqlalchemy import Uuid as _Uuid

_new, _set = object.__new__, object.__setattr__


def from_hex(text: str) -> UUID:
    """The UUID of 32 hexadecimal digits. Raises ValueError for anything that is no number."""
    made = _new(UUID)
    _set(made, "int", int(text, 16))
    _set(made, "is_safe", SafeUUID.unknown)
    return made


def _from_column(text: str | None) -> UUID | None:
    return None if text is None else from_hex(text)


class Uuid(_Uuid[UUID]):
    """SQLAlchemy's, which PostgreSQL answers with UUIDs already."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], UUID | None] | None:
        return None if dialect.supports_native_uuid else _from_column
