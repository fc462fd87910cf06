"""A student without a usable mail address: from now on slips and posted letters, whose day on the post counts as told.

Why staff record it: the mailbox is lost, somebody else reads it, or there never was one.
"""

from __future__ import annotations

from uuid import UUID

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.services.address_change import STOPPED, waiting_change
from portal.services.apply_email_changes import set_address
from portal.services.change_email import MOST_WORDS, student_in_reach
from portal.services.reindex import reindex
from portal.services.unit import reading, writing


def record_no_email(actor: Actor, clock: Clock, student_id: UUID, reason: str) -> None:
    """Takes the address off the file; sessions and links of it die, open cases go on by post. Nobody is mailed.

    Raises NotFound, NotAllowed, and Refused: reason_missing, words_too_long (most).
    """
    if not reason.strip():
        raise Refused("reason_missing")
    if len(reason) > MOST_WORDS:
        raise Refused("words_too_long", most=MOST_WORDS)
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        work.require(Act.MANAGE_STUDENT, Subject(branch_id=student.branch_id, student_id=student_id))
        waiting = waiting_change(work, student_id)
        if waiting is not None:
            waiting.state, waiting.ended_at = STOPPED, work.now
        set_address(work, student_id, None)
        work.note("no_email", "student", student_id, reason=reason.strip())
    with reading(actor, clock) as work:
        reindex(work, student_id)
