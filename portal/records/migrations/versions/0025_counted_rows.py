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

# Plans are random ids and hashes: to write one takes three times as long when it is tried to be compressed.
AS_THEY_ARE = (
    "ALTER TABLE tombstone ALTER COLUMN records SET STORAGE EXTERNAL",
    "ALTER TABLE erasure ALTER COLUMN plan SET STORAGE EXTERNAL",
)
COMPRESSED = "ALTER TABLE erasure ALTER COLUMN plan SET STORAGE EXTENDED"


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
    on_postgresql(*AS_THEY_ARE)


def downgrade_main() -> None:
    on_postgresql(COMPRESSED)
    for column in ("records", "ids"):
        op.drop_column("tombstone", column)
    op.drop_column("record", "value_count")


def on_postgresql(*statements: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for each in statements:
            op.execute(each)
