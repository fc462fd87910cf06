"""Sealed files: stored, opened, removed, and sealed anew under a later key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.records.tables.people import SealedFile
from portal.vault.envelope import Holder, Place
from portal.vault.vault import Vault


def place(file_id: UUID) -> Place:
    return Place("sealed_file", "sealed", file_id)


def store(
    session: Session,
    vault: Vault,
    holder: Holder,
    retention: str,
    purpose: str,
    media_type: str,
    content: bytes,
    at: datetime,
    expires_at: datetime | None = None,
) -> SealedFile:
    """Seals bytes under the holder's key of that class and adds the row."""
    file_id = uuid7()
    sealed = vault.seal_file(holder, retention, place(file_id), content)
    file = SealedFile(
        id=file_id,
        holder_kind=holder.kind,
        holder_id=holder.id,
        retention=retention,
        purpose=purpose,
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(sealed).digest(),
        sealed=sealed,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(file)
    session.flush()
    return file


def content(vault: Vault, file: SealedFile) -> bytes:
    """The bytes. Raises Shredded when the key is gone."""
    return vault.open_file(Holder(file.holder_kind, file.holder_id), file.retention, place(file.id), file.sealed)


def of_holder(session: Session, holder: Holder, retention: str | None = None) -> list[SealedFile]:
    statement = select(SealedFile).where(SealedFile.holder_kind == holder.kind, SealedFile.holder_id == holder.id)
    if retention is not None:
        statement = statement.where(SealedFile.retention == retention)
    return list(session.execute(statement.order_by(SealedFile.id)).scalars())


def pictures_of(session: Session, holder: Holder) -> list[UUID]:
    """The ids of the pictures that are values of the holder's records."""
    statement = select(SealedFile.id).where(SealedFile.holder_kind == holder.kind, SealedFile.holder_id == holder.id)
    return list(session.execute(statement.where(SealedFile.purpose == "screenshot")).scalars())


def remove(session: Session, holder: Holder, file_ids: Iterable[UUID]) -> int:
    """Removes files of this holder and no other's; how many there were."""
    wanted = list(file_ids)
    if not wanted:
        return 0
    gone = session.execute(
        delete(SealedFile)
        .where(SealedFile.id.in_(wanted), SealedFile.holder_kind == holder.kind, SealedFile.holder_id == holder.id)
        .returning(SealedFile.id)
    )
    return len(gone.all())


def reseal(session: Session, holder: Holder, opened: Iterable[tuple[SealedFile, bytes]], vault: Vault) -> None:
    """Seals opened files of one holder under the newest key of their class."""
    for file, plain in opened:
        file.sealed = vault.seal_file(holder, file.retention, place(file.id), plain)
        file.sha256 = hashlib.sha256(file.sealed).digest()
    session.flush()
