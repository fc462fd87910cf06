"""The very rows that an import wrote, sealed anew and written with executemany into empty tables of another
installation: what sealing and writing them take at the least. Finding and opening them is not counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, insert, select

from benchmarks.kit.estate import Estate
from benchmarks.kit.meter import own_cpu
from portal.records.db import db, to_write
from portal.records.tables.people import Branch, Record, Student
from portal.vault.envelope import Holder, Place
from portal.vault.key import Key, key_binding
from portal.vault.master import MasterKey
from portal.vault.tables import data_key, lookup
from portal.vault.vault import Vault

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
        master = self.place.app.extensions["master_key"]
        vault = Vault(keys, master)
        with (
            main.connect() as there,
            keys.connect() as there_keys,
            to_write(new_main) as written,
        ):
            written.execute(insert(Branch.__table__), _rows(there, Branch.__table__))
            ids = list(there.execute(select(Student.id)).scalars())
            for start in range(0, len(ids), STUDENTS):
                few = Few(vault, master, there, there_keys, ids[start : start + STUDENTS])
                self.records += len(few.records)
                self.spent["sealing"] += own_cpu(few.seal)
                self.spent["executemany"] += own_cpu(lambda few=few: few.insert(written, new_keys))
            self.spent["executemany"] += own_cpu(written.commit)


class Few:
    """Some students with all that was written of them, opened."""

    def __init__(
        self, vault: Vault, master: MasterKey, main: Connection, keys: Connection, students: Sequence[object]
    ) -> None:
        self.vault, self.master = vault, master
        self.students = _rows(main, Student.__table__, Student.id.in_(students))
        self.records = _rows(main, Record.__table__, Record.student_id.in_(students))
        self.keys = _rows(keys, data_key, data_key.c.holder_kind == "student", data_key.c.holder_id.in_(students))
        self.lookups = _rows(keys, lookup, lookup.c.holder_kind == "student", lookup.c.holder_id.in_(students))
        self.opened = {(row["holder_id"], row["retention"]): self._key(row) for row in self.keys}
        self.values = [
            self.opened[row["student_id"], row["retention"]].open(Place("record", "sealed", row["id"]), row["sealed"])
            for row in self.records
        ]

    def _key(self, row: dict[str, Any]) -> Key:
        raw = self.master.unwrap(row["master_id"], row["wrapped"], _bound(row))
        return Key(Holder(row["holder_kind"], row["holder_id"]), row["retention"], row["version"], raw)

    def seal(self) -> None:
        fresh = {}
        for row in self.keys:
            raw = self.opened[row["holder_id"], row["retention"]].raw
            row["master_id"], row["wrapped"] = self.master.wrap(raw, _bound(row))
            holder = Holder(row["holder_kind"], row["holder_id"])
            fresh[holder.id, row["retention"]] = Key(holder, row["retention"], row["version"], raw)
        for row in self.lookups:
            row["digest"] = self.vault.digest(row["kind"], f"{row['id']}{LOOKED_UP}")
        for row, value in zip(self.records, self.values, strict=True):
            row["sealed"] = fresh[row["student_id"], row["retention"]].seal(Place("record", "sealed", row["id"]), value)
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


def _bound(key: dict[str, Any]) -> bytes:
    return key_binding(Holder(key["holder_kind"], key["holder_id"]), key["retention"], key["version"])


def _rows(connection: Connection, table: Any, *where: Any) -> Rows:
    return [dict(row) for row in connection.execute(select(table).where(*where)).mappings()]
