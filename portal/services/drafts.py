"""What somebody is filling in over several pages: sealed, bound to one browser, gone within a day.

A draft that was begun signed in opens only for that student again, so that the next person at a shared computer reads
nothing. What was being typed when the session ended is still taken in, unread, and is there after signing in again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
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


class SignInFirst(NoDraft):
    """The draft was begun by somebody who was signed in and is not any more."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may open a draft: this browser, and the student who is signed in, if any."""

    browser: str
    student_id: UUID | None

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(f"draft|{self.browser}".encode()).digest()

    @property
    def student(self) -> str:
        return str(self.student_id or "")


def start(clock: Clock, owner: Owner, contents: dict[str, Json]) -> UUID:
    """A new draft; removes those that have expired."""
    draft_id = uuid7()
    with writing(ANONYMOUS, clock) as work:
        work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        row = Draft(id=draft_id, owner=owner.digest, updated_at=work.now, sealed=b"")
        write(work, row, owner, contents)
        work.session.add(row)
    return draft_id


def read(clock: Clock, draft_id: UUID, owner: Owner) -> dict[str, Json]:
    """The contents. NoDraft when it is another's or too old, SignInFirst when its student is not signed in."""
    with reading(ANONYMOUS, clock) as work:
        return _opened(work, _row(work, draft_id, owner, held=False), owner)


def save(clock: Clock, draft_id: UUID, owner: Owner, contents: dict[str, Json]) -> None:
    """Replaces the contents; one that was begun before signing in now belongs to the student. NoDraft as in `read`."""
    with writing(ANONYMOUS, clock) as work:
        row, _ = open_draft(work, draft_id, owner)
        write(work, row, owner, contents)


def keep_page(clock: Clock, draft_id: UUID, owner: Owner, name: str, typed: Json) -> None:
    """Takes in one page that was typed while the session ended, without showing anything of the draft. NoDraft when it
    is another browser's or too old."""
    with writing(ANONYMOUS, clock) as work:
        row = _row(work, draft_id, owner)
        kept = _open(work, row)
        if "pages" in kept["contents"]:
            kept["contents"]["pages"][name] = typed
            _write(work, row, kept)


def write(work: Work, row: Draft, owner: Owner, contents: dict[str, Json]) -> None:
    _write(work, row, {"student": owner.student, "contents": contents})


def _write(work: Work, row: Draft, kept: dict[str, Json]) -> None:
    row.updated_at = work.now
    row.sealed = work.vault.seal(INSTALLATION, CLASS, Place("draft", "sealed", row.id), kept)


def open_draft(work: Work, draft_id: UUID, owner: Owner) -> tuple[Draft, dict[str, Json]]:
    """The row, locked until the unit ends where the engine locks rows, and its contents; or NoDraft."""
    row = _row(work, draft_id, owner)
    return row, _opened(work, row, owner)


def _opened(work: Work, row: Draft, owner: Owner) -> dict[str, Json]:
    kept = _open(work, row)
    if kept["student"] not in {"", owner.student}:
        raise NoDraft(str(row.id)) if owner.student else SignInFirst(str(row.id))
    found: dict[str, Json] = kept["contents"]
    return found


def _row(work: Work, draft_id: UUID, owner: Owner, held: bool = True) -> Draft:
    row = work.session.get(Draft, draft_id, with_for_update=held, populate_existing=True)
    if row is None or row.owner != owner.digest or row.updated_at < work.now - LIVES:
        raise NoDraft(str(draft_id))
    return row


def _open(work: Work, row: Draft) -> dict[str, Json]:
    kept: dict[str, Json] = work.vault.open(INSTALLATION, CLASS, Place("draft", "sealed", row.id), row.sealed)
    return kept


def expire(clock: Clock) -> int:
    """Removes drafts that are older than a day; returns how many. For the worker."""
    with writing(ANONYMOUS, clock) as work:
        gone = work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        return int(getattr(gone, "rowcount", 0))
