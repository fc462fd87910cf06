"""Sign the head of the audit log once a day and mail it to the director: a copy that nobody here can take back."""

from __future__ import annotations

from datetime import datetime

from portal.audit import checkpoints
from portal.audit.checkpoints import Checkpoint
from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Role
from portal.mail import messages
from portal.records.staff import to_tell
from portal.services.unit import reading, writing


def checkpoint_daily(clock: Clock) -> tuple[Checkpoint, int]:
    """Today's checkpoint and how many mails went into the outbox; a second run on the day does nothing twice."""
    with reading(SYSTEM, clock) as work:
        newest = checkpoints.newest(work.session)
        done = newest is not None and receipt_date(datetime.fromisoformat(newest.at)) == work.today
    found = newest if newest is not None and done else checkpoint_now(clock)
    with writing(SYSTEM, clock) as work:
        directors = to_tell(work.session, work.today, Role.DIRECTOR.value, None)
        mails = sum(
            work.send(
                messages.staff_log_head(
                    staff.email,
                    staff.language,
                    staff.id,
                    work.today,
                    found.number,
                    found.seq,
                    found.digest,
                    found.signer,
                    found.signature,
                )
            )
            for staff in directors
        )
    return found, mails


def checkpoint_now(clock: Clock) -> Checkpoint:
    """Notes that the log stood here, and signs it."""
    with writing(SYSTEM, clock) as work:
        work.require(Act.CHECKPOINT_AUDIT)
        work.note(Act.CHECKPOINT_AUDIT.value, "installation", None)
    with reading(SYSTEM, clock) as work:
        found = checkpoints.newest(work.session)
    assert found is not None, "the entry just written asks for one"
    return found
