"""Who reaches a student and who stands for one: changes of the mail address, representatives with what they may do."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class EmailChange(Model):
    """A new mail address for a student: at once at the desk, after a week from afar.

    Sealed under the student's key: {"old": address on file then or None, "new": address, "reason": why the notice to
    the old address was left out}.
    """

    __tablename__ = "email_change"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"))
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # waiting | written | done | stopped
    at_desk: Mapped[bool]
    how: Mapped[str] = mapped_column(String(32))  # how we were sure: a code of `assurance.Way`, or "own_session"
    asked_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)  # done or stopped
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  # None: the student
    notice_left_out: Mapped[bool] = mapped_column(default=False)  # for the student's safety
    stop_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # of the link that was sent to the old one
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'written', 'done', 'stopped')", name="state"),
        Index("ix_email_change_student_state", "student_id", "state"),
        Index("ix_email_change_state_due", "state", "due_at"),
    )


class Representative(Model):
    """Somebody who may act for a student, for some kinds of request, until a day (GDPR 12; regulation, "Identity").

    Sealed under the student's key: {"name", "organisation", "email"}. `email_digest` is the keyed hash by which they
    sign in; it goes when the authorisation ends.
    """

    __tablename__ = "representative"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"), index=True)
    relation: Mapped[str] = mapped_column(String(16))  # guardian | parent | lawyer | organisation | family
    kinds: Mapped[str] = mapped_column(String(120))  # codes of RequestKind, with a space between
    language: Mapped[str] = mapped_column(String(5))
    starts_on: Mapped[date]
    ends_on: Mapped[date]  # the last day
    shown_on: Mapped[date | None]  # when the signed authorisation (or what proves the relation) was shown at the desk
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  # None: the student
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)  # None: waits for the student
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[str | None] = mapped_column(String(16))  # kind of actor
    signed_in_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    email_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
