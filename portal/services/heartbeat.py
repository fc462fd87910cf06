"""The worker's sign of life, and when each job last ran to its end: what `/readyz` and operators look at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.records.settings import put_setting
from portal.records.tables.proof import Setting
from portal.services.readiness import HEARTBEAT
from portal.services.unit import reading, writing

JOB, DONE = "job:", "done"


def beat(clock: Clock) -> None:
    """Notes that a worker is alive now."""
    _note(clock, HEARTBEAT, "alive")


def note_run(clock: Clock, job: str, outcome: str) -> None:
    """Notes how a job's last run ended ("done" or "failed")."""
    _note(clock, f"{JOB}{job}", outcome)


def last_done(clock: Clock, job: str) -> datetime | None:
    """When the job's last run ended well; None when it never ran or when the last run failed."""
    with reading(SYSTEM, clock) as work:
        return work.session.execute(
            select(Setting.changed_at).where(Setting.name == f"{JOB}{job}", Setting.value == DONE)
        ).scalar()


def _note(clock: Clock, name: str, value: str) -> None:
    with writing(SYSTEM, clock) as work:
        put_setting(work.session, name, value, work.now)
