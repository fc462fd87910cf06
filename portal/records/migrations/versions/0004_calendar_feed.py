"""the secret address of a calendar of due dates

Revision ID: 0004
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        op.create_table(
            "calendar_feed",
            sa.Column("staff_id", sa.Uuid(), nullable=False),
            sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
            sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_calendar_feed_staff_id_staff")),
            sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_calendar_feed")),
            sa.UniqueConstraint("digest", name=op.f("uq_calendar_feed_digest")),
        )


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        op.drop_table("calendar_feed")
