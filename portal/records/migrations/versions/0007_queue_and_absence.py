"""an index for each order of the queue; who stands in for whom

Revision ID: 0007
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_case_kind_state_due": ["kind", "state", "due_on", "id"],
    "ix_case_channel_state_due": ["channel", "state", "due_on", "id"],
    "ix_case_language_state_due": ["language", "state", "due_on", "id"],
    "ix_case_branch_kind_state_due": ["branch_id", "kind", "state", "due_on", "id"],
    "ix_case_branch_channel_state_due": ["branch_id", "channel", "state", "due_on", "id"],
    "ix_case_branch_language_state_due": ["branch_id", "language", "state", "due_on", "id"],
    "ix_case_handler_state_received": ["handler_id", "state", "received_on", "id"],
    "ix_case_state_received": ["state", "received_on", "id"],
    "ix_case_branch_state_received": ["branch_id", "state", "received_on", "id"],
}


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_absence_staff_id_staff")),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name=op.f("fk_absence_deputy_id_staff")),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_absence_entered_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_staff_id"), "absence", ["staff_id"])
    op.create_index(op.f("ix_absence_deputy_id"), "absence", ["deputy_id"])
    for name, columns in INDEXES.items():
        op.create_index(name, "case", columns)
    unassigned = sa.text("handler_id IS NULL")
    op.create_index(
        "ix_case_unassigned",
        "case",
        ["branch_id", "state", "due_on", "id"],
        sqlite_where=unassigned,
        postgresql_where=unassigned,
    )


def downgrade_main() -> None:
    op.drop_index("ix_case_unassigned", table_name="case")
    for name in INDEXES:
        op.drop_index(name, table_name="case")
    op.drop_table("absence")
