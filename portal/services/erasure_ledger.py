"""The ledger of erasures, outside both databases: where it lies, and what a line of it says (decision 0011)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import Engine, insert, select

from config import Settings
from portal.vault.ledger import Ledger, Line
from portal.vault.master import MasterKey
from portal.vault.tables import ledger_mark


def path() -> Path:
    return cast(Settings, current_app.config["SETTINGS"]).ledger_file


def ledger() -> Ledger:
    return Ledger(path(), cast(MasterKey, current_app.extensions["master_key"]))


def keep(line: Line, keys: Engine) -> None:
    """Marks the erasure beside the keys, then writes it down. Call it before anything goes; twice changes nothing."""
    mark(line.id, keys)
    ledger().append(line)


def mark(erasure_id: UUID, keys: Engine) -> None:
    with keys.begin() as connection:
        if connection.execute(select(ledger_mark.c.id).where(ledger_mark.c.id == erasure_id)).first() is None:
            connection.execute(insert(ledger_mark).values(id=erasure_id))


def take_over(text: str) -> None:
    """Writes the ledger of a backup where this machine has none."""
    if not path().exists():
        path().parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
