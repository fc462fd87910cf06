"""Who may come in: staff, their designations, signed-in sessions, one-time proofs and rate limits."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class Staff(Model):
    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(5), default="nl")
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    totp_sealed: Mapped[bytes | None]
    totp_last_step: Mapped[int | None]
    confidentiality_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Designation(Model):
    """Who may do what, where, from when until when, and who said so (regulation, art. 6)."""

    __tablename__ = "designation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    role: Mapped[str] = mapped_column(String(24))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branch.id"))  # None: every branch
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    designated_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class Absence(Model):
    """While somebody is away, from the first to the last day, a colleague sees to the cases in hand."""

    __tablename__ = "absence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    deputy_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)


class CalendarFeed(Model):
    """The secret address of a member of staff's calendar of due dates, as its hash: one for each, until withdrawn."""

    __tablename__ = "calendar_feed"

    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class Login(Model):
    """A signed-in session. The cookie holds a random id, this row its hash: deleting the row signs out (ASVS 7.4.1)."""

    __tablename__ = "login"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    kind: Mapped[str] = mapped_column(String(16))  # student | representative | staff | case
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("student.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    representative_id: Mapped[UUID | None] = mapped_column(ForeignKey("representative.id"), index=True)
    address_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))  # students who share one mail address
    level: Mapped[int] = mapped_column(Integer, default=0)
    level_at: Mapped[datetime | None] = mapped_column(Moment)
    stage: Mapped[str] = mapped_column(String(16), default="full")  # full | factor | password | confidentiality
    created_at: Mapped[datetime] = mapped_column(Moment)
    fresh_at: Mapped[datetime] = mapped_column(Moment)  # the last time the person proved who they are
    seen_at: Mapped[datetime] = mapped_column(Moment)


class OneTime(Model):
    """A one-time proof, hashed and used once: a sign-in link with its code, later a code by post or call-back."""

    __tablename__ = "one_time"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    purpose: Mapped[str] = mapped_column(String(16))
    token_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    browser_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)  # the browser that asked
    subject_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), index=True)  # the address it was sent to
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    void_at: Mapped[datetime | None] = mapped_column(Moment)  # a newer one was asked, or the address changed


class SecondChannel(Model):
    """A second channel for level 3, as a task: asked for by the student or begun at the desk, its code made by staff,
    posted, read out or handed over, and typed by the student. Nothing of an ID is kept but that it was seen, and when.

    `contact` is a keyed hash of what was on file when the code was made: a change of it kills the code.
    """

    __tablename__ = "second_channel"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"), index=True)
    channel: Mapped[str] = mapped_column(String(8))  # post | call | desk
    asked_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)  # of the task; the code has a term of its own
    made_at: Mapped[datetime | None] = mapped_column(Moment)  # the code
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    one_time_id: Mapped[UUID | None] = mapped_column(ForeignKey("one_time.id", ondelete="SET NULL"))
    contact: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    posted_on: Mapped[date | None]
    seen_on: Mapped[date | None]  # the day on which an ID was shown at the desk
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_how: Mapped[str | None] = mapped_column(String(8))  # used | replaced | stopped | changed | spent


class Bucket(Model):
    """A rate limit's counter of one window; the key is a keyed hash, never an address."""

    __tablename__ = "bucket"

    limit: Mapped[str] = mapped_column("limit_name", String(32), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    window: Mapped[int] = mapped_column("window_start", primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column("hits")
    expires_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_bucket_expires", "expires_at"),)
