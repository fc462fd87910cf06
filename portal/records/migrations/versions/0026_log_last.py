"""on PostgreSQL, the wait for the log's lock and the last entry are one statement

In a function of its own, each of whose statements sees what was committed by then: in one statement alone, the last
entry would be the one from before the wait.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

CREATE = """
CREATE FUNCTION audit_last(lock bigint, OUT last_seq bigint, OUT last_digest bytea) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(lock);
    SELECT seq, digest INTO last_seq, last_digest FROM audit ORDER BY seq DESC LIMIT 1;
END $$
"""


def upgrade(engine_name: str) -> None:
    if engine_name == "" and op.get_bind().dialect.name == "postgresql":
        op.execute(CREATE)


def downgrade(engine_name: str) -> None:
    if engine_name == "" and op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_last(bigint)")
