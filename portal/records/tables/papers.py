"""What goes out on paper or as a package: letters as they were issued, packages being built, pictures under review."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class IssuedLetter(Model):
    """A letter, issued with the act it tells of and printed once. Of a case, or of a student (a notice of retention).

    Sealed until it is printed: what the letter says, as data. Afterwards: {"sha256": hash of the PDF, in hex,
    "address": where it goes}; the bytes are `file_id`.
    """

    __tablename__ = "letter"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID | None] = mapped_column(ForeignKey("case.id"))
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("student.id"))
    kind: Mapped[str] = mapped_column(String(16))  # a letters.letter.Letter
    target: Mapped[str] = mapped_column(String(48), default="")  # of a notice to a recipient: its code
    language: Mapped[str] = mapped_column(String(5))
    level: Mapped[int] = mapped_column(Integer)  # what a student needs to read it: its highest value's
    issued_at: Mapped[datetime] = mapped_column(Moment)
    written_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(Integer, default=0)  # that failed
    file_id: Mapped[UUID | None] = mapped_column(ForeignKey("sealed_file.id", ondelete="SET NULL"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint("(case_id IS NULL) <> (student_id IS NULL)", name="holder"),
        Index("ix_letter_waiting", "written_at", "issued_at"),
        Index("ix_letter_case", "case_id", "issued_at"),
        Index("ix_letter_student", "student_id", "issued_at"),
    )


class Package(Model):
    """The copy of somebody's data as one file, being built or built. One a case; asked again, it starts anew."""

    __tablename__ = "package"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"), unique=True)
    state: Mapped[str] = mapped_column(String(8), default="waiting")  # waiting | ready | failed
    done: Mapped[int] = mapped_column(Integer, default=0)  # parts, of `parts`
    parts: Mapped[int] = mapped_column(Integer, default=0)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    claimed_until: Mapped[datetime | None] = mapped_column(Moment)  # a builder that died lets go by itself
    attempts: Mapped[int] = mapped_column(Integer, default=0)

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'ready', 'failed')", name="state"),
        Index("ix_package_state", "state", "asked_at"),
    )


class ReviewedImage(Model):
    """A picture that may show others, in one case: a lesson picture, or a page that a search outside found.

    What the student gets is made from the source at each building, so that no second copy outlives it. Sealed:
    {"reason": why it is withheld, "boxes": [[left, top, width, height], …] in thousandths of the picture}.
    """

    __tablename__ = "reviewed_image"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("case.id"))
    item_id: Mapped[UUID | None]  # the record of a lesson picture
    step_id: Mapped[UUID | None] = mapped_column(ForeignKey("case_step.id", ondelete="CASCADE"))  # that found a page
    page: Mapped[int] = mapped_column(Integer, default=1)
    source_id: Mapped[UUID]  # a sealed file of the student; it may be erased meanwhile
    verdict: Mapped[str | None] = mapped_column(String(8))  # release | redact | withhold; None: nobody looked yet
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    at: Mapped[datetime | None] = mapped_column(Moment)
    sealed: Mapped[bytes | None]

    __table_args__ = (
        CheckConstraint("verdict IN ('release', 'redact', 'withhold')", name="verdict"),
        UniqueConstraint("case_id", "source_id"),
    )
