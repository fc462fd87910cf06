"""Whether anything changed: a hash of every row of every table, on both databases."""

from __future__ import annotations

import hashlib

from sqlalchemy import text

from portal.records.db import db

# What looking changes, by name: the view log with its audit entry, and a session's last-seen.
EXCEPTED = {"view", "audit", "audit_detail", "login"}


def fingerprints() -> dict[str, str]:
    """A hash of every row of every table, on both databases."""
    found = {}
    for bind in (None, "keys"):
        for table in sorted(db.metadatas[bind].tables):
            with db.engines[bind].connect() as connection:
                rows = sorted(map(repr, connection.execute(text(f'SELECT * FROM "{table}"'))))
            found[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def changed(before: dict[str, str]) -> set[str]:
    after = fingerprints()
    return {table for table in after if after[table] != before[table]}
