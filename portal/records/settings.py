"""Small facts about the installation, written by whichever worker is first."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from portal.records.db import insert_into
from portal.records.tables.proof import Setting


def put_setting(session: Session, name: str, value: str, now: datetime) -> None:
    """Writes the fact over what was there. Two writers at once both succeed, and the last one counts."""
    changed = {"value": value, "changed_at": now}
    statement = insert_into(session, Setting).values(name=name, **changed)
    session.execute(
        statement.on_conflict_do_update(index_elements=[Setting.name], set_=changed),
        execution_options={"synchronize_session": False},
    )
