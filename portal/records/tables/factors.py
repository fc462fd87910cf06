"""The second factor of staff, the links that set a password anew, and the periodic review of who holds what.

The secret of an authenticator app that is in use stands sealed in `staff`; here is the one being set up.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class TotpSetup(Model):
    """An authenticator app that was shown its secret and has not given a first code yet; one for each account."""

    __tablename__ = "totp_setup"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)


class Passkey(Model):
    """A credential of WebAuthn: the public half only; `name` is the owner's word for the device."""

    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class PasskeyChallenge(Model):
    """What a passkey must sign, hashed, for one session and one purpose; used once."""

    __tablename__ = "passkey_challenge"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(8))  # register | use
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    login_id: Mapped[UUID]
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class RecoveryCode(Model):
    """One of the codes for who lost the device. Its first group finds the row, the rest is hashed (ASVS 6.5.2)."""

    __tablename__ = "recovery_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    handle: Mapped[str] = mapped_column(String(8))
    hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (Index("ix_recovery_code_staff_handle", "staff_id", "handle", unique=True),)


class StaffReset(Model):
    """Whose password a one-time link sets anew, and which administrator asked for it; gone with the link's row."""

    __tablename__ = "staff_reset"

    one_time_id: Mapped[UUID] = mapped_column(ForeignKey("one_time.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    issued_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))


class AccessReview(Model):
    """Somebody looked at a designation and said that it stays, or that it must end (regulation, art. 6)."""

    __tablename__ = "access_review"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    designation_id: Mapped[UUID] = mapped_column(ForeignKey("designation.id"))
    outcome: Mapped[str] = mapped_column(String(12))  # confirmed | to_end | ended
    reviewed_at: Mapped[datetime] = mapped_column(Moment)
    reviewed_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))

    __table_args__ = (Index("ix_access_review_designation_at", "designation_id", "reviewed_at"),)
