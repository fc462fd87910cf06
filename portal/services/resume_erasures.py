"""Go on with erasures: those that a crash interrupted, and those whose time to think it over has passed.

A nudge that may run at any time: each erasure goes on after the last step that ended.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.refusal import Refused
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure
from portal.services import clock_guard, erasing
from portal.services.carry_out import carry_out
from portal.services.casework import ChangedMeanwhile, NotFound
from portal.services.shred_addresses import shred_addresses
from portal.services.unit import reading


@dataclass(frozen=True, slots=True)
class Resumed:
    """In numbers. `hanging`: begun and not done yet, since somebody still reads the database; the next run tries."""

    finished: int
    begun: int
    hanging: int
    addresses: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """An erasure in a list: handles, states and moments, nothing of a person."""

    id: UUID
    reference: str
    cause: str
    state: str
    step: str
    not_before: datetime
    ended_at: datetime | None


def resume(clock: Clock) -> Resumed:
    """Finishes what was begun, whatever the clock says; begins what is due unless the clock is doubted."""
    done = [erasing.run(clock, erasure_id) for erasure_id in _running(clock)]
    begun = 0 if clock_guard.is_held(clock) else sum(_begin(clock, *due) for due in _due(clock))
    return Resumed(done.count(True), begun, done.count(False), shred_addresses(clock))


def _running(clock: Clock) -> list[UUID]:
    with reading(SYSTEM, clock) as work:
        statement = select(Erasure.id).where(Erasure.state == erasing.RUNNING).order_by(Erasure.begun_at, Erasure.id)
        return list(work.session.execute(statement).scalars())


def _due(clock: Clock) -> list[tuple[str, int]]:
    with reading(SYSTEM, clock) as work:
        statement = (
            select(Case.reference, Case.version)
            .join(Erasure, Erasure.case_id == Case.id)
            .where(Erasure.state == erasing.WAITING, Erasure.not_before <= work.now)
            .where(Case.state == CaseState.DECIDED.value, Case.approver_id.is_not(None))
            .order_by(Erasure.not_before)
        )
        return [(row.reference, row.version) for row in work.session.execute(statement)]


def _begin(clock: Clock, reference: str, version: int) -> bool:
    """Whether it could begin; what is missing (the level of identity, a settled address) is on the case's page."""
    try:
        carry_out(SYSTEM, clock, reference, version)
    except (Refused, ChangedMeanwhile):
        return False
    return True


def list_erasures(actor: Actor, clock: Clock, most: int = 100) -> list[ErasureLine]:
    """The newest erasures. NotAllowed without a look at operations."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
        statement = (
            select(Erasure, Case.reference)
            .outerjoin(Case, Case.id == Erasure.case_id)
            .order_by(Erasure.created_at.desc(), Erasure.id.desc())
            .limit(most)
        )
        return [
            ErasureLine(
                row.id,
                reference or "",
                row.cause,
                row.state,
                row.step or "",
                row.not_before,
                row.ended_at,
            )
            for row, reference in work.session.execute(statement)
        ]


@dataclass(frozen=True, slots=True)
class Certificate:
    """That something was erased, when and how much: for whoever asks later, without saying whose it was."""

    number: str
    cause: str
    begun: datetime
    ended: datetime
    values: int
    records: int
    files: int
    classes: int
    steps: tuple[str, ...]


def certificate(actor: Actor, clock: Clock, erasure_id: UUID) -> Certificate:
    """Raises NotFound while the erasure is not done, NotAllowed without a look at operations."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
        erasure = work.session.get(Erasure, erasure_id)
        if erasure is None or erasure.certificate is None:
            raise NotFound(str(erasure_id))
        told = json.loads(erasure.certificate)
        return Certificate(
            number=told["number"],
            cause=told["cause"],
            begun=datetime.fromisoformat(told["begun"]),
            ended=datetime.fromisoformat(told["ended"]),
            values=told["values"],
            records=told["records"],
            files=told["files"],
            classes=told["classes"],
            steps=tuple(told["steps"]),
        )
