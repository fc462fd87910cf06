"""uploads of the school's export; changes for the administration that come of a conflict

Revision ID: 0023
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

STATES = (
    "state IN ('waiting', 'looking', 'looked', 'confirmed', 'running', "
    "'done', 'refused', 'failed', 'cancelled', 'expired')"
)


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "intake",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("step_at", moment, nullable=False),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=48), nullable=True),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("files_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_intake_state")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_intake_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake")),
        sa.UniqueConstraint("slot", name=op.f("uq_intake_slot")),
    )
    with op.batch_alter_table("change_line") as table:
        table.add_column(sa.Column("finding_id", sa.Uuid(), nullable=True))
        table.create_index(op.f("ix_change_line_finding_id"), ["finding_id"])


def downgrade_main() -> None:
    with op.batch_alter_table("change_line") as table:
        table.drop_index(op.f("ix_change_line_finding_id"))
        table.drop_column("finding_id")
    op.drop_table("intake")
