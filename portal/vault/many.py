"""Values of many holders, opened together: what a list shows of everybody in it, with one look at their keys.

Ids are as the database gives them: to make of each a UUID and a holder takes longer than to open what is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.types import NULLTYPE

from portal.vault.envelope import AES_256_GCM, HEADER, NULL, Json, open_text, read_together, version_of
from portal.vault.master import MasterKey
from portal.vault.tables import data_key

Id = UUID | str  # a UUID, or its 32 hexadecimal digits
Sealed = tuple[Id, Id, str, bytes]  # whose it is, its row, its retention class, what is sealed


class Rows(NamedTuple):
    """What is to be opened of one table, of holders of one kind."""

    kind: str
    table: str
    column: str
    sealed: Iterable[Sealed]


Wanted = tuple[str, set[tuple[str, str]]]  # a kind, and its holders with their classes
Keys = dict[tuple[str, str, bytes], tuple[str, AESGCM]]  # by holder, class, header of a value: name, cipher


def open_many(connection: Connection, master: MasterKey, lists: Collection[Rows]) -> list[list[Json]]:
    """What the rows of each list hold, in their order; None in the place of what was shredded. Keys of classes that
    are not asked for stay wrapped. What they are bound to is as `Place.bind` has it. Raises Tampered for what was not
    sealed here."""
    wanted = [
        [
            (of if isinstance(of, str) else of.hex, row if isinstance(row, str) else row.hex, retention, blob)
            for of, row, retention, blob in rows.sealed
        ]
        for rows in lists
    ]
    keys = _keys_of(
        connection,
        master,
        [
            (rows.kind, {(holder, retention) for holder, _row, retention, _blob in each})
            for rows, each in zip(lists, wanted, strict=True)
            if each
        ],
    )
    return [_opened(keys, rows, each) for rows, each in zip(lists, wanted, strict=True)]


def _opened(keys: Keys, rows: Rows, wanted: list[tuple[str, str, str, bytes]]) -> list[Json]:
    opened: list[bytes] = []
    for holder, row, retention, blob in wanted:
        key = keys.get((holder, retention, blob[: HEADER.size]))
        if key is None:
            version_of(blob)  # raises where no key could open it
            opened.append(NULL)
        else:
            name, cipher = key
            opened.append(open_text(cipher, f"{rows.table}|{rows.column}|{row}|{name}".encode(), blob))
    return read_together(opened)


def _keys_of(connection: Connection, master: MasterKey, lists: list[Wanted]) -> Keys:
    if not lists:
        return {}
    engine = connection.dialect.name
    asked: dict[str, str] = {}
    one_class = []
    for number, (kind, wanted) in enumerate(lists):
        holders, classes = {holder for holder, _retention in wanted}, {retention for _holder, retention in wanted}
        asked[f"kind_{number}"] = kind
        asked[f"ids_{number}"] = json.dumps([*holders]) if engine == "sqlite" else ",".join(holders)
        one_class.append(len(classes) == 1)  # nearly always
        if one_class[-1]:
            asked[f"retention_{number}"] = classes.pop()
    kind_of = {pair: kind for kind, wanted in lists for pair in wanted}  # no two holders share an id
    found = {}
    rows = connection.execute(_keys(engine, tuple(one_class)), asked).all()
    for holder_id, retention, version, master_id, wrapped in rows:
        holder = holder_id if isinstance(holder_id, str) else holder_id.hex
        if holds := kind_of.get((holder, retention)):
            name = f"{holds}|{holder}|{retention}|{version}"
            raw = master.open(master_id, wrapped, f"data_key|{name}".encode())
            found[holder, retention, HEADER.pack(AES_256_GCM, version)] = name, AESGCM(raw)
    return found


@lru_cache(maxsize=32)
def _keys(engine: str, one_class: tuple[bool, ...]) -> Select[Any] | CompoundSelect[Any]:
    """The keys for so many lists, of which each asks for one retention class or for more."""
    lists = [_keys_for(engine, number, one) for number, one in enumerate(one_class)]
    return union_all(*lists) if len(lists) > 1 else lists[0]


def _keys_for(engine: str, number: int, one_class: bool) -> Select[Any]:
    """All ids are one value: a parameter for each costs SQLAlchemy more than the database needs to find them. Of the
    classes only one is told: for a list of them PostgreSQL makes a new plan each time."""
    ids = bindparam(f"ids_{number}", type_=Text())
    among: ColumnElement[bool]
    if engine == "sqlite":
        among = data_key.c.holder_id.in_(select(func.json_each(ids).table_valued("value").c.value))
    else:
        among = data_key.c.holder_id == any_(cast(func.string_to_array(ids, ","), ARRAY(Uuid)))
    columns = data_key.c.retention, data_key.c.version, data_key.c.master_id, data_key.c.wrapped
    keys = select(type_coerce(data_key.c.holder_id, NULLTYPE), *columns).where(
        data_key.c.holder_kind == bindparam(f"kind_{number}"), among
    )
    return keys.where(data_key.c.retention == bindparam(f"retention_{number}")) if one_class else keys
