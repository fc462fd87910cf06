"""The ids or hashes of many rows as one value of a query: for statements about thousands of rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, LargeBinary, String, Uuid
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Packed(TypeDecorator[bytes]):
    """What `packed` gives; nothing where there was no row."""

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else LargeBinary())

    def process_result_value(self, value: str | bytes | None, dialect: Dialect) -> bytes:
        return bytes.fromhex(value) if isinstance(value, str) else value or b""


class packed(FunctionElement[bytes]):  # noqa: N801 - it reads as the function in SQL that it is
    """The ids or hashes of many rows as one value, in no order: to fetch each takes longer than to find it."""

    type = Packed()
    inherit_cache = True


@compiles(packed)
def _packed(element: Any, compiler: Any, **more: Any) -> str:
    each = compiler.process(element.clauses, **more)
    return f"string_agg({f'uuid_send({each})' if _is_id(element) else each}, CAST('' AS BYTEA))"


@compiles(packed, "sqlite")
def _packed_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    each = compiler.process(element.clauses, **more)
    return f"group_concat({each if _is_id(element) else f'hex({each})'}, '')"


def _is_id(element: Any) -> bool:
    return isinstance(element.clauses.clauses[0].type, Uuid)
