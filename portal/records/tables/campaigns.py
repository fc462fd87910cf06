"""Questions for a consent: what a group of students was asked, and what each of them answered (GDPR 7(1))."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class Campaign(Model):
    """One question to a group. `said` is JSON of what was asked, in Dutch texts of the catalogues, as it stood when the
    question was written: the proof of what an answer is about. `left_out` is JSON of numbers."""

    __tablename__ = "campaign"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    activity: Mapped[str] = mapped_column(String(48))
    said: Mapped[str] = mapped_column(Text)
    text_version: Mapped[str] = mapped_column(String(16))  # of `said`: the same text has the same
    anew: Mapped[bool] = mapped_column(default=False)  # the arrangement changed: earlier answers do not answer this
    remind_on: Mapped[date | None]
    closes_on: Mapped[date]  # the last day
    left_out: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    sent_at: Mapped[datetime | None] = mapped_column(Moment)  # None: a draft
    sent_by: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)  # before its last day
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (Index("ix_campaign_created", "created_at", "id"), Index("ix_campaign_closes", "closes_on"))


class Invitation(Model):
    """One student in a campaign: how they heard of it, and the answer with what proves it (GDPR 7(1)).

    The answer stands in clear, as the limits of processing do: it is counted, and it decides what may run.
    """

    __tablename__ = "campaign_student"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaign.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"))
    told_on: Mapped[date | None]
    told_how: Mapped[str | None] = mapped_column(String(8))  # mail | post | bounced (a mail that did not arrive)
    reminded_on: Mapped[date | None]  # at most once
    answer: Mapped[str | None] = mapped_column(String(3))  # yes | no
    answered_on: Mapped[date | None]  # the day on the paper, where it came on paper
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    how: Mapped[str | None] = mapped_column(String(8))  # portal | letter | desk
    language: Mapped[str | None] = mapped_column(String(5))  # in which it was read
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))  # who wrote a paper answer down

    __table_args__ = (
        CheckConstraint("answer IN ('yes', 'no')", name="answer"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
        UniqueConstraint("campaign_id", "student_id"),
        Index("ix_campaign_student_answer", "campaign_id", "answer", "student_id"),
        Index("ix_campaign_student_told", "campaign_id", "told_on"),
        Index("ix_campaign_student_student", "student_id", "campaign_id"),
    )
