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

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
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


def _due(now: datetime) -> ColumnElement[bool]:
    free = or_(OutMail.lease_until.is_(None), OutMail.lease_until <= now)
    return and_(OutMail.state == WAITING, OutMail.next_at <= now, free)


def anything_due(session: Session, now: datetime) -> bool:
    """Whether a claim would find something: asked every few seconds, without a writing transaction."""
    return session.execute(select(OutMail.id).where(_due(now)).limit(1)).first() is not None


def claim(session: Session, now: datetime, worker: UUID, most: int) -> list[Claimed]:
    """Up to `most` rows that are due and that no live lease holds; they are this worker's for `LEASE`."""
    due = (
        select(OutMail)
        .where(_due(now))
        .order_by(OutMail.next_at, OutMail.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(due).scalars().all()
    until = now + LEASE
    if rows:
        session.execute(
            update(OutMail).where(OutMail.id.in_([row.id for row in rows])).values(lease_until=until, leased_by=worker),
            execution_options={"synchronize_session": False},
        )
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


def mark(session: Session, mail: Claimed, worker: UUID, **values: object) -> bool:
    """Writes what became of a mail and ends its lease; False when another worker has claimed it since."""
    done = session.execute(
        update(OutMail)
        .where(OutMail.id == mail.id, OutMail.leased_by == worker, OutMail.state == WAITING)
        .values(lease_until=None, leased_by=None, **values),
        execution_options={"synchronize_session": False},
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def mark_later(session: Session, mail: Claimed, worker: UUID, now: datetime, fault: str) -> str:
    """Counts an attempt and waits, or gives up; returns the state that the mail is in now."""
    attempts = mail.attempts + 1
    state = FAILED if gives_up(attempts) else WAITING
    next_at = now + wait_before(attempts)
    mark(session, mail, worker, attempts=attempts, state=state, next_at=next_at, fault=fault)
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
    value = session.execute(select(Setting.value).where(Setting.name == CIRCUIT)).scalar()
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
