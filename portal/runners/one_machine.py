"""The runner for SQLite: APScheduler in one process.

After sleep or a stopped clock the missed runs of a job become one (coalesce), however late (misfire_grace_time).
"""

from __future__ import annotations

import logging
import signal
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from portal.domain.clock import AMSTERDAM
from portal.jobs import BY_NAME, JOBS, nudge
from portal.runners.clock_watch import ClockWatch

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler
    from flask import Flask

log = logging.getLogger("portal.jobs")


def work_until_told(app: Flask) -> None:
    """Runs the jobs until SIGTERM or SIGINT; then finishes the mail in hand and returns."""
    told = threading.Event()
    for told_by in (signal.SIGTERM, signal.SIGINT):
        signal.signal(told_by, lambda *_: told.set())
    work(app, told)


def work(app: Flask, told: threading.Event, at_once: int = len(JOBS)) -> None:
    """Runs the jobs until told to stop; then finishes the mail in hand and returns."""
    scheduler = _schedule(app, told, at_once)
    scheduler.start()
    log.info("worker started: %s", ", ".join(BY_NAME))
    try:
        _watch(scheduler, told)
    finally:
        log.info("worker stops: finishing what is in hand")
        scheduler.shutdown(wait=True)
    log.info("worker stopped")


def _watch(scheduler: BackgroundScheduler, told: threading.Event) -> None:
    clock = ClockWatch()
    while not told.wait(1):
        if clock.jumped():
            log.warning("the clock moved: every job is asked again")
            for job in JOBS:
                scheduler.modify_job(job.name, next_run_time=datetime.now(AMSTERDAM))


def _schedule(app: Flask, told: threading.Event, at_once: int) -> BackgroundScheduler:
    """Every job at once, and then by its interval; never twice at the same time. A turn that comes while the job still
    runs is left out, and is no news."""
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(
        timezone=AMSTERDAM,
        executors={"default": ThreadPoolExecutor(at_once)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in JOBS:
        scheduler.add_job(
            nudge,
            "interval",
            seconds=job.interval.total_seconds(),
            next_run_time=datetime.now(AMSTERDAM),
            args=(app, job, told.is_set),
            id=job.name,
        )
    return scheduler
