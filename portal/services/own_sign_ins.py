"""When somebody signed in with the student's mail address: whoever shares a mailbox with others can tell that they read
along (security.md, "shared mailbox"). It follows from the used links, which are kept as long as the policy says."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.records.items import persons
from portal.records.tables.access import OneTime
from portal.services.sign_in import EMAIL, PURPOSE
from portal.services.unit import reading
from portal.vault.normal import normal_email

MOST = 20


def own_sign_ins(actor: Actor, clock: Clock) -> tuple[datetime, ...]:
    """The moments, newest first; of everybody who reads the address that is on file now. NotAllowed below level 1."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OWN_VIEWS, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        person = persons(work.session, work.vault, [actor.student_id]).get(actor.student_id)
        email = person.values.get("email") if person else None
        if not email:
            return ()
        address = work.vault.digest(EMAIL, normal_email(str(email)))
        statement = (
            select(OneTime.used_at)
            .where(OneTime.purpose == PURPOSE, OneTime.subject_digest == address, OneTime.used_at.is_not(None))
            .order_by(OneTime.used_at.desc())
            .limit(MOST)
        )
        return tuple(at for at in work.session.execute(statement).scalars() if at is not None)
