"""What the school's office brings in: an export that was uploaded, on its way into the records."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment

STATES = (
    *("waiting", "looking", "looked", "confirmed", "running"),
    *("done", "refused", "failed", "cancelled", "expired"),
)


class Intake(Model):
    """One upload: looked at, confirmed, imported, wiped. There is one under way at most: it holds the slot.

    `files_sealed`, under a key of its own that goes with the bytes: {"files": [[name, size, [ids of sealed files]]]}.
    `sealed`, under another, until `expires_at`: {"report": what reading it found, with masked values, "admit": student
    number to reason}. `counts` is JSON of numbers; `version` moves with every step.
    """

    __tablename__ = "intake"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    state: Mapped[str] = mapped_column(String(12))
    slot: Mapped[int | None] = mapped_column(Integer, unique=True)  # 1 while it is under way
    version: Mapped[int] = mapped_column(Integer, default=1)
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    step_at: Mapped[datetime] = mapped_column(Moment)  # when its state began
    lease_until: Mapped[datetime | None] = mapped_column(Moment)  # of the worker that reads it
    tries: Mapped[int] = mapped_column(Integer, default=0)  # of the step at hand
    size: Mapped[int] = mapped_column(Integer)  # bytes, as it came
    done: Mapped[int] = mapped_column(Integer, default=0)  # bytes that were read in this step
    whole: Mapped[int] = mapped_column(Integer, default=0)
    reason: Mapped[str | None] = mapped_column(String(48))  # code of why it was refused
    counts: Mapped[str] = mapped_column(Text, default="{}")
    files_sealed: Mapped[bytes | None]
    sealed: Mapped[bytes | None]

    __table_args__ = (CheckConstraint(f"state IN ({', '.join(map(repr, STATES))})", name="state"),)
