"""indexes for figures over a period; the figures of each closed year

Revision ID: 0022
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_case_received": ["received_on", "branch_id", "kind"],
    "ix_case_decided": ["decided_at", "branch_id"],
    "ix_case_executed": ["executed_at", "branch_id"],
    "ix_case_closed": ["closed_at", "branch_id", "state"],
}


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    op.create_table(
        "year_report",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_year_report")),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "case", columns)


def downgrade_main() -> None:
    for name in INDEXES:
        op.drop_index(name, table_name="case")
    op.drop_table("year_report")
