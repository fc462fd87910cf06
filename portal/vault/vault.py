"""Keys per (holder, retention class), sealing with them, and look-ups by keyed hash.

Destroying a key is what retention and erasure come down to. Keys are written in a short transaction of their own before
the rows they seal, and deleted before those rows: a crash between leaves a key without rows, never a row whose
key was promised and lost (decision 0003).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, Engine, Select, bindparam, delete, insert, select, union_all
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from portal.vault.bulk import in_one, insert_many, insert_together
from portal.vault.envelope import (
    HEADER,
    INSTALLATION,
    NULL,
    Holder,
    Json,
    Place,
    open_bytes,
    open_text,
    read_together,
    seal_bytes,
    version_of,
)
from portal.vault.key import Key, key_binding
from portal.vault.many import Rows, open_many
from portal.vault.master import KEY_BYTES, MasterKey
from portal.vault.tables import data_key, lookup

LOOKUP_CLASS = "lookup"
CHUNK = 500  # holders a statement: below SQLite's limit of bound values


# By kind apart from id: a list of pairs makes SQLite read every key there is.
_KEYS = select(
    data_key.c.holder_kind,
    data_key.c.holder_id,
    data_key.c.retention,
    data_key.c.version,
    data_key.c.master_id,
    data_key.c.wrapped,
)


def _of(number: int) -> Select[Any]:
    kind: BindParameter[str] = bindparam(f"kind{number}", type_=data_key.c.holder_kind.type)
    holder: BindParameter[UUID] = bindparam(f"id{number}", type_=data_key.c.holder_id.type)
    return _KEYS.where(data_key.c.holder_kind == kind, data_key.c.holder_id == holder)


KEYS = _KEYS.where(
    data_key.c.holder_kind == bindparam("kind"), data_key.c.holder_id.in_(bindparam("ids", expanding=True))
)
FEW = (_of(0), union_all(_of(0), _of(1)))  # of one holder, of two: half as dear, and what most pages ask
FOUND_BY = select(lookup.c.digest, lookup.c.holder_kind, lookup.c.holder_id).where(
    lookup.c.kind == bindparam("kind"), lookup.c.digest.in_(bindparam("digests", expanding=True))
)
ADD_KEYS = insert(data_key)


class Shredded(Exception):
    """The key of a sealed value is gone: the value was erased or its term has ended."""


class Vault:
    """One unit of work's view on the keys. Opened keys live as long as this object; make one per unit of work."""

    def __init__(self, engine: Engine, master: MasterKey) -> None:
        self._engine = engine
        self._apart = engine.dialect.name == "postgresql"
        self._master = master
        self._keys: dict[tuple[Holder, str], dict[int, Key]] = {}
        self._known: set[Holder] = set()
        self._hashes: dict[str, hmac.HMAC] = {}  # by kind, begun with the key of look-ups

    # sealing ------------------------------------------------------------------------------------------------------

    def seal(self, holder: Holder, retention: str, place: Place, value: Json) -> bytes:
        """Seals a JSON value; makes the holder's key of that class when there is none yet."""
        return self._newest(holder, retention).seal(place, value)

    def key_to_seal(self, holder: Holder, retention: str) -> Key:
        """What `seal` seals with, for whoever seals many values of one holder."""
        return self._newest(holder, retention)

    def open(self, holder: Holder, retention: str, place: Place, blob: bytes) -> Json:
        """The value. Raises Shredded when the key is gone, Tampered when the blob is not what was sealed here."""
        return self._key(holder, retention, version_of(blob)).open(place, blob)

    def open_rows(
        self, holder: Holder, table: str, column: str, rows: Iterable[tuple[UUID | str, str, bytes]]
    ) -> list[Json]:
        """`open` for many rows of one holder, each (row, retention class, blob), in their order; None in the place of
        what was shredded. A row by its id, or by that in hex. What they are bound to is as `Place.bind` has it."""
        opened: list[bytes] = []
        asked: tuple[str, bytes] | None = None
        for row, retention, blob in rows:
            if asked != (which := (retention, blob[: HEADER.size])):  # rows of a class mostly lie together
                asked, key = which, self._held(holder, retention).get(version_of(blob))
            at = row if isinstance(row, str) else row.hex
            opened.append(open_text(key.cipher, f"{table}|{column}|{at}|{key.name}".encode(), blob) if key else NULL)
        return read_together(opened)

    def open_many(self, *lists: Rows) -> list[list[Json]]:
        """`open_rows` for rows of many holders, list by list."""
        with self._look() as connection:
            return open_many(connection, self._master, lists)

    def seal_file(self, holder: Holder, retention: str, place: Place, content: bytes) -> bytes:
        key = self._newest(holder, retention)
        return seal_bytes(key.cipher, key.version, place.bind(key.name), content)

    def open_file(self, holder: Holder, retention: str, place: Place, blob: bytes) -> bytes:
        key = self._key(holder, retention, version_of(blob))
        return open_bytes(key.cipher, place.bind(key.name), blob)

    # keys ---------------------------------------------------------------------------------------------------------

    def preload(self, holders: Iterable[Holder]) -> None:
        """Fetches the keys of many holders in one statement a chunk, so that a list page asks once."""
        wanted = [holder for holder in dict.fromkeys(holders) if holder not in self._known]
        if not wanted:
            return
        self._known.update(wanted)
        with self._look() as connection:
            if len(wanted) <= len(FEW):
                asked = {f"{name}{n}": value for n, each in enumerate(wanted) for name, value in each._asdict().items()}
                self._take(connection.execute(FEW[len(wanted) - 1], asked))
                return
            for kind, ids in by_kind(wanted).items():
                for start in range(0, len(ids), CHUNK):
                    self._take(connection.execute(KEYS, {"kind": kind, "ids": ids[start : start + CHUNK]}))

    def _take(self, rows: Iterable[Any]) -> None:
        for kind, holder_id, retention, version, master_id, wrapped in rows:
            holder = Holder(kind, holder_id)
            raw = self._master.unwrap(master_id, wrapped, key_binding(holder, retention, version))
            self._keys.setdefault((holder, retention), {})[version] = Key(holder, retention, version, raw)

    def let_go(self) -> None:
        """Forgets opened keys, but for the installation: for what passes by more people than memory should hold."""
        kept = {pair: keys for pair, keys in self._keys.items() if pair[0] == INSTALLATION}
        self._keys, self._known = kept, {holder for holder, _ in kept}

    def create_keys(self, wanted: Collection[tuple[Holder, str]]) -> None:
        """Makes the first key of each (holder, class) that has none, in one transaction: for bulk imports."""
        self.preload(holder for holder, _ in wanted)
        missing = [pair for pair in dict.fromkeys(wanted) if pair not in self._keys]
        if not missing:
            return
        fresh = {pair: os.urandom(KEY_BYTES) for pair in missing}
        try:
            with self._engine.begin() as connection:
                insert_many(connection, data_key, [self._row(*pair, 1, key) for pair, key in fresh.items()])
        except IntegrityError:  # somebody else made one of them just now
            self._known.difference_update(holder for holder, _ in missing)
            for holder, retention in missing:
                self._newest(holder, retention)
            return
        for pair, key in fresh.items():
            self._keys[pair] = {1: Key(*pair, 1, key)}

    def begin(self, holder: Holder, wanted: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        """The first keys of a holder whose id was made just now: for each class, the (kind, normalised text) pairs by
        which the holder can be found within it. In one transaction."""
        fresh = {retention: os.urandom(KEY_BYTES) for retention in wanted}
        found_by = [
            self._entry(holder, retention, kind, text)
            for retention, entries in wanted.items()
            for kind, text in entries
        ]
        rows = [(data_key, self._row(holder, retention, 1, key)) for retention, key in fresh.items()]
        rows += [(lookup, entry) for entry in found_by]
        with self._writing(at_once=in_one(rows)) as connection:
            insert_together(connection, rows)
        self._known.add(holder)
        for retention, key in fresh.items():
            self._keys[holder, retention] = {1: Key(holder, retention, 1, key)}

    def has_key(self, holder: Holder, retention: str) -> bool:
        self.preload([holder])
        return (holder, retention) in self._keys

    def versions(self, holder: Holder, retention: str) -> frozenset[int]:
        """Of the keys of that class that are still there."""
        self.preload([holder])
        return frozenset(self._keys.get((holder, retention), ()))

    def destroy(self, holder: Holder, retention: str | None = None) -> int:
        """Destroys a holder's keys and look-ups of one class, or all; returns how many keys there were."""
        keys = delete(data_key).where(data_key.c.holder_kind == holder.kind, data_key.c.holder_id == holder.id)
        hashes = delete(lookup).where(lookup.c.holder_kind == holder.kind, lookup.c.holder_id == holder.id)
        if retention is not None:
            keys = keys.where(data_key.c.retention == retention)
            hashes = hashes.where(lookup.c.retention == retention)
        with self._engine.begin() as connection:
            gone = connection.execute(keys).rowcount
            connection.execute(hashes)
        self._forget(holder)
        return gone

    def begin_new_version(self, holder: Holder, retention: str) -> int:
        """Adds the next key of a class; what is sealed from now on uses it. The old one stays until destroyed."""
        version = self._newest(holder, retention).version
        with self._engine.begin() as connection:
            connection.execute(ADD_KEYS, self._row(holder, retention, version + 1, os.urandom(KEY_BYTES)))
        self._forget(holder)
        return version + 1

    def destroy_older(self, holder: Holder, retention: str, than: int) -> None:
        """Destroys the versions before `than`, once everything that remains was sealed anew."""
        with self._engine.begin() as connection:
            connection.execute(
                delete(data_key).where(
                    data_key.c.holder_kind == holder.kind,
                    data_key.c.holder_id == holder.id,
                    data_key.c.retention == retention,
                    data_key.c.version < than,
                )
            )
        self._forget(holder)

    # look-ups -----------------------------------------------------------------------------------------------------

    def digest(self, kind: str, text: str) -> bytes:
        """The keyed hash of an already normalised text; a citizen number is never given here (UAVG 46)."""
        begun = self._hashes.get(kind)
        if begun is None:
            key = self._newest(INSTALLATION, LOOKUP_CLASS)
            begun = self._hashes[kind] = hmac.new(key.raw, f"{kind}\0".encode(), "sha256")
        hashed = begun.copy()
        hashed.update(text.encode())
        return hashed.digest()

    def index(self, holder: Holder, retention: str, entries: Iterable[tuple[str, str]]) -> None:
        """Replaces what the holder can be found by within this class: (kind, normalised text) pairs."""
        self.index_many({(holder, retention): list(entries)})

    def index_many(self, wanted: Mapping[tuple[Holder, str], list[tuple[str, str]]]) -> None:
        rows = [
            self._entry(holder, retention, kind, text)
            for (holder, retention), entries in wanted.items()
            for kind, text in dict.fromkeys(entries)
        ]
        by_class: dict[str, list[Holder]] = {}
        for holder, retention in wanted:
            by_class.setdefault(retention, []).append(holder)
        with self._engine.begin() as connection:
            for retention, holders in by_class.items():
                for kind, ids in by_kind(holders).items():
                    for start in range(0, len(ids), CHUNK):
                        connection.execute(
                            delete(lookup).where(
                                lookup.c.holder_kind == kind,
                                lookup.c.holder_id.in_(ids[start : start + CHUNK]),
                                lookup.c.retention == retention,
                            )
                        )
            insert_many(connection, lookup, rows)

    def find(self, kind: str, text: str, holder_kind: str = "student") -> list[UUID]:
        """The ids of the holders that carry this text, in a stable order."""
        return self.holders_of(kind, self.digest(kind, text), holder_kind)

    def holders_of(self, kind: str, digest: bytes, holder_kind: str = "student") -> list[UUID]:
        """The same by a digest that was kept instead of the text."""
        statement = (
            select(lookup.c.holder_id)
            .where(lookup.c.kind == kind, lookup.c.digest == digest, lookup.c.holder_kind == holder_kind)
            .order_by(lookup.c.holder_id)
        )
        with self._look() as connection:
            return list(connection.execute(statement).scalars())

    def find_many(self, kind: str, texts: Collection[str], holder_kind: str = "student") -> dict[str, list[UUID]]:
        """`find` for many texts, with one statement a chunk.

        The kind of holder is looked at here: asked for beside the digests, SQLite goes by it alone and reads every
        look-up there is.
        """
        by_digest = {self.digest(kind, text): text for text in texts}
        found: dict[str, list[UUID]] = {text: [] for text in texts}
        digests = list(by_digest)
        with self._look() as connection:
            for start in range(0, len(digests), CHUNK):
                asked = {"kind": kind, "digests": digests[start : start + CHUNK]}
                for digest, whose, holder_id in connection.execute(FOUND_BY, asked):
                    if whose == holder_kind:
                        found[by_digest[digest]].append(holder_id)
        return {text: sorted(holders) for text, holders in found.items()}

    # inside -------------------------------------------------------------------------------------------------------

    def _look(self) -> Connection:
        """For statements that only read. On PostgreSQL each stands alone: BEGIN and ROLLBACK need not travel."""
        connection = self._engine.connect()
        return connection.execution_options(isolation_level="AUTOCOMMIT") if self._apart else connection

    def _writing(self, at_once: bool) -> AbstractContextManager[Connection]:
        """A transaction; for what is one statement (`at_once`), on PostgreSQL none but its own, as in `_look`."""
        return self._look() if at_once and self._apart else self._engine.begin()

    def _held(self, holder: Holder, retention: str) -> dict[int, Key]:
        """The keys of a class by version; none where there is none."""
        held = self._keys.get((holder, retention))
        if held is None:
            self.preload([holder])
            held = self._keys.get((holder, retention), {})
        return held

    def _key(self, holder: Holder, retention: str, version: int) -> Key:
        held = self._held(holder, retention)
        if version not in held:
            raise Shredded(f"no key for {holder.kind} {retention}")
        return held[version]

    def _newest(self, holder: Holder, retention: str) -> Key:
        held = self._held(holder, retention)
        if not held:
            raw = os.urandom(KEY_BYTES)
            try:
                with self._writing(at_once=True) as connection:
                    connection.execute(ADD_KEYS, self._row(holder, retention, 1, raw))
            except IntegrityError:  # a lost race: theirs is read
                self._forget(holder)
                held = self._held(holder, retention)
            else:
                held = self._keys[holder, retention] = {1: Key(holder, retention, 1, raw)}
        return held[max(held)]

    def _entry(self, holder: Holder, retention: str, kind: str, text: str) -> dict[str, object]:
        return {
            "kind": kind,
            "digest": self.digest(kind, text),
            "holder_kind": holder.kind,
            "holder_id": holder.id,
            "retention": retention,
        }

    def _row(self, holder: Holder, retention: str, version: int, key: bytes) -> dict[str, object]:
        master_id, wrapped = self._master.wrap(key, key_binding(holder, retention, version))
        return {
            "id": uuid7(),
            "holder_kind": holder.kind,
            "holder_id": holder.id,
            "retention": retention,
            "version": version,
            "master_id": master_id,
            "wrapped": wrapped,
        }

    def _forget(self, holder: Holder) -> None:
        self._known.discard(holder)
        for pair in [pair for pair in self._keys if pair[0] == holder]:
            del self._keys[pair]
        if holder == INSTALLATION:
            self._hashes.clear()


def by_kind(holders: Iterable[Holder]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for holder in holders:
        found.setdefault(holder.kind, []).append(holder.id)
    return found
