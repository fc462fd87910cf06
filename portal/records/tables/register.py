"""What the school says of its processing: the versions of its register, and what of the policy it has confirmed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.records.db import Model, Moment


class RegisterVersion(Model):
    """One content of the register (GDPR 30(1)) as production had it, numbered without a gap. Nothing of it changes but
    that somebody confirms it, once."""

    __tablename__ = "register_version"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))  # SHA-256 of the content
    content: Mapped[str] = mapped_column(Text)  # JSON, canonical
    found_at: Mapped[datetime] = mapped_column(Moment)  # when a worker first ran with it
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    note: Mapped[str | None] = mapped_column(String(1000))  # what changed and why, by whoever confirmed


class PolicyConfirmation(Model):
    """That the school confirmed an item that its policy assumes; it counts while the item's digest is the same."""

    __tablename__ = "policy_confirmation"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)  # the item's path in the policy file
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    confirmed_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_by: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
