"""The outbox: a mail is a row in the transaction of the act it tells of; delivery is another's work."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Insert, Text, bindparam, cast, column, func, literal_column, select, type_coerce
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from portal.mail.messages import Message
from portal.records.db import inserting
from portal.records.tables.proof import OutMail
from portal.records.written_last import Value, Written, alone
from portal.vault.envelope import Place
from portal.vault.vault import Vault

CLASS = "mail"
COLUMNS = (
    *("id", "dedupe", "message_id", "kind", "language", "holder_kind", "holder_id", "case_id", "attempts"),
    *("created_at", "next_at", "expires_at", "state", "fault", "sealed"),
)  # of `_row`

THERE = select(OutMail.dedupe).where(OutMail.dedupe.in_(bindparam("wanted", expanding=True)))


def adds(value: Value) -> Insert:
    """Adds a mail where none has its dedupe key, on SQLite."""
    row = {name: value(name) for name in COLUMNS}
    return inserting("sqlite")(OutMail).values(row).on_conflict_do_nothing(index_elements=["dedupe"])


def adds_all(value: Value) -> Insert:
    """`adds` of any number of mails, on PostgreSQL: they travel as one value, where the values of each alone would be
    more than psycopg remembers the translation of."""
    from sqlalchemy.dialects.postgresql import JSONB  # only where it is spoken

    columns = [OutMail.__table__.c[name] for name in COLUMNS]
    told = [column(each.name, Text() if each.name == "sealed" else each.type) for each in columns]
    mails = cast(type_coerce(value("mails"), Text()), JSONB)
    mail = func.jsonb_to_recordset(mails).table_valued(*told).render_derived(name="mail", with_types=True)
    read = [func.decode(each, literal_column("'base64'")) if each.name == "sealed" else each for each in mail.c]
    into = inserting("postgresql")(OutMail).from_select(COLUMNS, select(*read), include_defaults=False)
    return into.on_conflict_do_nothing(index_elements=["dedupe"])


def state_of(session: Session, dedupe: str) -> str | None:
    """What became of the mail with this key; None where none was written."""
    return session.execute(select(OutMail.state).where(OutMail.dedupe == dedupe)).scalar()


def put(session: Session, vault: Vault, message: Message, base_url: str, now: datetime) -> bool:
    """Adds the mail unless its dedupe key is there already, put by another transaction this moment perhaps; whether it
    was added. Message-ID is fixed here, for every attempt. One to nobody's address has failed from the start: what it
    tells is for somebody to tell."""
    connection, counted = session.connection(), {"preserve_rowcount": True}
    written = to_put(session, vault, [message], base_url, now)
    return any(connection.execute(alone(each), values, execution_options=counted).rowcount for each, values in written)


def to_put(session: Session, vault: Vault, messages: Sequence[Message], base_url: str, now: datetime) -> list[Written]:
    """What `put` would add of several, for whoever writes it later in this transaction."""
    rows = _rows(session, vault, messages, base_url, now)
    if rows and session.get_bind().dialect.name == "postgresql":
        told = orjson.dumps(rows, default=lambda sealed: b64encode(sealed).decode("ascii"))
        return [(adds_all, {"mails": told.decode()})]
    return [(adds, row) for row in rows]


def _rows(
    session: Session, vault: Vault, messages: Sequence[Message], base_url: str, now: datetime
) -> list[dict[str, object]]:
    """Of the mails that may be new. Sealing makes a key where there is none (any more): not for one that is there."""
    session.flush()
    without = {holder for holder in {each.holder for each in messages} if not vault.has_key(holder, CLASS)}
    doubtful = [message.dedupe for message in messages if message.holder in without]
    there = set(session.connection().execute(THERE, {"wanted": doubtful}).scalars()) if doubtful else ()
    host = urlsplit(base_url).hostname
    return [_row(vault, message, host, now) for message in messages if message.dedupe not in there]


def _row(vault: Vault, message: Message, host: str | None, now: datetime) -> dict[str, object]:
    row = uuid7()
    return {
        "id": row,
        "dedupe": message.dedupe,
        "message_id": f"<{row.hex}@{host}>",
        "kind": message.kind,
        "language": message.language,
        "holder_kind": message.holder.kind,
        "holder_id": message.holder.id,
        "case_id": message.case_id,
        "attempts": 0,
        "created_at": now,
        "next_at": now,
        "expires_at": message.expires_at,
        "state": "waiting" if message.to else "failed",
        "fault": None if message.to else "no_address",
        "sealed": vault.seal(
            message.holder,
            CLASS,
            Place("outbox", "sealed", row),
            {"to": message.to, "arguments": message.arguments, "staff": message.staff},
        ),
    }
