"""What somebody is filling in over several pages: sealed, owned by one browser, gone within a day.

The owner is a hash of the browser's secret and of who is signed in, so that the next person at a shared computer opens
nothing; what was begun before signing in goes along.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS
from portal.records.tables.cases import Draft
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION, Json, Place

CLASS = "draft"
LIVES = timedelta(hours=24)


class NoDraft(Exception):
    """There is no such draft for this browser, or it has expired."""


def owner_of(browser: str, student_id: UUID | None) -> bytes:
    return hashlib.sha256(f"{browser}|{student_id or ''}".encode()).digest()


def owners(browser: str, student_id: UUID | None) -> tuple[bytes, ...]:
    """Whose drafts may be opened: the signed-in person's, and those begun in this browser before signing in."""
    anonymous = owner_of(browser, None)
    return (owner_of(browser, student_id), anonymous) if student_id else (anonymous,)


def start(clock: Clock, owner: bytes, contents: dict[str, Json]) -> UUID:
    """A new draft; removes those that have expired."""
    draft_id = uuid7()
    with writing(ANONYMOUS, clock) as work:
        work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        work.session.add(Draft(id=draft_id, owner=owner, updated_at=work.now, sealed=seal(work, draft_id, contents)))
    return draft_id


def read(clock: Clock, draft_id: UUID, allowed: tuple[bytes, ...]) -> dict[str, Json]:
    """The contents. NoDraft when it is another's or too old."""
    with reading(ANONYMOUS, clock) as work:
        return open_draft(work, draft_id, allowed)[1]


def save(clock: Clock, draft_id: UUID, allowed: tuple[bytes, ...], contents: dict[str, Json]) -> None:
    """Replaces the contents; whoever saves it owns it from now on. NoDraft as in `read`."""
    with writing(ANONYMOUS, clock) as work:
        row, _ = open_draft(work, draft_id, allowed)
        write(work, row, allowed[0], contents)


def write(work: Work, row: Draft, owner: bytes, contents: dict[str, Json]) -> None:
    row.owner = owner
    row.updated_at = work.now
    row.sealed = seal(work, row.id, contents)


def open_draft(work: Work, draft_id: UUID, allowed: tuple[bytes, ...]) -> tuple[Draft, dict[str, Json]]:
    """The row, locked until the unit ends where the engine locks rows, and its contents; or NoDraft."""
    row = work.session.get(Draft, draft_id, with_for_update=True, populate_existing=True)
    if row is None or row.owner not in allowed or row.updated_at < work.now - LIVES:
        raise NoDraft(str(draft_id))
    found: dict[str, Json] = work.vault.open(INSTALLATION, CLASS, _place(draft_id), row.sealed)
    return row, found


def seal(work: Work, draft_id: UUID, contents: dict[str, Json]) -> bytes:
    return work.vault.seal(INSTALLATION, CLASS, _place(draft_id), contents)


def _place(draft_id: UUID) -> Place:
    return Place("draft", "sealed", draft_id)


def expire(clock: Clock) -> int:
    """Removes drafts that are older than a day; returns how many. For the worker."""
    with writing(ANONYMOUS, clock) as work:
        gone = work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        return int(getattr(gone, "rowcount", 0))
