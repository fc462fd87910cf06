"""Whether the databases have been prepared: what to say instead of a driver's own words."""

from __future__ import annotations

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from portal.records.db import db


def why_not_prepared() -> str:
    """A sentence, or "" when both databases answer and have their tables."""
    for bind, name in ((None, "main"), ("keys", "keys")):
        try:
            empty = not inspect(db.engines[bind]).get_table_names()
        except SQLAlchemyError:
            return f"The {name} database does not answer: is it running, and is its address right?"
        if empty:
            return f"The {name} database has no tables yet: run `make setup`."
    return ""
