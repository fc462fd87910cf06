"""Do the key-encryption key, the keys database and the records belong together?

Production does not start when they do not: a portal that answers with other keys would make new ones beside those that
are missing, and hide for a while that nothing old can be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from portal.audit.checkpoints import CLASS as SIGNER
from portal.audit.log import CLASS as LOG
from portal.records.db import db
from portal.records.tables.people import Record
from portal.records.tables.proof import AuditDetail, AuditSigner
from portal.vault.envelope import INSTALLATION, Holder, Place, Tampered
from portal.vault.key import key_binding
from portal.vault.master import MasterKey, WrongMaster
from portal.vault.tables import data_key
from portal.vault.vault import Shredded, Vault

SOME = 20  # of the oldest and of the newest: erased ones among them open no more, and that is right


class KeysDoNotBelong(Exception):
    """Keys and records are not of one installation; the message says which part is wrong and what to do."""


def why_not(master: MasterKey) -> str:
    """A sentence, or "". Says nothing of databases that are empty or do not answer: others do."""
    try:
        return _wrong_master(db.engines["keys"], master) or _wrong_keys(Vault(db.engines["keys"], master))
    except SQLAlchemyError:
        return ""


def _wrong_master(engine: Engine, master: MasterKey) -> str:
    """Whether one key of each key-encryption key that was used opens."""
    with engine.connect() as connection:
        for master_id in connection.execute(select(data_key.c.master_id).distinct()).scalars().all():
            of_it = select(data_key).where(data_key.c.master_id == master_id)
            row = connection.execute(of_it.order_by(data_key.c.id.desc()).limit(1)).first()
            if row is None:
                continue
            try:
                master.unwrap(
                    master_id,
                    row.wrapped,
                    key_binding(Holder(row.holder_kind, row.holder_id), row.retention, row.version),
                )
            except WrongMaster:
                return (
                    f"KEY_ENCRYPTION_KEY_FILE does not open the keys database (key {master_id!r}): "
                    "put back the file that belongs to it"
                )
    return ""


def _wrong_keys(vault: Vault) -> str:
    """Whether something of the records opens with these keys, where there is anything."""
    tried = 0
    for holder, retention, place, sealed in _samples():
        tried += 1
        try:
            vault.open_file(holder, retention, place, sealed)
        except (Shredded, Tampered):
            continue
        return ""
    if not tried:
        return ""
    return "KEYS_DATABASE_URL holds the keys of other records: restore the keys that belong to DATABASE_URL"


def _samples() -> Iterator[tuple[Holder, str, Place, bytes]]:
    """Sealed values of the installation itself first, then of students, the oldest and the newest."""
    with db.engines[None].connect() as connection:
        for row in connection.execute(select(AuditSigner.id, AuditSigner.sealed).limit(SOME)).all():
            yield INSTALLATION, SIGNER, Place("audit_signer", "sealed", row.id), row.sealed
        for direction in (AuditDetail.seq.asc(), AuditDetail.seq.desc()):
            details = select(AuditDetail.id, AuditDetail.holder_kind, AuditDetail.holder_id, AuditDetail.sealed)
            for row_id, kind, holder_id, sealed in connection.execute(details.order_by(direction).limit(SOME)).all():
                yield Holder(kind, holder_id), LOG, Place("audit_detail", "sealed", row_id), sealed
        for order in (Record.id.asc(), Record.id.desc()):
            records = select(Record.id, Record.student_id, Record.retention, Record.sealed).order_by(order).limit(SOME)
            for row_id, student_id, retention, sealed in connection.execute(records).all():
                yield Holder.student(student_id), retention, Place("record", "sealed", row_id), sealed
