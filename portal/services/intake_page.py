"""What staff see of uploads: the one under way, how far it is, its report, and the ones before it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.intake.reasons import ARCHIVES
from portal.records.tables.access import Staff
from portal.records.tables.office import Intake
from portal.services import intakes
from portal.services.conflicts import count_open
from portal.services.intakes import State, Told
from portal.services.unit import Work, reading

MOST = 20  # earlier uploads on the page


@dataclass(frozen=True, slots=True)
class Standing:
    """One upload. `counts` are of a finished import; `told` is empty once its time is over."""

    id: UUID
    state: State
    version: int
    by: str
    size: int
    done: int
    whole: int
    created_at: datetime
    step_at: datetime
    ended_at: datetime | None
    expires_at: datetime
    reason: str
    said: str  # the message id of why the file is refused; "" where the web has its own words
    counts: dict[str, int]
    told: Told

    @property
    def working(self) -> bool:
        return self.state in intakes.WORKING

    @property
    def may_cancel(self) -> bool:
        return self.state in intakes.BEFORE

    @property
    def percent(self) -> int | None:
        """How much of it was read; None while nobody can say."""
        return min(100, 100 * self.done // self.whole) if self.whole and self.done else None


@dataclass(frozen=True, slots=True)
class Overview:
    current: Standing | None
    earlier: tuple[Standing, ...]
    conflicts: int


def overview(actor: Actor, clock: Clock) -> Overview:
    """Raises NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        current = intakes.under_way(work)
        statement = select(Intake).where(Intake.slot.is_(None)).order_by(Intake.created_at.desc()).limit(MOST)
        earlier = list(work.session.execute(statement).scalars())
        names = _names(work, [*earlier, *([current] if current else [])])
        return Overview(
            _standing(work, current, names) if current else None,
            tuple(_standing(work, each, names, short=True) for each in earlier),
            count_open(work),
        )


def standing(actor: Actor, clock: Clock, intake_id: UUID) -> Standing:
    """One with its report. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        found = intakes.one(work, intake_id)
        return _standing(work, found, _names(work, [found]))


def _names(work: Work, shown: list[Intake]) -> dict[UUID, str]:
    wanted = {each.by_id for each in shown}
    rows = work.session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def _standing(work: Work, intake: Intake, names: dict[UUID, str], short: bool = False) -> Standing:
    counts: dict[str, Any] = json.loads(intake.counts)
    return Standing(
        id=intake.id,
        state=State(intake.state),
        version=intake.version,
        by=names.get(intake.by_id, ""),
        size=intake.size,
        done=intake.done,
        whole=intake.whole,
        created_at=intake.created_at,
        step_at=intake.step_at,
        ended_at=intake.ended_at,
        expires_at=intake.expires_at,
        reason=intake.reason or "",
        said=ARCHIVES.get(intake.reason or "", ""),
        counts=counts,
        told=Told() if short else intakes.told(work, intake),
    )
