"""Students and what the school keeps about them: typed fields, sealed; nothing about a person in clear."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from portal.records.db import Model, Moment


class Branch(Model):
    __tablename__ = "branch"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(80))


class Student(Model):
    """A data subject. Language and branch stand in clear: mail and access need them before any key is opened."""

    __tablename__ = "student"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    branch_id: Mapped[UUID] = mapped_column(ForeignKey("branch.id"), index=True)
    language: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(12), default="active")  # active | erased
    last_programme_ended: Mapped[date | None]  # None while one is running; starts the retention terms
    has_email: Mapped[bool] = mapped_column(default=True)  # a usable address is on file
    created_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer, default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012
    __table_args__ = (
        CheckConstraint("state IN ('active', 'erased')", name="state"),
        Index("ix_student_retention", "last_programme_ended"),
    )


class Record(Model):
    """One record of a dataset, or the part of it that one retention class keeps; sealed under the student's key.

    Payload: {"values": {field: value}, "hidden": [fields hidden from staff], "imported": {field: value as last
    imported, where it was corrected here since}}. `natural_key` and `import_digest` are keyed hashes. `value_count` is
    what an erasure needs of a row that it does not open; None where nobody wrote it yet: then it opens the row.
    """

    __tablename__ = "record"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    item_id: Mapped[UUID] = mapped_column(index=True)  # the parts of one record share it
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"))
    dataset: Mapped[str] = mapped_column(String(32))
    retention: Mapped[str] = mapped_column(String(32))
    natural_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    import_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    value_count: Mapped[int | None] = mapped_column(SmallInteger)
    sorts: Mapped[int] = mapped_column(Integer, default=0)  # order within the dataset, as imported
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        UniqueConstraint("student_id", "dataset", "retention", "natural_key"),
        Index("ix_record_student_dataset", "student_id", "dataset", "sorts", "id"),  # in the order of a page
    )


class SealedFile(Model):
    """Bytes that are no row: a lesson screenshot, an export, an upload. Sealed; kept in the database so that web and
    worker machines hold no state (decision 0005)."""

    __tablename__ = "sealed_file"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    holder_kind: Mapped[str] = mapped_column(String(12))
    holder_id: Mapped[UUID]
    retention: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(24))  # screenshot | export | letter | upload
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))  # of the ciphertext
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment, index=True)

    __table_args__ = (Index("ix_sealed_file_holder", "holder_kind", "holder_id"),)


class Limit(Model):
    """A limit on the use of data: a restricted value or record (GDPR 18), or an activity that is suspended (GDPR 21),
    withdrawn (GDPR 7(3)), asked for anew (regulation, art. 4.1.4) or restricted for one student; or a legal hold, which
    keeps data from being erased until a day (GDPR 17(3)(e)). Ended, never deleted, while the student is kept."""

    __tablename__ = "processing_limit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # restriction | objection | withdrawal | renewal | hold
    dataset: Mapped[str | None] = mapped_column(String(32))
    item_id: Mapped[UUID | None]
    field: Mapped[str | None] = mapped_column(String(48))
    activity: Mapped[str | None] = mapped_column(String(48))
    case_id: Mapped[UUID | None]
    provisional: Mapped[bool] = mapped_column(default=False)  # while the balance is made or accuracy is checked
    since: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    until: Mapped[date | None]  # the last day of a hold
    reason: Mapped[str | None] = mapped_column(String(48))  # of a hold: code of the policy


class View(Model):
    """Somebody of staff saw data of a student: shown to the student with role, date and reason."""

    __tablename__ = "view"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    staff_id: Mapped[UUID | None]
    role: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(32))  # code of a reason, or "case"
    case_id: Mapped[UUID | None]
    what: Mapped[str] = mapped_column(String(48))  # file | summary | field code

    __table_args__ = (Index("ix_view_student_at", "student_id", "at"),)


class Tombstone(Model):
    """What was erased and must not come back with the next import: a keyed hash, no person and no value.

    That of a student of whom everything went holds the natural keys of the records that went with it, and the random
    ids of the student with which these were made, each one after the other. Nothing of the student comes in while it
    stands, and none of these records once staff have admitted the student anew: then it is `past`.
    """

    __tablename__ = "tombstone"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))  # student | past | record | field | replayed
    erased_at: Mapped[datetime] = mapped_column(Moment)
    ids: Mapped[bytes | None]
    records: Mapped[bytes | None]


class ImportRun(Model):
    __tablename__ = "import_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    staff_id: Mapped[UUID | None]
    counts: Mapped[str]  # JSON of numbers only


class ImportFinding(Model):
    """A row of an import that waits for somebody: a conflict with a corrected value, or a person past the term."""

    __tablename__ = "import_finding"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))  # conflict | past_term | erased
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)  # the same finding is listed once
    file: Mapped[str] = mapped_column(String(120))
    line: Mapped[int]
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("student.id"), index=True)
    item_id: Mapped[UUID | None]
    field: Mapped[str | None] = mapped_column(String(48))
    sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(String(12), default="open")  # open | kept | taken | admitted | left
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
