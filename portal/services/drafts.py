"""What somebody is filling in over several pages: sealed, bound to one browser, gone within a day.

A draft that was begun signed in opens only for that student again, so that the next person at a shared computer reads
nothing. What was being typed when the session ended is still taken in, unread, and is there after signing in again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Update, bindparam, delete, select, update
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS
from portal.records.db import write_new
from portal.records.tables.cases import Draft
from portal.records.written_last import Value
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION, Json, Place

CLASS = "draft"
LIVES = timedelta(hours=24)

KEPT = select(Draft).where(Draft.id == bindparam("id"))
HELD = KEPT.with_for_update()


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
        sealed = _sealed(work, draft_id, _bound(owner, contents))
        write_new(work.session, [Draft(id=draft_id, owner=owner.digest, updated_at=work.now, sealed=sealed)])
    return draft_id


def read(clock: Clock, draft_id: UUID, owner: Owner) -> dict[str, Json]:
    """The contents. NoDraft when it is another's or too old, SignInFirst when its student is not signed in."""
    with reading(ANONYMOUS, clock) as work:
        return _opened(work, _row(work, draft_id, owner, KEPT), owner)


def save(clock: Clock, draft_id: UUID, owner: Owner, contents: dict[str, Json]) -> None:
    """Replaces the contents; one that was begun before signing in now belongs to the student. NoDraft as in `read`."""
    with writing(ANONYMOUS, clock) as work:
        open_draft(work, draft_id, owner)
        write(work, draft_id, owner, contents)


def keep_page(clock: Clock, draft_id: UUID, owner: Owner, name: str, typed: Json) -> None:
    """Takes in one page that was typed while the session ended, without showing anything of the draft. NoDraft when it
    is another browser's or too old."""
    with writing(ANONYMOUS, clock) as work:
        row = _row(work, draft_id, owner)
        kept = _open(work, row)
        if "pages" in kept["contents"]:
            kept["contents"]["pages"][name] = typed
            _write(work, draft_id, kept)


def write(work: Work, draft_id: UUID, owner: Owner, contents: dict[str, Json]) -> None:
    _write(work, draft_id, _bound(owner, contents))


def _write(work: Work, draft_id: UUID, kept: dict[str, Json]) -> None:
    values = {"draft": draft_id, "at": work.now, "blob": _sealed(work, draft_id, kept)}
    work.write_last(_puts, values)


def _puts(value: Value) -> Update:
    return update(Draft).where(Draft.id == value("draft")).values(updated_at=value("at"), sealed=value("blob"))


def _bound(owner: Owner, contents: dict[str, Json]) -> dict[str, Json]:
    return {"student": owner.student, "contents": contents}


def _sealed(work: Work, draft_id: UUID, kept: dict[str, Json]) -> bytes:
    return work.vault.seal(INSTALLATION, CLASS, Place("draft", "sealed", draft_id), kept)


def open_draft(work: Work, draft_id: UUID, owner: Owner) -> dict[str, Json]:
    """The contents; the row is locked until the unit ends where the engine locks rows. Or NoDraft."""
    return _opened(work, _row(work, draft_id, owner), owner)


def _opened(work: Work, row: Any, owner: Owner) -> dict[str, Json]:
    kept = _open(work, row)
    if kept["student"] not in {"", owner.student}:
        raise NoDraft(str(row.id)) if owner.student else SignInFirst(str(row.id))
    found: dict[str, Json] = kept["contents"]
    return found


def _row(work: Work, draft_id: UUID, owner: Owner, statement: Select[Any] = HELD) -> Any:
    row = work.session.connection().execute(statement, {"id": draft_id}).first()
    if row is None or row.owner != owner.digest or row.updated_at < work.now - LIVES:
        raise NoDraft(str(draft_id))
    return row


def _open(work: Work, row: Any) -> dict[str, Json]:
    kept: dict[str, Json] = work.vault.open(INSTALLATION, CLASS, Place("draft", "sealed", row.id), row.sealed)
    return kept


def expire(clock: Clock) -> int:
    """Removes drafts that are older than a day; returns how many. For the worker."""
    with writing(ANONYMOUS, clock) as work:
        gone = work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        return int(getattr(gone, "rowcount", 0))
