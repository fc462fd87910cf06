"""What a copy of somebody's data says of how they are reached and who acts for them: changes of the mail address,
representatives (GDPR 15)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.records import representatives
from portal.records.tables.representation import EmailChange
from portal.services.address_change import contents
from portal.services.unit import Work
from portal.vault.envelope import Json
from portal.vault.vault import Shredded


def reach(work: Work, student_id: UUID) -> dict[str, Json]:
    """{"representatives": [...], "address_changes": [...]}, oldest first; nothing of staff."""
    return {
        "representatives": _representatives(work, student_id),
        "address_changes": _changes(work, student_id),
    }


def _representatives(work: Work, student_id: UUID) -> Json:
    return [
        {
            **{key: said.get(key, "") for key in ("name", "organisation", "email")},
            "relation": row.relation,
            "kinds": row.kinds.split(),
            "starts_on": row.starts_on.isoformat(),
            "ends_on": row.ends_on.isoformat(),
            "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        }
        for row in reversed(representatives.of_student(work.session, student_id))
        for said in (representatives.contents(work.vault, row),)
    ]


def _changes(work: Work, student_id: UUID) -> Json:
    rows = work.session.execute(
        select(EmailChange).where(EmailChange.student_id == student_id).order_by(EmailChange.asked_at, EmailChange.id)
    ).scalars()
    found = []
    for row in rows:
        try:
            held = contents(work, row)
        except Shredded:
            continue
        state = "done" if row.state == "written" else row.state
        found.append({"asked_at": row.asked_at.isoformat(), "state": state, "old": held["old"], "new": held["new"]})
    return found
