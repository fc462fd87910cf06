"""erasures on their way, ended terms, the change list, and holds with an end

Revision ID: 0005
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "erasure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("not_before", moment, nullable=False),
        sa.Column("stop_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("step", sa.String(length=16), nullable=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("begun_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'stopped')", name=op.f("ck_erasure_state")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_erasure_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_erasure_case_id")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_erasure_student_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("stop_digest", name=op.f("uq_erasure_stop_digest")),
    )
    op.create_index(op.f("ix_erasure_case_id"), "erasure", ["case_id"])
    op.create_index(op.f("ix_erasure_student_id"), "erasure", ["student_id"])
    op.create_index("ix_erasure_state_not_before", "erasure", ["state", "not_before"])
    op.create_table(
        "term_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("retention", sa.String(length=32), nullable=False),
        sa.Column("kept_until", sa.Date(), nullable=False),
        sa.Column("listed_at", moment, nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_how", sa.String(length=8), nullable=True),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name=op.f("fk_term_end_erasure_id")),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_term_end_student_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term_end")),
        sa.UniqueConstraint("student_id", "retention", "kept_until", name=op.f("uq_term_end_student_id_retention_kept_until")),
    )
    op.create_index(op.f("ix_term_end_erasure_id"), "term_end", ["erasure_id"])
    op.create_index("ix_term_end_done_until", "term_end", ["done_at", "kept_until"])
    op.create_table(
        "outside_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("term_end_id", sa.Uuid(), nullable=False),
        sa.Column("holder", sa.String(length=48), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", moment, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_outside_step_by_id")),
        sa.ForeignKeyConstraint(["term_end_id"], ["term_end.id"], name=op.f("fk_outside_step_term_end_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_step")),
        sa.UniqueConstraint("term_end_id", "holder", name=op.f("uq_outside_step_term_end_id_holder")),
    )
    op.create_table(
        "change_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("dataset", sa.String(length=32), nullable=True),
        sa.Column("field", sa.String(length=48), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("at", moment, nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_change_line_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_change_line_by_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_change_line_case_id")),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name=op.f("fk_change_line_erasure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_line")),
    )
    op.create_index(op.f("ix_change_line_case_id"), "change_line", ["case_id"])
    op.create_index(op.f("ix_change_line_erasure_id"), "change_line", ["erasure_id"])
    op.create_index("ix_change_line_state_created", "change_line", ["state", "created_at", "id"])
    with op.batch_alter_table("processing_limit") as table:
        table.add_column(sa.Column("until", sa.Date(), nullable=True))
        table.add_column(sa.Column("reason", sa.String(length=48), nullable=True))


def downgrade_main() -> None:
    with op.batch_alter_table("processing_limit") as table:
        table.drop_column("reason")
        table.drop_column("until")
    for table in ("change_line", "outside_step", "term_end", "erasure"):
        op.drop_table(table)
