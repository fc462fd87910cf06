"""One unit of work: a writing transaction, the vault, the audit entries and mails that belong to it. All or nothing.

A service opens one, does its work, and the unit commits once at the end; an exception undoes everything. A page asks
several services that only read: between `begin_page` and the end of its request these share one transaction, the keys
that were opened and what they asked for once, until something is written. A unit that reads inside
one that writes is part of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from config import Settings
from portal.audit import checkpoints, log
from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor, Subject, demand
from portal.mail import outbox
from portal.mail.messages import Message
from portal.policy.model import Policy
from portal.records.db import begin_write, db, end_reading
from portal.records.written_last import Writes, Written
from portal.services.assurance_of import demand_level
from portal.services.giving_way import rest
from portal.vault.envelope import Json
from portal.vault.master import MasterKey
from portal.vault.vault import Vault

T = TypeVar("T")
_UNASKED = object()  # in the place of an answer, which may be None
PAGE = "page"  # what a session carries while it reads for one


@dataclass(slots=True)
class Work:
    """What a service works with: who acts, when, on which records, under which policy."""

    actor: Actor
    clock: Clock
    session: Session
    vault: Vault
    policy: Policy
    now: datetime
    entries: list[log.Entry] = field(default_factory=list)
    beside: list[Written] = field(default_factory=list)
    known: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.clock.today()

    def require(self, act: Act, subject: Subject | None = None) -> None:
        """Nothing, or NotAllowed with the rule's code; "level" (needs) where the actor is not known well enough."""
        demand(self.actor, act, subject)
        demand_level(self, act)

    def once(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question, asked of the database once for this unit, or for all that a page reads."""
        found = self.known.get(question, _UNASKED)
        if found is _UNASKED:
            found = self.known[question] = ask()
        return cast(T, found)

    def send(self, message: Message) -> bool:
        """Puts a mail in the outbox, in this transaction; False when one with the same dedupe key is there already."""
        settings: Settings = current_app.config["SETTINGS"]
        return outbox.put(self.session, self.vault, message, settings.base_url, self.now)

    def send_last(self, mails: Iterable[Message]) -> None:
        """`send` for several of which nothing in the unit asks again, when the unit commits."""
        settings: Settings = current_app.config["SETTINGS"]
        self.beside += outbox.to_put(self.session, self.vault, list(mails), settings.base_url, self.now)

    def write_last(self, writes: Writes, values: Mapping[str, Any]) -> None:
        """Writes when the unit commits, with the audit entries: what nothing in the unit asks for again."""
        self.beside.append((writes, values))

    def note(self, act: str, subject_kind: str, subject_id: UUID | None, **details: Json) -> None:
        """An audit entry, written when the unit commits."""
        actor = self.actor
        self.entries.append(log.Entry(act, actor.kind.value, actor.id, subject_kind, subject_id, details))


@dataclass(slots=True)
class _Page:
    """What the reading units of one page, or inside one writing unit, share."""

    vault: Vault
    known: dict[Hashable, Any] = field(default_factory=dict)
    work: Work | None = None  # of who asked last


def begin_page() -> None:
    """From here to `end_page`, or until something is written, reading units share what they read."""
    db.session().info[PAGE] = _Page(_vault())


def end_page() -> None:
    if db.session().info.pop(PAGE, None) is not None:
        end_reading()


def _vault() -> Vault:
    return Vault(db.engines["keys"], cast(MasterKey, current_app.extensions["master_key"]))


def _work(actor: Actor, clock: Clock, page: _Page) -> Work:
    return Work(
        actor=actor,
        clock=clock,
        session=db.session(),
        vault=page.vault,
        policy=cast(Policy, current_app.extensions["policy"]),
        now=clock.now(),
        known=page.known,
    )


@contextmanager
def writing(actor: Actor, clock: Clock, keys: Vault | None = None) -> Iterator[Work]:
    """A unit that writes: commits when the block ends, with its audit entries; rolls back when it raises.

    `keys` are what a page opened just now: for the unit that only puts on record who looked at it.
    Raises ChangedMeanwhile when a row of it was changed by somebody else after it was read (its version moved on).
    """
    begin_write()
    began = time.monotonic()
    shared = db.session().info
    of_page = shared.get(PAGE)
    own = shared[PAGE] = _Page(keys or _vault())
    work = _work(actor, clock, own)
    try:
        yield work
        work.session.flush()
        log.append(work.session, work.vault, work.now, work.entries, work.beside)
        checkpoints.after(work.session, work.vault, work.now, work.entries)
        work.session.commit()
    except StaleDataError as stale:
        from portal.services.casework import ChangedMeanwhile

        work.session.rollback()
        raise ChangedMeanwhile("a row") from stale
    except BaseException:
        work.session.rollback()
        raise
    finally:
        shared.pop(PAGE, None)
        if of_page is not None:
            begin_page()  # what it read before may have changed
    rest(work.session, began)


@contextmanager
def reading(actor: Actor, clock: Clock) -> Iterator[Work]:
    """A unit that only reads."""
    page: _Page | None = db.session().info.get(PAGE)
    if page is None:
        try:
            yield _work(actor, clock, _Page(_vault()))
        finally:
            end_reading()
        return
    if page.work is None or page.work.actor is not actor:
        page.work = _work(actor, clock, page)
    yield page.work


def abandon() -> None:
    """Drops whatever the request's transaction holds: before an error page is shown."""
    end_reading()
    if PAGE in db.session().info:
        begin_page()
