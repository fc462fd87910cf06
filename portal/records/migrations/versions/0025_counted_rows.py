"""rows of records say how many values they hold; a student's tombstone holds the natural keys that went with it

Rows that are there stay without their count: it takes opening them. The next import counts what it finds unchanged.

Revision ID: 0025
Revises: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    op.add_column("record", sa.Column("value_count", sa.SmallInteger(), nullable=True))
    for column in ("ids", "records"):
        op.add_column("tombstone", sa.Column(column, sa.LargeBinary(), nullable=True))
    store("EXTERNAL")


def downgrade_main() -> None:
    store("EXTENDED")
    for column in ("records", "ids"):
        op.drop_column("tombstone", column)
    op.drop_column("record", "value_count")


def store(how: str) -> None:
    """Plans are random ids and hashes: PostgreSQL takes three times as long to write one when it tries to compress it."""
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("tombstone", "records"), ("erasure", "plan")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE {how}")
