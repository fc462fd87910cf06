"""The outbox's rows on their way out: claimed with a lease, marked afterwards, and the pause of the whole queue.

Each function works in its caller's transaction; SMTP is spoken outside any of them (portal/services/deliver_mail.py).
A lease that ran out is claimed again, so that a mail of a dead worker goes out: at least once, with the same
Message-ID.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.mail.outbox import CLASS
from portal.records.settings import put_setting
from portal.records.tables.proof import OutMail, Setting
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Vault

LEASE = timedelta(minutes=10)
FIRST_WAIT, LONGEST_WAIT, GIVE_UP = timedelta(minutes=1), timedelta(hours=6), timedelta(days=5)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(minutes=30)
CIRCUIT = "mail_circuit"

WAITING, SENT, FAILED, QUARANTINED, EXPIRED = "waiting", "sent", "failed", "quarantined", "expired"
TOLD = "told"  # it failed, and somebody told it otherwise
STATES = (WAITING, SENT, FAILED, QUARANTINED, EXPIRED, TOLD)

# Asked for each mail or each batch of them, so put together once.
_due = and_(
    OutMail.state == WAITING,
    OutMail.next_at <= bindparam("now"),
    or_(OutMail.lease_until.is_(None), OutMail.lease_until <= bindparam("now")),
)
ANY_DUE = select(OutMail.id).where(_due).limit(1)
DUE = (
    select(
        *(OutMail.id, OutMail.message_id, OutMail.kind, OutMail.language, OutMail.holder_kind, OutMail.holder_id),
        *(OutMail.case_id, OutMail.attempts, OutMail.created_at, OutMail.next_at, OutMail.expires_at, OutMail.sealed),
    )
    .where(_due)
    .order_by(OutMail.next_at, OutMail.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
LEND = (
    update(OutMail)
    .where(OutMail.id.in_(bindparam("mails", expanding=True)))
    .values(lease_until=bindparam("until"), leased_by=bindparam("worker"))
)
MARK = (
    update(OutMail)
    .where(OutMail.id == bindparam("mail"), OutMail.leased_by == bindparam("worker"), OutMail.state == WAITING)
    .values(
        lease_until=None,
        leased_by=None,
        **{name: bindparam(f"new_{name}") for name in ("state", "attempts", "next_at", "sent_at", "fault")},
    )
)
PAUSED = select(Setting.value).where(Setting.name == CIRCUIT)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker may send until its lease ends."""

    id: UUID
    message_id: str
    kind: str
    language: str
    holder: Holder
    case_id: UUID | None
    attempts: int
    created_at: datetime
    next_at: datetime
    expires_at: datetime | None
    lease_until: datetime
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """The server takes no mail: nothing is tried before `until`, then one mail at a time until one is accepted."""

    fault: str
    since: datetime
    until: datetime
    trips: int


def anything_due(session: Session, now: datetime) -> bool:
    """Whether a claim would find something: asked every few seconds, without a writing transaction."""
    return session.connection().execute(ANY_DUE, {"now": now}).first() is not None


def claim(session: Session, now: datetime, worker: UUID, most: int) -> list[Claimed]:
    """Up to `most` rows that are due and that no live lease holds; they are this worker's for `LEASE`."""
    connection, until = session.connection(), now + LEASE
    rows = connection.execute(DUE, {"now": now, "most": most}).all()
    if rows:
        connection.execute(LEND, {"mails": [row.id for row in rows], "until": until, "worker": worker})
    return [
        Claimed(
            id=row.id,
            message_id=row.message_id,
            kind=row.kind,
            language=row.language,
            holder=Holder(row.holder_kind, row.holder_id),
            case_id=row.case_id,
            attempts=row.attempts,
            created_at=row.created_at,
            next_at=row.next_at,
            expires_at=row.expires_at,
            lease_until=until,
            sealed=row.sealed,
        )
        for row in rows
    ]


