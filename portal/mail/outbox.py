"""The outbox: a mail is a row in the transaction of the act it tells of; delivery is another's work."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.mail.messages import Message
from portal.records.db import insert_into
from portal.records.tables.proof import OutMail
from portal.vault.envelope import Place
from portal.vault.vault import Vault

CLASS = "mail"


def state_of(session: Session, dedupe: str) -> str | None:
    """What became of the mail with this key; None where none was written."""
    return session.execute(select(OutMail.state).where(OutMail.dedupe == dedupe)).scalar()


def put(session: Session, vault: Vault, message: Message, base_url: str, now: datetime) -> bool:
    """Adds the mail unless its dedupe key is there already, put by another transaction this moment perhaps; whether it
    was added. Message-ID is fixed here, for every attempt. One to nobody's address has failed from the start: what it
    tells is for somebody to tell."""
    if session.execute(select(OutMail.id).where(OutMail.dedupe == message.dedupe)).first():
        return False
    row = uuid7()
    values = {
        "id": row,
        "dedupe": message.dedupe,
        "message_id": f"<{row.hex}@{urlsplit(base_url).hostname}>",
        "kind": message.kind,
        "language": message.language,
        "holder_kind": message.holder.kind,
        "holder_id": message.holder.id,
        "case_id": message.case_id,
        "created_at": now,
        "next_at": now,
        "expires_at": message.expires_at,
        **({} if message.to else {"state": "failed", "fault": "no_address"}),
        "sealed": vault.seal(
            message.holder,
            CLASS,
            Place("outbox", "sealed", row),
            {"to": message.to, "arguments": message.arguments, "staff": message.staff},
        ),
    }
    session.flush()
    statement = insert_into(session, OutMail).values(values).on_conflict_do_nothing(index_elements=[OutMail.dedupe])
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]
