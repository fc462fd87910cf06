"""signed checkpoints; marks of the erasure ledger; no entry of the log can be replaced

Revision ID: 0006
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"
branch_labels = None
depends_on = None

INSERT_ONLY = ("audit_checkpoint", "audit_signer")


def upgrade(engine_name: str) -> None:
    {"": upgrade_main, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"": downgrade_main, "keys": downgrade_keys}[engine_name]()


def upgrade_keys() -> None:
    op.create_table(
        "ledger_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_mark")),
    )


def downgrade_keys() -> None:
    op.drop_table("ledger_mark")


def upgrade_main() -> None:
    op.create_table(
        "audit_signer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_signer")),
        sa.UniqueConstraint("public", name=op.f("uq_audit_signer_public")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column(
            "number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("signer", sa.LargeBinary(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_checkpoint")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_checkpoint_seq")),
    )
    if op.get_bind().dialect.name == "sqlite":
        # INSERT OR REPLACE fires no delete trigger: a number that is taken is refused before it comes to that.
        for table, taken in (
            ("audit", "seq = NEW.seq"),
            ("audit_checkpoint", "number = NEW.number OR seq = NEW.seq"),
            ("audit_signer", "id = NEW.id OR public = NEW.public"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END"
            )
        for table in INSERT_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the audit log is insert-only'); END"
                )
        return
    for table in INSERT_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION audit_insert_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_insert_only()"
        )


def downgrade_main() -> None:
    op.drop_table("audit_checkpoint")  # its triggers go with it
    op.drop_table("audit_signer")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_replace")
