"""Signed checkpoints of the log (Ed25519): after decisions and erasures, in their transaction, and daily.

Whoever holds both databases but not the key-encryption key can rewrite the log and its hashes, not its signatures; who
holds all of it is caught by the heads that went out with mails. The signing key lies sealed under the installation's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.audit.log import Entry, head
from portal.audit.verifier import SIGNED_ACTS, moment, signed_bytes
from portal.records.tables.proof import AuditCheckpoint, AuditSigner
from portal.vault.envelope import INSTALLATION, Place
from portal.vault.vault import Shredded, Vault

CLASS = "audit_signer"
DAILY, AFTER_ACT = "daily", "act"
_ROWS = select(AuditCheckpoint.__table__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head of the log; `digest`, `signer` and `signature` in hexadecimal."""

    number: int
    seq: int
    digest: str
    at: str
    reason: str
    signer: str
    signature: str

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def after(session: Session, vault: Vault, at: datetime, entries: Sequence[Entry]) -> None:
    """Signs the head when one of the entries just appended asks for it; call it behind the log's lock."""
    acts = {entry.act for entry in entries}
    if acts & SIGNED_ACTS:
        sign(session, vault, at, DAILY if "checkpoint_audit" in acts else AFTER_ACT)


def sign(session: Session, vault: Vault, at: datetime, reason: str) -> None:
    seq, digest = head(session)
    number = (session.execute(select(func.max(AuditCheckpoint.number))).scalar() or 0) + 1
    body = {"number": number, "seq": seq, "digest": digest.hex(), "at": moment(at), "reason": reason}
    key = _signing_key(session, vault, at)
    session.execute(
        insert(AuditCheckpoint).values(
            number=number,
            seq=seq,
            digest=digest,
            at=at,
            reason=reason,
            signer=key.public_key().public_bytes_raw(),
            signature=key.sign(signed_bytes(body)),
        )
    )


def _signing_key(session: Session, vault: Vault, at: datetime) -> Ed25519PrivateKey:
    """The newest key that opens; a fresh one where there is none, or where its key was lost."""
    row = session.execute(
        select(AuditSigner.id, AuditSigner.sealed)
        .order_by(AuditSigner.created_at.desc(), AuditSigner.id.desc())
        .limit(1)
    ).first()
    if row is not None:
        try:
            raw = vault.open_file(INSTALLATION, CLASS, _place(row.id), row.sealed)
            return Ed25519PrivateKey.from_private_bytes(raw)
        except Shredded:
            pass  # lost with the keys database: operating.md, "When keys are lost"
    key, signer_id = Ed25519PrivateKey.generate(), uuid7()
    session.execute(
        insert(AuditSigner).values(
            id=signer_id,
            public=key.public_key().public_bytes_raw(),
            sealed=vault.seal_file(INSTALLATION, CLASS, _place(signer_id), key.private_bytes_raw()),
            created_at=at,
        )
    )
    return key


def _place(signer_id: Any) -> Place:
    return Place("audit_signer", "sealed", signer_id)


def every(session: Session) -> list[Checkpoint]:
    """All checkpoints, in order."""
    return [_as_checkpoint(row) for row in session.execute(_ROWS.order_by(AuditCheckpoint.number))]


def newest(session: Session) -> Checkpoint | None:
    row = session.execute(_ROWS.order_by(AuditCheckpoint.number.desc()).limit(1)).first()
    return _as_checkpoint(row) if row else None


def _as_checkpoint(row: Any) -> Checkpoint:
    return Checkpoint(
        row.number, row.seq, row.digest.hex(), moment(row.at), row.reason, row.signer.hex(), row.signature.hex()
    )


def signers(session: Session) -> list[bytes]:
    """The public keys of this installation."""
    return list(session.execute(select(AuditSigner.public)).scalars())
