"""Put a fresh key-encryption key in front and wrap every data key under it, while the portal runs.

The old key stays in the file: a rotation that was cut short goes on where it stopped, backups of the keys still open,
and processes that have not read the file again lose nothing. `retire` takes old keys out once nothing needs them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy import Engine, func, select, update

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.records.db import db, to_write
from portal.services import erasure_ledger
from portal.services.backup import KEYS_KEPT
from portal.services.unit import writing
from portal.vault.envelope import Holder
from portal.vault.key import key_binding
from portal.vault.master import KEY_BYTES, MasterKey, WrongMaster, read_master, replace_master_file
from portal.vault.tables import data_key

__all__ = ["NotRetired", "Retired", "Rotated", "WrongMaster", "prepare", "retire", "rotate"]

BATCH = 500
DAY = "%Y%m%d"


class NotRetired(Exception):
    """An old key must stay for now; `code` for scripts."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Rotated:
    """The id of the key that wraps now, how many data keys were wrapped anew, and how many keys the file holds."""

    current: str
    wrapped: int
    in_file: int


@dataclass(frozen=True, slots=True)
class Retired:
    gone: tuple[str, ...]
    ledger_lines: int


def prepare(actor: Actor, clock: Clock) -> str:
    """Adds the next key at the end of the file, where it opens and does not wrap yet: so that the file can be copied to
    every machine before one of them begins. Its id; one that was prepared already stays."""
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_SETTINGS)
        keys = read_master(_file()).keys
        found = _prepared(keys)
        if found is None:
            found = _next_id(clock, keys)
            replace_master_file(_file(), {**keys, found: os.urandom(KEY_BYTES)})
            work.note("prepare_key", "installation", None, key=found)
    return found


def rotate(actor: Actor, clock: Clock) -> Rotated:
    """Begins a rotation, or goes on with one that was cut short. Raises WrongMaster when a data key does not open."""
    master = cast(MasterKey, current_app.extensions["master_key"])
    engine = db.engines["keys"]
    current = read_master(_file()).current
    if not _left(engine, current):
        current = _put_in_front(clock)
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_SETTINGS)
        work.note("begin_rotation", "installation", None, key=current)
    wrapped = 0
    while _left(engine, current):
        wrapped += _wrap_some(engine, master, current)
    with writing(actor, clock) as work:
        work.note("rotate_keys", "installation", None, key=current, wrapped=wrapped)
    return Rotated(current, wrapped, len(read_master(_file()).keys))


def retire(actor: Actor, clock: Clock, at_once: bool = False) -> Retired:
    """Takes the keys out of the file under which nothing is wrapped. Raises NotRetired while backups of the keys may
    need them (`at_once` gives those backups up), or while a rotation is under way."""
    master = read_master(_file())
    old = [name for name in master.keys if name != master.current]
    if _left(db.engines["keys"], master.current):
        raise NotRetired("under_way", "data keys are still wrapped under an older key: run keys rotate")
    since = _day_of(master.current)
    if old and not at_once and since is not None and clock.now() - since <= KEYS_KEPT:
        raise NotRetired(
            "backups_need_it", "backups of the keys of the last seven days need the older key: wait, or --now"
        )
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_SETTINGS)
        lines = erasure_ledger.ledger().seal_anew()
        replace_master_file(_file(), {master.current: master.keys[master.current]})
        work.note("retire_keys", "installation", None, keys=old)
    return Retired(tuple(old), lines)


def _file() -> Path:
    return cast(Settings, current_app.config["SETTINGS"]).key_file


def _put_in_front(clock: Clock) -> str:
    """Makes the prepared key, or a fresh one, the current one."""
    keys = read_master(_file()).keys
    name = _prepared(keys) or _next_id(clock, keys)
    key = keys.get(name) or os.urandom(KEY_BYTES)
    replace_master_file(_file(), {name: key, **{other: old for other, old in keys.items() if other != name}})
    return name


def _prepared(keys: dict[str, bytes]) -> str | None:
    """The last key of the file, when it is newer than the first."""
    first, last = next(iter(keys)), list(keys)[-1]
    return last if _number(last) > _number(first) else None


def _next_id(clock: Clock, keys: dict[str, bytes]) -> str:
    """`k2.20261123`: a number that only rises, and the day, by which `retire` knows how old it is."""
    return f"k{max(map(_number, keys)) + 1}.{clock.now().strftime(DAY)}"


def _number(name: str) -> int:
    digits = name.partition(".")[0].removeprefix("k")
    return int(digits) if digits.isdigit() else 0


def _day_of(name: str) -> datetime | None:
    try:
        return datetime.strptime(f"{name.partition('.')[2]}+0000", f"{DAY}%z")
    except ValueError:
        return None


def _left(engine: Engine, current: str) -> int:
    with engine.connect() as connection:
        statement = select(func.count()).select_from(data_key).where(data_key.c.master_id != current)
        return connection.execute(statement).scalar_one()


def _wrap_some(engine: Engine, master: MasterKey, current: str) -> int:
    """One batch in one transaction. A key that was destroyed meanwhile is not made again: its row is gone."""
    with to_write(engine) as connection:
        rows = connection.execute(
            select(data_key)
            .where(data_key.c.master_id != current)
            .order_by(data_key.c.id)
            .limit(BATCH)
            .with_for_update()
        ).all()
        for row in rows:
            binding = key_binding(Holder(row.holder_kind, row.holder_id), row.retention, row.version)
            master_id, wrapped = master.wrap(master.unwrap(row.master_id, row.wrapped, binding), binding)
            connection.execute(
                update(data_key)
                .where(data_key.c.id == row.id, data_key.c.master_id == row.master_id)
                .values(master_id=master_id, wrapped=wrapped)
            )
    return len(rows)
