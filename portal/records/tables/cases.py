"""Requests of data subjects: the case, its items, steps, messages and timeline. Contents are sealed under the case's
own key, so that the answer stays readable when the student's data are gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


def _queue(name: str, order: Sequence[str], more: Sequence[str]) -> tuple[Index, Index]:
    """An order of the queue, everywhere and in a branch. With what is behind it a list is narrowed and counted without
    a look at its cases."""
    columns = [*order, "id", *more]
    return Index(f"ix_case_{name}", *columns), Index(f"ix_case_branch_{name}", "branch_id", *columns)


class Case(Model):
    """One request. Dates that were promised are stored; overdue and days left are derived.

    Sealed payload: {"contact": {...} as given when filed unsigned, "words": free text, "helper": name,
    "answer": {...}}.
    """

    __tablename__ = "case"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("student.id"), index=True)
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branch.id"))
    channel: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(5))
    received_on: Mapped[date]
    entered_at: Mapped[datetime] = mapped_column(Moment)
    original_due_on: Mapped[date]
    due_on: Mapped[date]
    extended_days: Mapped[int | None]
    extension_reason: Mapped[str | None] = mapped_column(String(32))
    extended_at: Mapped[datetime | None] = mapped_column(Moment)
    extension_told_on: Mapped[date | None]
    handler_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decider_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(String(8))
    approver_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  # second person of an erasure
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    executed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    about_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))  # complaint, or the other of a duplicate
    assured_level: Mapped[int] = mapped_column(Integer, default=0)  # how sure we are who asked
    assured_how: Mapped[str | None] = mapped_column(String(32))
    by_post: Mapped[bool] = mapped_column(default=False)  # no usable e-mail: each letter is a print-and-post task
    policy_version: Mapped[str] = mapped_column(String(16))
    once: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # idempotency key of the form
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        *_queue("state_due", ["state", "due_on"], ["received_on", "handler_id", "kind"]),
        *_queue("kind_state_due", ["kind", "state", "due_on"], ["received_on", "handler_id", "channel", "language"]),
        *_queue("channel_state_due", ["channel", "state", "due_on"], ["received_on", "handler_id", "kind"]),
        *_queue("language_state_due", ["language", "state", "due_on"], ["received_on", "handler_id", "kind"]),
        *_queue("handler_state_due", ["handler_id", "state", "due_on"], ["received_on", "kind", "channel", "language"]),
        *_queue("state_received", ["state", "received_on"], ["due_on", "handler_id", "kind"]),
        Index("ix_case_handler_state_received", "handler_id", "state", "received_on", "id"),
        Index("ix_case_received", "received_on", "branch_id", "kind"),  # the last four: figures over a period
        Index("ix_case_decided", "decided_at", "branch_id"),
        Index("ix_case_executed", "executed_at", "branch_id"),
        Index("ix_case_closed", "closed_at", "branch_id", "state"),
    )


class CaseItem(Model):
    """One thing asked, and the decision on it. Sealed: {"asked", "current", "words", "reason", "checked",
    "keeps", "evidence"}."""

    __tablename__ = "case_item"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    position: Mapped[int]
    target: Mapped[str] = mapped_column(String(12))
    dataset: Mapped[str | None] = mapped_column(String(32))
    item_id: Mapped[UUID | None]
    field: Mapped[str | None] = mapped_column(String(48))
    group: Mapped[int | None] = mapped_column("group_number")
    activity: Mapped[str | None] = mapped_column(String(48))
    outcome: Mapped[str | None] = mapped_column(String(8))
    ground: Mapped[str | None] = mapped_column(String(48))
    executed_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class CaseStep(Model):
    """One step of carrying out, or of searching before an answer. Sealed: {"note": what was found or done}."""

    __tablename__ = "case_step"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    task: Mapped[str] = mapped_column(String(16))  # search | correct | erase | restrict | stop | tell | release
    target: Mapped[str] = mapped_column(String(48))  # code of the holder, recipient or activity
    state: Mapped[str] = mapped_column(String(12), default="open")
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None] = mapped_column(Moment)
    sealed: Mapped[bytes | None]

    __table_args__ = (UniqueConstraint("case_id", "task", "kind", "target"),)


class CaseEvent(Model):
    """The timeline: what happened, when, by whom. Sealed details only where they say something of a person."""

    __tablename__ = "case_event"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(String(32))
    actor_kind: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[UUID | None]
    sealed: Mapped[bytes | None]

    __table_args__ = (Index("ix_case_event_case_at", "case_id", "at", "id"),)


class CaseMessage(Model):
    """A message between student and staff. Sealed: {"text"}."""

    __tablename__ = "case_message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    from_staff: Mapped[bool]
    author_id: Mapped[UUID | None]
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    once: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_case_message_case_at", "case_id", "at", "id"),)


class CaseFile(Model):
    """A sealed file of a case: the written answer, the export."""

    __tablename__ = "case_file"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), index=True)
    file_id: Mapped[UUID] = mapped_column(ForeignKey("sealed_file.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # export_json | export_html | answer
    created_at: Mapped[datetime] = mapped_column(Moment)


class Draft(Model):
    """What somebody is typing in a form of several pages; sealed under the installation's key, gone within a day."""

    __tablename__ = "draft"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner: Mapped[bytes] = mapped_column(LargeBinary(32))  # hash of the browser's or session's own secret
    updated_at: Mapped[datetime] = mapped_column(Moment, index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
