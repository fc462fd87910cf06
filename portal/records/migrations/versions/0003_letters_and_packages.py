"""letters, packages, reviewed pictures

Revision ID: 0003
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        for table in ("reviewed_image", "package", "letter"):
            op.drop_table(table)


def upgrade_main() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=48), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(case_id IS NULL) <> (student_id IS NULL)", name=op.f("ck_letter_holder")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_letter_case_id")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_letter_student_id")),
        sa.ForeignKeyConstraint(
            ["file_id"], ["sealed_file.id"], name=op.f("fk_letter_file_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index("ix_letter_waiting", "letter", ["written_at", "issued_at"])
    op.create_index("ix_letter_case", "letter", ["case_id", "issued_at"])
    op.create_index("ix_letter_student", "letter", ["student_id", "issued_at"])
    op.create_index(op.f("ix_letter_file_id"), "letter", ["file_id"])
    op.create_table(
        "package",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed')", name=op.f("ck_package_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_package_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_package")),
        sa.UniqueConstraint("case_id", name=op.f("uq_package_case_id")),
    )
    op.create_index("ix_package_state", "package", ["state", "asked_at"])
    op.create_table(
        "reviewed_image",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("step_id", sa.Uuid(), nullable=True),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("verdict IN ('release', 'redact', 'withhold')", name=op.f("ck_reviewed_image_verdict")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_reviewed_image_case_id")),
        sa.ForeignKeyConstraint(
            ["step_id"], ["case_step.id"], name=op.f("fk_reviewed_image_step_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_reviewed_image_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviewed_image")),
        sa.UniqueConstraint("case_id", "source_id", name=op.f("uq_reviewed_image_case_id_source_id")),
    )
