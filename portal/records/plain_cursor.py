"""A cursor of psycopg's that describes its columns in as few words as are read, and takes values as they are kept."""

from __future__ import annotations

from typing import Any

import psycopg


class PlainCursor(psycopg.Cursor[Any]):
    """Says of each column its name and its type (PEP 249, description), which is what SQLAlchemy asks. psycopg makes an
    object for each, and looks up what else there is to know: for a statement of forty columns that takes as long as to
    send it.

    What a statement with values answers comes in PostgreSQL's binary format: what is sealed need not be written as
    digits and read again. Not what the catalogue says, of which SQLAlchemy reads some as text."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> PlainCursor:
        if params and isinstance(query, str) and "pg_catalog" not in query:
            more.setdefault("binary", True)
        return super().execute(query, params, **more)

    @property
    def description(self) -> list[Any] | None:
        found = self.pgresult
        if found is None or not found.nfields:
            return None
        return [
            ((found.fname(n) or b"").decode(), found.ftype(n), None, None, None, None, None)
            for n in range(found.nfields)
        ]
