"""What proves and tells: the chained audit log, the mail outbox, the worker's heartbeat, settings."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class Audit(Model):
    """One entry of the log, chained by hash. Insert-only: triggers refuse update and delete."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(Moment)
    act: Mapped[str] = mapped_column(String(48))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    subject_kind: Mapped[str] = mapped_column(String(12))  # student | case | staff | installation
    subject_id: Mapped[UUID | None]
    commitment: Mapped[bytes] = mapped_column(LargeBinary(32))  # salted hash of the details
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))

    __table_args__ = (Index("ix_audit_subject", "subject_kind", "subject_id", "seq"),)


class AuditDetail(Model):
    """Salt and details of an entry, sealed under its subject's key: gone with the key, the chain stays whole."""

    __tablename__ = "audit_detail"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    holder_kind: Mapped[str] = mapped_column(String(12))
    holder_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_audit_detail_holder", "holder_kind", "holder_id"),)


class AuditSigner(Model):
    """A key that signs checkpoints: the public half, and the private one sealed under the installation's key."""

    __tablename__ = "audit_signer"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    public: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)


class AuditCheckpoint(Model):
    """A head of the log, signed. Numbered without a gap, insert-only like the log."""

    __tablename__ = "audit_checkpoint"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(String(16))  # daily | act
    signer: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary(64))


class OutMail(Model):
    """A mail to be sent: written in the transaction of the act it tells of, delivered at least once.

    Sealed: {"to": address, "arguments": {...}} under the case's, student's or installation's key.
    """

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    dedupe: Mapped[str] = mapped_column(String(120), unique=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(5))
    holder_kind: Mapped[str] = mapped_column(String(12))
    holder_id: Mapped[UUID]
    case_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # of portal.mail.delivery.STATES
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    next_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)  # a sign-in link that has grown old is not sent
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[UUID | None]
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    fault: Mapped[str | None] = mapped_column(String(80))  # a code, never a server's words
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        Index("ix_outbox_state_next", "state", "next_at", "id"),
        Index("ix_outbox_holder", "holder_kind", "holder_id"),
    )


class Setting(Model):
    """Small facts about the installation: the mail circuit, heartbeats, what the director confirmed."""

    __tablename__ = "setting"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(400))
    changed_at: Mapped[datetime] = mapped_column(Moment)
    changed_by: Mapped[UUID | None]
