"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    {"": upgrade_main, "keys": upgrade_keys}[engine_name]()


def downgrade(engine_name: str) -> None:
    {"": downgrade_main, "keys": downgrade_keys}[engine_name]()

% for db_name in ("", "keys"):

def upgrade_${db_name or "main"}() -> None:
    ${context.get("%s_upgrades" % db_name, "pass")}


def downgrade_${db_name or "main"}() -> None:
    ${context.get("%s_downgrades" % db_name, "pass")}

% endfor
