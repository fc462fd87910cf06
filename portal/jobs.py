"""What runs when: one table of jobs, and the runner that calls them on one machine.

State lives in rows, so a job is an idempotent nudge: run twice it does nothing twice, and what a missed run left is
done by the next one. A runner needs no more than `JOBS` and `run`; another one can be put beside this.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from portal.domain.clock import Clock

log = logging.getLogger("portal.jobs")
ZONE = "Europe/Amsterdam"
Stopping = Callable[[], bool]
Result = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Job:
    """A nudge: every so often, or once a day at a time in Amsterdam and when the worker starts."""

    name: str
    run: Callable[[Clock, Stopping], Result]
    every: timedelta | None = None
    daily_at: time | None = None
    noted: bool = True  # whether the end of each run is kept in a row; not for what runs every few seconds


def _deliver(clock: Clock, stopping: Stopping) -> Result:
    from portal.services.deliver_mail import deliver

    return deliver(clock, stopping=stopping).as_dict()


def _warn(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.warn import sweep

    return sweep(clock).as_dict()


def _expire(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.expire import expire

    return expire(clock)


def _wipe_uploads(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.expire_uploads import sweep

    return {"uploads": sweep(clock)}


def _addresses(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.apply_email_changes import apply_email_changes

    return apply_email_changes(clock)


def _erase(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.resume_erasures import resume

    return resume(clock).as_dict()


def _retention(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.retention import run as run_retention

    return run_retention(clock).as_dict()


def _beat(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.heartbeat import beat

    beat(clock)
    return {}


JOBS = (
    Job("heartbeat", _beat, every=timedelta(seconds=30), noted=False),
    Job("deliver", _deliver, every=timedelta(seconds=3), noted=False),
    Job("warn", _warn, daily_at=time(6, 30)),
    Job("expire", _expire, every=timedelta(hours=1)),
    Job("addresses", _addresses, every=timedelta(minutes=10)),
    Job("retention", _retention, daily_at=time(2, 30)),
    Job("erasures", _erase, every=timedelta(minutes=10)),
    Job("wipe_uploads", _wipe_uploads, every=timedelta(minutes=15)),
)
BY_NAME = {job.name: job for job in JOBS}


def never() -> bool:
    return False


def run(app: Flask, job: Job, stopping: Stopping = never) -> Result:
    """Runs a job once, to its end; an error is raised after it was noted."""
    from portal.services import heartbeat, unit

    with app.app_context():
        clock: Clock = app.extensions["clock"]
        try:
            result = job.run(clock, stopping)
        except Exception:
            unit.abandon()
            if job.noted:
                heartbeat.note_run(clock, job.name, "failed")
            raise
        if job.noted:
            heartbeat.note_run(clock, job.name, "done")
        return result


def _quietly(app: Flask, job: Job, stopping: Stopping) -> None:
    """A run on schedule: an error is logged and the next run comes all the same."""
    try:
        result = run(app, job, stopping)
    except Exception:
        log.exception("job failed", extra={"job": job.name})
        return
    if any(result.values()):
        log.info("%s: %s", job.name, ", ".join(f"{name} {value}" for name, value in result.items() if value))


def work_until_told(app: Flask) -> None:
    """Runs the jobs until SIGTERM or SIGINT; then finishes the mail in hand and returns.

    After sleep or a stopped clock the missed runs of a job become one (coalesce), however late (misfire_grace_time).
    """
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    told = threading.Event()
    for told_by in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told_by, lambda *_: told.set())
    scheduler = BackgroundScheduler(
        timezone=ZONE,
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in JOBS:
        for number, trigger in enumerate(_triggers(job)):
            scheduler.add_job(_quietly, args=(app, job, told.is_set), id=f"{job.name}-{number}", **trigger)
    scheduler.start()
    log.info("worker started: %s", ", ".join(BY_NAME))
    told.wait()
    log.info("worker stops: finishing what is in hand")
    scheduler.shutdown(wait=True)
    log.info("worker stopped")


def _triggers(job: Job) -> list[dict[str, Any]]:
    """When APScheduler calls a job: at once, and then by its interval or at its time of day."""
    from datetime import datetime
    from zoneinfo import ZoneInfo

    now = datetime.now(ZoneInfo(ZONE))
    if job.every is not None:
        return [{"trigger": "interval", "seconds": job.every.total_seconds(), "next_run_time": now}]
    at = job.daily_at or time(0)
    return [
        {"trigger": "date", "run_date": now},
        {"trigger": "cron", "hour": at.hour, "minute": at.minute},
    ]
