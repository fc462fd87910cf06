"""A cursor of psycopg's that describes its columns in as few words as are read."""

from __future__ import annotations

from typing import Any

import psycopg


class PlainCursor(psycopg.Cursor[Any]):
    """Says of each column its name and its type (PEP 249, description), which is what SQLAlchemy asks. psycopg makes an
    object for each, and looks up what else there is to know: for a statement of forty columns that takes as long as to
    send it."""

    @property
    def description(self) -> list[Any] | None:
        found = self.pgresult
        if found is None or not found.nfields:
            return None
        return [
            ((found.fname(n) or b"").decode(), found.ftype(n), None, None, None, None, None)
            for n in range(found.nfields)
        ]
