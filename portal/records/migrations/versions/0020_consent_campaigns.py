"""questions for a consent, and what each student answered

Revision ID: 0020
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    op.create_table(
        "campaign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity", sa.String(length=48), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("text_version", sa.String(length=16), nullable=False),
        sa.Column("anew", sa.Boolean(), nullable=False),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_by", sa.Uuid(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_campaign_created_by_staff")),
        sa.ForeignKeyConstraint(["sent_by"], ["staff.id"], name=op.f("fk_campaign_sent_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_index("ix_campaign_created", "campaign", ["created_at", "id"])
    op.create_index("ix_campaign_closes", "campaign", ["closes_on"])
    op.create_table(
        "campaign_student",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_how", sa.String(length=8), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("answer", sa.String(length=3), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("how", sa.String(length=8), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("answer IN ('yes', 'no')", name=op.f("ck_campaign_student_answer")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_campaign_student_answered")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_student_campaign_id_campaign"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["student_id"], ["student.id"], name=op.f("fk_campaign_student_student_id_student")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_campaign_student_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_student")),
        sa.UniqueConstraint("campaign_id", "student_id", name=op.f("uq_campaign_student_campaign_id_student_id")),
    )
    op.create_index("ix_campaign_student_answer", "campaign_student", ["campaign_id", "answer", "student_id"])
    op.create_index("ix_campaign_student_told", "campaign_student", ["campaign_id", "told_on"])
    op.create_index("ix_campaign_student_student", "campaign_student", ["student_id", "campaign_id"])


def downgrade_main() -> None:
    op.drop_table("campaign_student")
    op.drop_table("campaign")
