"""What somebody was typing when the session ended: sealed, for that person in that browser, gone in a day.

Nobody is signed in when it is taken in, so it is taken in unread; it opens only after that person signed in again.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy import delete

from portal.domain.clock import Clock
from portal.domain.permissions import ANONYMOUS, Actor
from portal.records.tables.cases import Draft
from portal.services import limits
from portal.services.drafts import CLASS, LIVES
from portal.services.unit import reading, writing
from portal.vault.envelope import INSTALLATION, Place

Typed = dict[str, list[str]]  # name of a field -> what it held
MOST = 100_000  # characters


def person_of(actor: Actor) -> str | None:
    """Whose typing it is: an account, a student, somebody who acts for one, or whoever holds the code of a case."""
    known = actor.id or actor.student_id or actor.case_id
    return f"{actor.kind.value}:{known}" if known else None


def keep(clock: Clock, browser: str, person: str, page: str, typed: Typed, place: str) -> bool:
    """Takes in what was typed on a page, in the place of what was kept of it before; whether it did.

    `browser` is its secret, `person` as in `person_of`, `place` the network address: of one place only so much is kept.
    """
    if sum(len(text) for texts in typed.values() for text in texts) > MOST:
        return False
    if not limits.hit(clock, "draft_place", place):
        return False
    owner = _owner(browser, person, page)
    with writing(ANONYMOUS, clock) as work:
        work.session.execute(delete(Draft).where(Draft.updated_at < work.now - LIVES))
        row = work.session.get(Draft, _id(owner), with_for_update=True)
        if row is None:
            row = Draft(id=_id(owner), owner=owner, sealed=b"")
            work.session.add(row)
        row.updated_at = work.now
        row.sealed = work.vault.seal(INSTALLATION, CLASS, Place("draft", "sealed", row.id), {"typed": typed})
    return True


def kept(actor: Actor, clock: Clock, browser: str, page: str) -> Typed | None:
    """What this person typed on this page in this browser before the session ended; None when there is nothing."""
    person = person_of(actor)
    if person is None:
        return None
    owner = _owner(browser, person, page)
    with reading(actor, clock) as work:
        row = work.session.get(Draft, _id(owner))
        if row is None or row.owner != owner or row.updated_at < work.now - LIVES:
            return None
        found: Typed = work.vault.open(INSTALLATION, CLASS, Place("draft", "sealed", row.id), row.sealed)["typed"]
        return found


def forget(actor: Actor, clock: Clock, browser: str, page: str) -> None:
    """The form was sent after all: nothing of it is kept any more."""
    person = person_of(actor)
    if person is None:
        return
    with writing(actor, clock) as work:
        work.session.execute(delete(Draft).where(Draft.owner == _owner(browser, person, page)))


def _owner(browser: str, person: str, page: str) -> bytes:
    return hashlib.sha256(f"typed|{browser}|{person}|{page}".encode()).digest()


def _id(owner: bytes) -> UUID:
    return UUID(bytes=owner[:16])
