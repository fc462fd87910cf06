"""Staff write to the student: the message stands in the portal, a mail says that there is news."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.mail import messages
from portal.records import casebook
from portal.records.tables.cases import CaseMessage
from portal.services.casework import event, move, reply_address
from portal.services.held_case import held_case
from portal.services.unit import Work, writing

LONGEST = 4000  # characters


def send_message(actor: Actor, clock: Clock, reference: str, text: str, once: bytes | None = None) -> UUID:
    """Adds the message and tells the student by mail, if there is an address. The same form sent twice is one message.

    Raises Refused: message_empty, message_too_long.
    """
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise Refused("message_empty")
    if len(words) > LONGEST:
        raise Refused("message_too_long", most=LONGEST)
    with writing(actor, clock) as work:
        case = held_case(work, reference, Act.SEND_MESSAGE)
        if twin := _sent_before(work, once):
            return twin
        move(case, Action.MESSAGE)
        row = uuid7()
        work.session.add(
            CaseMessage(
                id=row,
                case_id=case.id,
                at=work.now,
                from_staff=True,
                author_id=actor.id,
                once=once,
                sealed=casebook.seal(work.vault, "case_message", case.id, row, {"text": words}),
            )
        )
        event(work, case, EventKind.MESSAGE_SENT)
        work.note("send_message", "case", case.id)
        if to := reply_address(work, case):
            work.send(messages.news(to, case.language, case.id, case.reference, row.hex))
        return row


def _sent_before(work: Work, once: bytes | None) -> UUID | None:
    if once is None:
        return None
    return work.session.execute(select(CaseMessage.id).where(CaseMessage.once == once)).scalar()
