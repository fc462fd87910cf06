"""A clock that jumped forward more than a day holds deletions until somebody says that it is right.

The nightly run remembers the day it saw. Data that are gone do not come back when the clock is put right, so a worker
that was off for a long weekend asks too: one press, or one command.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import date

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM, Actor
from portal.records.tables.proof import Setting
from portal.services.unit import Work, reading, writing

log = logging.getLogger("portal.retention")
NAME = "retention_clock"
MOST_DAYS = 1


@dataclass(frozen=True, slots=True)
class Doubt:
    """`seen` is the last day on which the clock was trusted, `now` what it says."""

    seen: date
    now: date


def doubt(work: Work) -> Doubt | None:
    """Why the clock is doubted, or None. A clock that was set back is doubted too: somebody set it wrong once."""
    row = work.session.get(Setting, NAME)
    if row is None:
        return None
    seen = date.fromisoformat(json.loads(row.value)["seen"])
    return None if 0 <= (work.today - seen).days <= MOST_DAYS else Doubt(seen, work.today)


def is_held(clock: Clock) -> bool:
    """Whether deletions are held now."""
    with reading(SYSTEM, clock) as work:
        return doubt(work) is not None


def look(clock: Clock) -> Doubt | None:
    """Remembers the day when nothing is wrong; else alarms and returns why deletions are held."""
    with writing(SYSTEM, clock) as work:
        found = doubt(work)
        if found is None:
            _remember(work)
            return None
    log.critical("the clock jumped: deletions are held", extra={"seen": str(found.seen), "clock": str(found.now)})
    return found


def trust(actor: Actor, clock: Clock) -> None:
    """The clock is right: deletions go on. NotAllowed but for whoever looks after the installation."""
    with writing(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
        found = doubt(work)
        _remember(work)
        if found is not None:
            work.note("trust_clock", "installation", None, seen=str(found.seen), clock=str(found.now))


def _remember(work: Work) -> None:
    row = work.session.get(Setting, NAME)
    value = json.dumps({"seen": work.today.isoformat()})
    if row is None:
        work.session.add(Setting(name=NAME, value=value, changed_at=work.now, changed_by=work.actor.id))
    elif row.value != value:
        row.value, row.changed_at, row.changed_by = value, work.now, work.actor.id
    work.session.flush()
