"""the indexes of the queue hold what else a list is narrowed to, so that counting reads no case

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# index -> what it begins with, what is behind its order now
INDEXES = {
    "ix_case_state_due": (["state", "due_on"], ["received_on", "handler_id", "kind"]),
    "ix_case_kind_state_due": (["kind", "state", "due_on"], ["received_on", "handler_id", "channel", "language"]),
    "ix_case_channel_state_due": (["channel", "state", "due_on"], ["received_on", "handler_id", "kind"]),
    "ix_case_language_state_due": (["language", "state", "due_on"], ["received_on", "handler_id", "kind"]),
    "ix_case_handler_state_due": (["handler_id", "state", "due_on"], ["received_on", "kind", "channel", "language"]),
    "ix_case_state_received": (["state", "received_on"], ["due_on", "handler_id", "kind"]),
}
IN_A_BRANCH = {
    name.replace("ix_case_", "ix_case_branch_"): (["branch_id", *order], more) for name, (order, more) in INDEXES.items()
}


def upgrade(engine_name: str) -> None:
    if engine_name == "":
        upgrade_main()


def downgrade(engine_name: str) -> None:
    if engine_name == "":
        downgrade_main()


def upgrade_main() -> None:
    for name, (order, more) in {**INDEXES, **IN_A_BRANCH}.items():
        op.drop_index(name, table_name="case")
        op.create_index(name, "case", [*order, "id", *more])


def downgrade_main() -> None:
    for name, (order, _more) in {**INDEXES, **IN_A_BRANCH}.items():
        op.drop_index(name, table_name="case")
        op.create_index(name, "case", [*order, "id"])
