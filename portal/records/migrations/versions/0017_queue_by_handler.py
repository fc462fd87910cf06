"""an index for somebody's own, and nobody's, cases within a branch

Revision ID: 0017
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0007"
branch_labels = None
depends_on = None

UNASSIGNED = ("ix_case_unassigned", "case", ["branch_id", "state", "due_on", "id"])


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    op.create_index(
        "ix_case_branch_handler_state_due", "case", ["branch_id", "handler_id", "state", "due_on", "id"]
    )
    op.drop_index("ix_case_unassigned", table_name="case")


def downgrade_main() -> None:
    nobodys = sa.text("handler_id IS NULL")
    op.create_index(*UNASSIGNED, sqlite_where=nobodys, postgresql_where=nobodys)
    op.drop_index("ix_case_branch_handler_state_due", table_name="case")
