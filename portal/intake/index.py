"""What reading must remember of a whole export, without growing in memory with it.

Kept in a nameless SQLite database that the system removes by itself: keyed digests and dates only, so that nothing
readable about a student reaches the disk, and a page cache of fixed size.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from datetime import date
from enum import IntEnum
from types import TracebackType

from portal.domain.retention import last_programme_end

_CACHED = 2048
_BATCH = 1000


class Standing(IntEnum):
    """What became of a student's own line."""

    UNKNOWN = 0  # has none
    ADMITTED = 1
    LEFT_OUT = 2  # the line was bad
    HELD = 3  # past the retention term: waits for a decision


class StudentIndex:
    """Students' standing, the end of their last programme, and which records have been met. Use as a context."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            PRAGMA cache_size = -2048;
            CREATE TABLE student (
                id INTEGER PRIMARY KEY,
                standing INTEGER NOT NULL DEFAULT 0,
                last_end INTEGER,
                running INTEGER NOT NULL DEFAULT 0
            );
            CREATE TABLE kept (id INTEGER, class TEXT, PRIMARY KEY (id, class)) WITHOUT ROWID;
            CREATE TABLE met (kind INTEGER, id INTEGER, digest INTEGER, PRIMARY KEY (kind, id, digest)) WITHOUT ROWID;
            BEGIN;
            """
        )
        self._ids: dict[str, int] = {}
        self._standings: dict[str, Standing] = {}
        self._ends: list[tuple[int, int | None, int]] = []
        self._kept: list[tuple[int, str]] = []

    def __enter__(self) -> StudentIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def add_programme(self, number: str, end: date | None) -> None:
        """A programme of a student, ended or (None) running."""
        self._ends.append((self._id(number), end.toordinal() if end else None, int(end is None)))
        if len(self._ends) >= _BATCH:
            self._flush()

    def add_facts(self, number: str, classes: Iterable[str]) -> None:
        """The student has records in these retention classes."""
        student = self._id(number)
        self._kept.extend((student, each) for each in classes)
        if len(self._kept) >= _BATCH:
            self._flush()

    def last_end(self, number: str) -> tuple[bool, date | None]:
        """Whether there is any programme, and the end of the last one (None while one runs or where there is none)."""
        self._flush()
        row = self._db.execute("SELECT last_end, running FROM student WHERE id = ?", (self._id(number),)).fetchone()
        if row is None:
            return False, None
        ended = date.fromordinal(row[0]) if row[0] else None
        return True, last_programme_end([*([ended] if ended else []), *([None] if row[1] else [])])

    def classes(self, number: str) -> frozenset[str]:
        """What `add_facts` told of the student."""
        self._flush()
        return frozenset(
            each for (each,) in self._db.execute("SELECT class FROM kept WHERE id = ?", (self._id(number),))
        )

    def settle(self, number: str, standing: Standing) -> None:
        self._standings.pop(number, None)
        self._db.execute(
            """INSERT INTO student (id, standing) VALUES (?, ?)
               ON CONFLICT (id) DO UPDATE SET standing = excluded.standing""",
            (self._id(number), int(standing)),
        )

    def standing(self, number: str) -> Standing:
        known = self._standings.get(number)
        if known is None:
            row = self._db.execute("SELECT standing FROM student WHERE id = ?", (self._id(number),)).fetchone()
            known = Standing(row[0]) if row else Standing.UNKNOWN
            if len(self._standings) >= _CACHED:
                self._standings.clear()
            self._standings[number] = known
        return known

    def first_meeting(self, kind: int, number: str, key: tuple[object, ...]) -> bool:
        """Whether this record of the student has not been met before; it has from now on."""
        # str hashes are salted per process and 64 bits wide; a clash would need two equal ones of one student and kind.
        cursor = self._db.execute("INSERT OR IGNORE INTO met VALUES (?, ?, ?)", (kind, self._id(number), hash(key)))
        return cursor.rowcount > 0

    def _id(self, number: str) -> int:
        known = self._ids.get(number)
        if known is None:
            digest = hashlib.blake2b(number.encode(), key=self._salt, digest_size=8).digest()
            known = int.from_bytes(digest, signed=True)
            if len(self._ids) >= _CACHED:
                self._ids.clear()
            self._ids[number] = known
        return known

    def _flush(self) -> None:
        if self._ends:
            self._db.executemany(
                """INSERT INTO student (id, last_end, running) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET
                   last_end = max(coalesce(last_end, 0), coalesce(excluded.last_end, 0)),
                   running = running | excluded.running""",
                self._ends,
            )
            self._ends.clear()
        if self._kept:
            self._db.executemany("INSERT OR IGNORE INTO kept VALUES (?, ?)", self._kept)
            self._kept.clear()