def open_body(vault: Vault, mail: Claimed) -> dict[str, Json]:
    """{"to", "arguments", "staff"}. Raises Shredded when the key is gone, Tampered when it is not what was sealed."""
    body: dict[str, Json] = vault.open(mail.holder, CLASS, Place("outbox", "sealed", mail.id), mail.sealed)
    return body


def wait_before(attempts: int) -> timedelta:
    """How long to wait after the `attempts`-th failed attempt: one minute, doubling, at most six hours."""
    return min(FIRST_WAIT * (1 << min(attempts - 1, 20)), LONGEST_WAIT)


def gives_up(attempts: int) -> bool:
    """Whether so many failed attempts have spanned five days. Counted in attempts, not by the calendar: days in which
    no worker ran take nothing from a mail."""
    return sum((wait_before(number) for number in range(1, attempts + 1)), timedelta()) > GIVE_UP


def mark(
    connection: Connection,
    mail: Claimed,
    worker: UUID,
    state: str,
    fault: str | None = None,
    *,
    attempts: int | None = None,
    next_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> bool:
    """Writes what became of a mail and ends its lease; False when another worker has claimed it since."""
    values = {
        "mail": mail.id,
        "worker": worker,
        "new_state": state,
        "new_attempts": mail.attempts if attempts is None else attempts,
        "new_next_at": next_at or mail.next_at,
        "new_sent_at": sent_at,
        "new_fault": fault,
    }
    return bool(connection.execute(MARK, values).rowcount)


def mark_later(session: Session, mail: Claimed, worker: UUID, now: datetime, fault: str) -> str:
    """Counts an attempt and waits, or gives up; returns the state that the mail is in now."""
    attempts = mail.attempts + 1
    state = FAILED if gives_up(attempts) else WAITING
    next_at = now + wait_before(attempts)
    mark(session.connection(), mail, worker, state, fault, attempts=attempts, next_at=next_at)
    return state


def release(session: Session, mails: Iterable[Claimed], worker: UUID) -> None:
    """Gives back what was claimed and not tried: no attempt is counted."""
    ids = [mail.id for mail in mails]
    if ids:
        session.execute(
            update(OutMail)
            .where(OutMail.id.in_(ids), OutMail.leased_by == worker)
            .values(lease_until=None, leased_by=None),
            execution_options={"synchronize_session": False},
        )


def counts(session: Session) -> dict[str, int]:
    """How many mails are in each state, the states without any too."""
    counted = dict(session.execute(select(OutMail.state, func.count()).group_by(OutMail.state)).all())
    return {state: counted.get(state, 0) for state in STATES}


def waits_since(session: Session) -> datetime | None:
    """Since when the oldest unsent mail waits."""
    return session.execute(select(func.min(OutMail.created_at)).where(OutMail.state == WAITING)).scalar()


# the pause of the queue --------------------------------------------------------------------------------------------


def pause(session: Session) -> Pause | None:
    """The pause in force, or None; it stays until a mail is accepted."""
    value = session.connection().execute(PAUSED).scalar()
    if value is None:
        return None
    facts = json.loads(value)
    since, until = (datetime.fromisoformat(facts[name]) for name in ("since", "until"))
    return Pause(facts["fault"], since, until, facts["trips"])


def begin_pause(session: Session, now: datetime, fault: str) -> Pause:
    """Pauses the queue, longer each time in a row that it was in vain: one minute, doubling, at most half an hour."""
    before = pause(session)
    trips = before.trips + 1 if before else 1
    until = now + min(FIRST_PAUSE * (1 << min(trips - 1, 20)), LONGEST_PAUSE)
    found = Pause(fault, before.since if before else now, until, trips)
    facts = {"fault": fault, "since": found.since.isoformat(), "until": until.isoformat(), "trips": trips}
    put_setting(session, CIRCUIT, json.dumps(facts), now)
    return found


def end_pause(session: Session) -> bool:
    """The server takes mail again; whether there was a pause."""
    gone = session.execute(delete(Setting).where(Setting.name == CIRCUIT))
    return bool(gone.rowcount)  # type: ignore[attr-defined]
