"""The last resort among the ways to be known: sending a copy of an ID, or evidence that is one.

Staff open the way for one case, with a reason why the desk cannot be reached; it closes when they decide, when the time
of what was sent is over, or by itself when nothing comes. What is sent is kept under a key of its own for 72 hours at
most. Where the way stands follows from the case's timeline (regulation, "Identity"; GDPR 5(1)(c) and (e)).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState, next_state
from portal.mail import messages
from portal.records import casebook, files
from portal.records.db import BUSY_MILLISECONDS, db
from portal.records.tables.cases import Case
from portal.records.tables.people import SealedFile
from portal.services import erasure_ledger
from portal.services.casework import reply_address
from portal.services.unit import Work

CLASS, PURPOSE = "upload", "upload"
LONGEST_KEPT = timedelta(hours=72)  # whatever the policy says
WAY_LASTS = timedelta(days=14)  # without anything sent; then staff think anew
MAX_FILES = 5
MAX_KEPT = 50 * 1024 * 1024  # bytes for one case
HOW = "uploaded_id"  # Case.assured_how
CLEANING_WAIT = 1000  # milliseconds

_OPENS = EventKind.UPLOAD_ALLOWED
_CLOSES = frozenset({EventKind.UPLOAD_ACCEPTED, EventKind.UPLOAD_REJECTED, EventKind.UPLOAD_GONE})
_KINDS = frozenset({_OPENS, EventKind.UPLOAD_RECEIVED}) | _CLOSES


class Purpose(StrEnum):
    """What the copy is for."""

    IDENTITY = "identity"  # to be known at level 3
    EVIDENCE = "evidence"  # a paper that shows what is right, and is an ID


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it was sent; its pages are files of their own."""

    at: datetime
    pages: tuple[UUID, ...]
    media_type: str
    size: int  # bytes, as it came
    once: str = ""  # the form's idempotency key, in hex


@dataclass(frozen=True, slots=True)
class Way:
    """An open way: why it was opened, for what, and what has come by it."""

    purpose: Purpose
    reason: str
    since: datetime
    sent: tuple[Sent, ...]


def open_way(work: Work, case: Case, events: Iterable[Any] | None = None) -> Way | None:
    """The way as it stands now, or None while there is none. `events`: the case's timeline, where it was read."""
    opened: Any = None
    received: list[Any] = []
    for each in casebook.events_of(work.session, case.id, _KINDS) if events is None else events:
        if each.kind not in _KINDS:
            continue
        if each.kind == _OPENS:
            opened, received = each, []
        elif each.kind == EventKind.UPLOAD_RECEIVED:
            received.append(each)
        else:
            opened = None
    if opened is None or (not received and opened.at + WAY_LASTS <= work.now):
        return None
    details = casebook.details_of(work.vault, case.id, opened)
    return Way(
        purpose=Purpose(details.get("purpose", Purpose.IDENTITY)),
        reason=str(details.get("reason", "")),
        since=opened.at,
        sent=tuple(_sent(work, case.id, each) for each in received),
    )


def _sent(work: Work, case_id: UUID, received: Any) -> Sent:
    details = casebook.details_of(work.vault, case_id, received)
    return Sent(
        at=received.at,
        pages=tuple(UUID(page) for page in details.get("pages", ())),
        media_type=str(details.get("media_type", "")),
        size=int(details.get("size", 0)),
        once=str(details.get("once", "")),
    )


def tell_sender(work: Work, case: Case, kind: EventKind) -> None:
    """News by mail to whoever asks: what happened stands on the page of the case, a refusal with its reason."""
    if to := reply_address(work, case):
        happened = f"{case.id}:{kind.value}:{work.now.isoformat()}"
        work.send(messages.news(to, case.language, case.id, case.reference, happened))


def demand_living(case: Case) -> None:
    """Nothing, or NotPossible for a case in whose state nobody needs to be known any more."""
    next_state(CaseState(case.state), Action.CONFIRM_IDENTITY)


def kept(work: Work, case_id: UUID) -> list[SealedFile]:
    """The pages that are still there, in the order in which they came."""
    return files.of_holder(work.session, casebook.holder(case_id), CLASS)


def waits(work: Work, case_id: UUID) -> bool:
    """Whether something was sent that nobody has decided on and whose time is not over."""
    return any(page.expires_at is None or page.expires_at > work.now for page in kept(work, case_id))


def ends_at(work: Work, already: Iterable[SealedFile]) -> datetime:
    """When what comes now is wiped: with what came before it, else after the policy's term, at most 72 hours."""
    term = work.policy.retention.get(CLASS)
    days = timedelta(days=term.days) if term and term.days else LONGEST_KEPT
    ends = [file.expires_at for file in already if file.expires_at is not None]
    return min([work.now + min(days, LONGEST_KEPT), *ends])


def destroy(work: Work, case_id: UUID) -> int:
    """Wipes all that was sent for a case: the key first, then the rows; returns how many pages there were.

    The caller has flushed what it records about it, so that a refusal comes before anything is destroyed.
    """
    holder = casebook.holder(case_id)
    erasure_ledger.destroy_key(work, holder, CLASS)
    return files.remove(work.session, holder, [file.id for file in kept(work, case_id)])


def clean_physically() -> None:
    """Folds SQLite's write-ahead files back, in which removed bytes would live on; call it after the commit.

    Does what can be done within a second: whoever still reads keeps the rest until the next time. The key is gone
    already. PostgreSQL cleans in its own time.
    """
    db.session.rollback()
    for engine in db.engines.values():
        if engine.dialect.name != "sqlite":
            continue
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={CLEANING_WAIT}")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.fetchall()
            cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
            cursor.close()
        finally:
            connection.close()
