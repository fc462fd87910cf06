"""A student ends every other session of their own: somebody who reads the mailbox may have been in (ASVS 7.5.2)."""

from __future__ import annotations

from sqlalchemy import CursorResult, delete

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.records.tables.access import Login
from portal.services.unit import writing


def end_other_sign_ins(actor: Actor, clock: Clock) -> int:
    """Signs the student out everywhere but here; returns in how many places. At level 1 already: it harms nobody."""
    with writing(actor, clock) as work:
        work.require(Act.CHANGE_PREFERENCES, Subject(student_id=actor.student_id))
        others = delete(Login).where(Login.student_id == actor.student_id, Login.id != actor.session_id)
        ended = work.session.execute(others, execution_options={"synchronize_session": False})
        assert isinstance(ended, CursorResult)
        if ended.rowcount:
            work.note("end_own_sessions", "student", actor.student_id, count=ended.rowcount)
        return int(ended.rowcount)
