"""The end of each student's last programme, gathered while an export goes by.

Kept in a nameless database that the system removes by itself, so that memory does not grow with the export: random ids
and days only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from uuid import UUID

BATCH = 1000


class ProgrammeEnds:
    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE ends (student BLOB PRIMARY KEY, latest INTEGER, running INTEGER) WITHOUT ROWID;
            BEGIN;
            """
        )
        self._waiting: list[tuple[bytes, int, bool]] = []

    def add(self, student_id: UUID, ended: date | None) -> None:
        """A programme, ended or (None) running."""
        self._waiting.append((student_id.bytes, ended.toordinal() if ended else 0, ended is None))
        if len(self._waiting) >= BATCH:
            self._flush()

    def last(self) -> Iterator[dict[UUID, date | None]]:
        """The end of everybody's last programme, some at a time; None while one runs."""
        self._flush()
        found = self._db.execute("SELECT student, CASE running WHEN 0 THEN latest END FROM ends")
        while rows := found.fetchmany(BATCH):
            yield {UUID(bytes=student): date.fromordinal(latest) if latest else None for student, latest in rows}

    def _flush(self) -> None:
        self._db.executemany(
            """INSERT INTO ends VALUES (?, ?, ?) ON CONFLICT (student) DO UPDATE SET
               latest = max(latest, excluded.latest), running = running | excluded.running""",
            self._waiting,
        )
        self._waiting.clear()
