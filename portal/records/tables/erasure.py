"""What is erased, by a decision or because its term ended, and what must be changed outside because of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class Erasure(Model):
    """One erasure on its way through the named steps of `portal.services.erasing`.

    `step` is the last one that ended; a crash goes on after it. `plan` is JSON of random ids and names of fields, never
    a value: what must go can be read when the keys are gone already. `certificate` is JSON of counts and moments.
    """

    __tablename__ = "erasure"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    cause: Mapped[str] = mapped_column(String(12))  # request | retention
    state: Mapped[str] = mapped_column(String(12))  # waiting | running | done | stopped
    not_before: Mapped[datetime] = mapped_column(Moment)  # the end of the time to think it over
    stop_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)  # of the mailed link that stops it
    step: Mapped[str | None] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(Text)
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  # None: the portal itself
    created_at: Mapped[datetime] = mapped_column(Moment)
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    certificate: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'running', 'done', 'stopped')", name="state"),
        Index("ix_erasure_state_not_before", "state", "not_before"),
    )


class TermEnd(Model):
    """That the term of one retention class of one student ends: told a month before, then erased (regulation, art. 5).

    Listed by the nightly run; `kept_until` is the last day on which it is kept.
    """

    __tablename__ = "term_end"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"))
    retention: Mapped[str] = mapped_column(String(32))
    kept_until: Mapped[date]
    listed_at: Mapped[datetime] = mapped_column(Moment)
    told_on: Mapped[date | None]
    told_how: Mapped[str | None] = mapped_column(String(8))  # mail | post | bounced (a mail that did not arrive)
    erasure_id: Mapped[UUID | None] = mapped_column(ForeignKey("erasure.id"), index=True)  # the last one for it
    done_at: Mapped[datetime | None] = mapped_column(Moment)  # nothing of it is left here

    __table_args__ = (
        UniqueConstraint("student_id", "retention", "kept_until"),
        Index("ix_term_end_done_until", "done_at", "kept_until"),
    )


class OutsideStep(Model):
    """What a holder outside the portal does when a term ends: the paper file, the mailbox, the administration."""

    __tablename__ = "outside_step"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    term_end_id: Mapped[UUID] = mapped_column(ForeignKey("term_end.id"))
    holder: Mapped[str] = mapped_column(String(48))
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | done | impossible
    reason: Mapped[str | None] = mapped_column(String(48))  # code of the policy
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (UniqueConstraint("term_end_id", "holder"),)


class ChangeLine(Model):
    """One change for the school's student administration, so that its next export does not undo it.

    It comes of a case, of an erasure, or of a conflict with an import in which ours was kept. Sealed under a key of its
    own for each of these, destroyed when the last of its lines is confirmed:
    {"student_number", "record": how the administration names the record, "value": the right value}.
    """

    __tablename__ = "change_line"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"), index=True)
    erasure_id: Mapped[UUID | None] = mapped_column(ForeignKey("erasure.id"), index=True)
    finding_id: Mapped[UUID | None] = mapped_column(index=True)  # the conflict; it may go before its line
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branch.id"))
    kind: Mapped[str] = mapped_column(String(12))  # corrected | restricted | erased
    dataset: Mapped[str | None] = mapped_column(String(32))  # None: everything of the student
    field: Mapped[str | None] = mapped_column(String(48))  # None: the whole record
    created_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | applied | impossible
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None] = mapped_column(Moment)
    sealed: Mapped[bytes | None]

    __table_args__ = (Index("ix_change_line_state_created", "state", "created_at", "id"),)
