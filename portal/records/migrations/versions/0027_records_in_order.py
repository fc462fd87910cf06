"""the records of a student lie in the order in which pages show them

Revision ID: 0027
Revises: 0026
"""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME, BEFORE = "ix_record_student_dataset", ["student_id", "dataset", "sorts"]


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        _lay([*BEFORE, "id"])


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        _lay(BEFORE)


def _lay(columns: list[str]) -> None:
    op.drop_index(NAME, table_name="record")
    op.create_index(NAME, "record", columns)
