"""After an erasure the last mail still needs the address; once it has left, the key that sealed it is destroyed.

With it go the bodies of the case's mails, in every backup too.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import ENDED
from portal.domain.permissions import SYSTEM
from portal.mail.delivery import WAITING
from portal.mail.outbox import CLASS
from portal.records import casebook
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.records.tables.proof import OutMail
from portal.services import erasure_ledger
from portal.services.erasing import DONE
from portal.services.to_post import AFTER_CLOSING, due_letters
from portal.services.unit import Work, writing

LOOKS_BACK = AFTER_CLOSING + timedelta(days=40)  # a case that ended longer ago was seen by an earlier run


def shred_addresses(clock: Clock) -> int:
    """How many cases lost the key of their mails; run again, it does nothing twice."""
    shredded = 0
    with writing(SYSTEM, clock) as work:
        work.require(Act.EXPIRE_FILES)
        for case in _ended(work):
            if _may_go(work, case) and work.vault.has_key(casebook.holder(case.id), CLASS):
                erasure_ledger.destroy_key(work, casebook.holder(case.id), CLASS)
                work.note("shred_address", "case", case.id)
                shredded += 1
    return shredded


def _ended(work: Work) -> list[Case]:
    statement = (
        select(Case)
        .join(Erasure, Erasure.case_id == Case.id)
        .where(Erasure.state == DONE, Case.closed_at > work.now - LOOKS_BACK, Case.state.in_(list(ENDED)))
        .order_by(Case.id)
    )
    return list(work.session.execute(statement).scalars().unique())


def _may_go(work: Work, case: Case) -> bool:
    """Nothing is to be mailed or posted any more, or nobody has posted it for so long that it is late for good."""
    waiting = select(OutMail.id).where(OutMail.case_id == case.id, OutMail.state == WAITING).limit(1)
    if work.session.execute(waiting).first() is not None:
        return False
    assert case.closed_at is not None
    return not case.by_post or not due_letters(work, case) or work.now > case.closed_at + AFTER_CLOSING
