"""Values of many holders, opened together: what a list shows of everybody in it.

Ids are as the database gives them: to make of each a UUID and a holder takes longer than to open what is sealed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import (
    ARRAY,
    ColumnElement,
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
)
from sqlalchemy.types import NULLTYPE

from portal.vault.envelope import AES_256_GCM, HEADER, Json, open_json, version_of
from portal.vault.master import MasterKey
from portal.vault.tables import data_key

Id = UUID | str  # a UUID, or its 32 hexadecimal digits
Sealed = tuple[Id, Id, str, bytes]  # whose it is, its row, its retention class, what is sealed
IDS = bindparam("ids", type_=Text())


def _keys(among: ColumnElement[bool]) -> tuple[Select[Any], Select[Any]]:
    """Of all retention classes, and of one."""
    columns = data_key.c.retention, data_key.c.version, data_key.c.master_id, data_key.c.wrapped
    all_keys = select(type_coerce(data_key.c.holder_id, NULLTYPE), *columns).where(
        data_key.c.holder_kind == bindparam("kind"), among
    )
    return all_keys, all_keys.where(data_key.c.retention == bindparam("retention"))


# All ids are one value: a parameter for each costs SQLAlchemy more than the database needs to find them. Of the classes
# only one is told: for a list of them PostgreSQL makes a new plan each time.
KEYS = {
    "sqlite": _keys(data_key.c.holder_id.in_(select(func.json_each(IDS).table_valued("value").c.value))),
    "postgresql": _keys(data_key.c.holder_id == any_(cast(func.string_to_array(IDS, ","), ARRAY(Uuid)))),
}


def open_many(
    connection: Connection, master: MasterKey, kind: str, table: str, column: str, rows: Iterable[Sealed]
) -> list[Json]:
    """What these rows of one table hold, in their order; None in the place of what was shredded. Keys of classes that
    are not asked for stay wrapped. What they are bound to is as `Place.bind` has it. Raises Tampered for what was not
    sealed here."""
    wanted = [
        (of if isinstance(of, str) else of.hex, row if isinstance(row, str) else row.hex, retention, blob)
        for of, row, retention, blob in rows
    ]
    keys = _keys_of(connection, master, kind, {(holder, retention) for holder, _row, retention, _blob in wanted})
    opened: list[Json] = []
    for holder, row, retention, blob in wanted:
        key = keys.get((holder, retention, blob[: HEADER.size]))
        if key is None:
            version_of(blob)  # raises where no key could open it
            opened.append(None)
        else:
            name, cipher = key
            opened.append(open_json(cipher, f"{table}|{column}|{row}|{name}".encode(), blob))
    return opened


def _keys_of(
    connection: Connection, master: MasterKey, kind: str, wanted: set[tuple[str, str]]
) -> dict[tuple[str, str, bytes], tuple[str, AESGCM]]:
    """By holder, class and the header of what they seal: their names and ciphers."""
    engine = connection.dialect.name
    holders, classes = {holder for holder, _retention in wanted}, {retention for _holder, retention in wanted}
    asked = {"kind": kind, "ids": json.dumps([*holders]) if engine == "sqlite" else ",".join(holders)}
    statement, of_one = KEYS[engine]
    if len(classes) == 1:  # nearly always
        statement, asked["retention"] = of_one, classes.pop()
    found = {}
    for holder_id, retention, version, master_id, wrapped in connection.execute(statement, asked).all():
        holder = holder_id if isinstance(holder_id, str) else holder_id.hex
        if (holder, retention) in wanted:
            name = f"{kind}|{holder}|{retention}|{version}"
            raw = master.open(master_id, wrapped, f"data_key|{name}".encode())
            found[holder, retention, HEADER.pack(AES_256_GCM, version)] = name, AESGCM(raw)
    return found
