"""The very rows that an import wrote, sealed anew and written with executemany into empty tables of another
installation: what sealing and writing them take at the least. Finding and opening them is not counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, insert, select

from benchmarks.kit.estate import Estate
from benchmarks.kit.meter import own_cpu
from portal.records.db import WRITE, db
from portal.records.tables.people import Branch, Record, Student
from portal.vault.envelope import Holder, Place, open_json, seal_json, version_of
from portal.vault.tables import data_key, lookup
from portal.vault.vault import Vault, key_binding

STUDENTS = 200  # at a time: memory stays small
LOOKED_UP = "student1@example.org"  # what a digest is taken of: an address, and the hash of a record's contents
CONTENTS = "0123456789abcdef" * 4

Rows = list[dict[str, Any]]


class Again:
    """`spent` are the processor seconds of sealing and of executemany, `records` how many there were."""

    def __init__(self, place: Estate, beside: Estate) -> None:
        self.place, self.beside = place, beside
        self.spent = {"sealing": 0.0, "executemany": 0.0}
        self.records = 0

    def write(self) -> None:
        (main, keys), (new_main, new_keys) = _engines(self.place.app), _engines(self.beside.app)
        vault = Vault(keys, self.place.app.extensions["master_key"])
        with (
            main.connect() as there,
            keys.connect() as there_keys,
            new_main.connect().execution_options(**{WRITE: True}) as written,
        ):
            written.execute(insert(Branch.__table__), _rows(there, Branch.__table__))
            ids = list(there.execute(select(Student.id)).scalars())
            for start in range(0, len(ids), STUDENTS):
                few = Few(vault, there, there_keys, ids[start : start + STUDENTS])
                self.records += len(few.records)
                self.spent["sealing"] += own_cpu(few.seal)
                self.spent["executemany"] += own_cpu(lambda few=few: few.insert(written, new_keys))
            self.spent["executemany"] += own_cpu(written.commit)


class Few:
    """Some students with all that was written of them, opened."""

    def __init__(self, vault: Vault, main: Connection, keys: Connection, students: Sequence[object]) -> None:
        self.vault = vault
        self.students = _rows(main, Student.__table__, Student.id.in_(students))
        self.records = _rows(main, Record.__table__, Record.student_id.in_(students))
        self.keys = _rows(keys, data_key, data_key.c.holder_id.in_(students))
        self.lookups = _rows(keys, lookup, lookup.c.holder_id.in_(students))
        self.opened: dict[tuple[object, str], tuple[Holder, int, bytes]] = {}
        for row in self.keys:
            holder = Holder(row["holder_kind"], row["holder_id"])
            bound = key_binding(holder, row["retention"], row["version"])
            key = vault._master.unwrap(row["master_id"], row["wrapped"], bound)
            self.opened[holder.id, row["retention"]] = holder, row["version"], key
        self.values = [self._open(row) for row in self.records]

    def _open(self, row: dict[str, Any]) -> object:
        holder, _, key = self.opened[row["student_id"], row["retention"]]
        bound = Place("record", "sealed", row["id"]).bind(holder, row["retention"], version_of(row["sealed"]))
        return open_json(key, bound, row["sealed"])

    def seal(self) -> None:
        for row in self.keys:
            holder, version, key = self.opened[row["holder_id"], row["retention"]]
            row["master_id"], row["wrapped"] = self.vault._master.wrap(
                key, key_binding(holder, row["retention"], version)
            )
        for row in self.lookups:
            row["digest"] = self.vault.digest(row["kind"], f"{row['id']}{LOOKED_UP}")
        for row, value in zip(self.records, self.values, strict=True):
            holder, version, key = self.opened[row["student_id"], row["retention"]]
            bound = Place("record", "sealed", row["id"]).bind(holder, row["retention"], version)
            row["sealed"] = seal_json(key, version, bound, value)
            row["natural_key"] = self.vault.digest("record", f"{row['id']}{LOOKED_UP}")
            row["import_digest"] = self.vault.digest("import", CONTENTS)

    def insert(self, main: Connection, keys: Engine) -> None:
        with keys.begin() as connection:
            connection.execute(insert(data_key), self.keys)
            connection.execute(insert(lookup), self.lookups)
        main.execute(insert(Student.__table__), self.students)
        main.execute(insert(Record.__table__), self.records)


def _engines(app: Flask) -> tuple[Engine, Engine]:
    with app.app_context():
        return db.engines[None], db.engines["keys"]


def _rows(connection: Connection, table: Any, *where: Any) -> Rows:
    return [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]
