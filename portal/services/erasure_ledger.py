"""The ledger of erasures, outside both databases: where it lies, and what a line of it says (decision 0013).

A line is written before anything goes, and beside the keys a mark that they know it. Records know an erasure by its own
row, or by a mark among the tombstones where the student is not in them at all.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import Engine, insert, select
from uuid_utils.compat import uuid7

from config import Settings
from portal.records.db import db, to_write
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import Tombstone
from portal.services.doomed import Doomed, by_kind
from portal.services.unit import Work
from portal.vault.envelope import Holder
from portal.vault.ledger import Ledger, Line
from portal.vault.master import MasterKey
from portal.vault.tables import ledger_mark

ERASURE, KEY = "erasure", "key"  # kinds of lines
REPLAYED = "replayed"  # kind of a tombstone
BEGUN = ("running", "done")  # states of an erasure that may have destroyed something


def path() -> Path:
    return cast(Settings, current_app.config["SETTINGS"]).ledger_file


def ledger() -> Ledger:
    return Ledger(path(), cast(MasterKey, current_app.extensions["master_key"]))


def graves(line: Line, doomed: Doomed) -> Mapping[str, bytes]:
    """The tombstones of a line, of each kind one after the other; lines of older versions have them beside the plan."""
    return doomed.graves or by_kind(line.body.get("tombstones", {}))


# --- writing it


def remember(work: Work, erasure: Erasure, doomed: Doomed) -> None:
    """Writes an erasure down, with its plan and the tombstones in it. Twice changes nothing."""
    body = {
        "student": erasure.student_id.hex,
        "case": erasure.case_id.hex if erasure.case_id else None,
        "by": erasure.by_id.hex if erasure.by_id else None,
        "cause": erasure.cause,
        "begun": (erasure.begun_at or work.now).isoformat(),
        "plan": doomed.as_text(),
    }
    _keep(Line(erasure.id, ERASURE, body))


def destroy_key(work: Work, holder: Holder, retention: str) -> None:
    """Destroys a key before its term, and writes that down: copies of an identity document, addresses of last mails."""
    if work.vault.has_key(holder, retention):
        body = {"holder": [holder.kind, holder.id.hex], "retention": retention}
        _keep(Line(uuid7(), KEY, body))
        work.vault.destroy(holder, retention)


def _keep(line: Line) -> None:
    mark(line.id)
    ledger().append(line)


def mark(erasure_id: UUID) -> None:
    """Notes that the keys know it; twice changes nothing."""
    with to_write(_keys()) as connection:
        if connection.execute(select(ledger_mark.c.id).where(ledger_mark.c.id == erasure_id)).first() is None:
            connection.execute(insert(ledger_mark).values(id=erasure_id))


def _keys() -> Engine:
    return db.engines["keys"]


# --- what a backup that was put back does not know


def unknown() -> set[UUID]:
    """The numbers in the ledger that the records or the keys do not know."""
    told = ledger().ids()
    if not told:
        return set()
    with _keys().connect() as connection:
        in_keys = set(connection.execute(select(ledger_mark.c.id)).scalars())
    erasures = {each for each, kind in told.items() if kind == ERASURE}
    with db.engines[None].connect() as connection:
        begun = select(Erasure.id).where(Erasure.state.in_(BEGUN))
        in_main = set(connection.execute(begun).scalars())
        marks = set(connection.execute(select(Tombstone.digest).where(Tombstone.kind == REPLAYED)).scalars())
    in_main |= {each for each in erasures - in_main if replayed_mark(each) in marks}
    return (set(told) - in_keys) | (erasures - in_main)


def replayed_mark(erasure_id: UUID) -> bytes:
    """By what records know an erasure of somebody whom they do not hold."""
    return hashlib.sha256(b"replayed|" + erasure_id.bytes).digest()


# --- a machine that lost it


def take_over(text: str) -> None:
    """Writes the ledger of a backup where this machine has none."""
    if not path().exists():
        path().parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
