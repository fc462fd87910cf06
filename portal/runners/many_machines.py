"""The runner for PostgreSQL: Procrastinate, in any number of worker processes on any number of machines.

A job is deferred at its times by whichever worker is first, and once by each worker that starts; at most one waits of
each name. Jobs that note their runs run one at a time in the whole installation; mail is delivered by every worker at
once, as leases allow. A job that a dead worker held is queued again within two minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, exceptions
from procrastinate.jobs import Status

from portal.jobs import BY_NAME, JOBS, Job, Stopping, nudge
from portal.runners.clock_watch import ClockWatch
from portal.runners.queue_schema import SCHEMA, conninfo, prepare

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger("portal.jobs")
AWAY = 5.0  # seconds before a database that is away is tried again
STALLED = 30  # seconds without a sign of life after which a worker counts as dead
RETRY_STALLED = "retry_stalled"
NAMES = (*BY_NAME, RETRY_STALLED)


def work_until_told(app: Flask) -> None:
    """Runs the jobs until SIGTERM or SIGINT; then finishes the mail in hand and returns. Raises QueueNotPrepared."""
    url = app.config["SETTINGS"].database_url
    prepare(url)
    asyncio.run(_work(app, conninfo(url)))


async def _work(app: Flask, url: str) -> None:
    told, woken = threading.Event(), asyncio.Event()

    def tell() -> None:
        told.set()
        woken.set()

    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(len(JOBS)))
    for told_by in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(told_by, tell)
    log.info("worker started: %s", ", ".join(BY_NAME))
    while not told.is_set():
        try:
            async with queue_of(app, url, told.is_set).open_async() as queue:
                await _defer_all(queue)
                await _shift(queue, woken)
        except (exceptions.ConnectorException, psycopg.OperationalError):
            log.exception("the queue's database is away")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), AWAY)
    log.info("worker stopped")


async def _shift(queue: App, woken: asyncio.Event) -> None:
    """Works until told to stop, until the clock moves, or until the queue's worker ends by itself."""
    working = asyncio.create_task(
        queue.run_worker_async(
            concurrency=len(NAMES),
            delete_jobs="always",  # how a run ended is noted in a row of ours
            install_signal_handlers=False,
            stalled_worker_timeout=STALLED,
        )
    )
    clock = ClockWatch()
    while not working.done():
        if clock.jumped():
            log.warning("the clock moved: every job is asked again")
            break
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), 1)
            log.info("worker stops: finishing what is in hand")
            break
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


def queue_of(app: Flask, url: str, stopping: Stopping) -> App:
    """The queue with a task for each job of the table. It lives in a schema of its own."""
    connector = PsycopgConnector(
        conninfo=url, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=1, max_size=4, timeout=AWAY
    )
    queue = App(connector=connector)
    for job in JOBS:
        lock = job.name if job.noted else None
        task = queue.task(name=job.name, lock=lock, queueing_lock=job.name)(_body(app, job, stopping))
        queue.periodic(cron=cron_of(job.interval))(task)
    stalled = queue.task(name=RETRY_STALLED, queueing_lock=RETRY_STALLED, pass_context=True)(retry_stalled)
    queue.periodic(cron="* * * * *")(stalled)
    return queue


def _body(app: Flask, job: Job, stopping: Stopping) -> Callable[[int], None]:
    busy = threading.Lock()

    def run(timestamp: int) -> None:
        """Nothing when this process is at it already."""
        if busy.acquire(blocking=False):
            try:
                nudge(app, job, stopping)
            finally:
                busy.release()

    return run


async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Queues again what a dead worker held; where the same job waits already, that one does."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
        try:
            await manager.retry_job(job)
        except exceptions.UniqueViolation:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
        log.warning("stalled job queued again", extra={"job": job.task_name})
    await manager.prune_stalled_workers(STALLED)


async def _defer_all(queue: App) -> None:
    """A worker that starts asks every job at once: what was missed is made up for."""
    for name in NAMES:
        with contextlib.suppress(exceptions.AlreadyEnqueued):
            await queue.configure_task(name, allow_unknown=False).defer_async(timestamp=0)


def cron_of(interval: timedelta) -> str:
    """The schedule of an interval that divides a minute, an hour or a day evenly. ValueError for another one."""
    seconds = int(interval.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if 0 < seconds < 60 and 60 % seconds == 0:
        return f"* * * * * */{seconds}"
    if seconds % 60 == 0 and 0 < minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    if seconds % 3600 == 0 and 0 < hours < 24 and 24 % hours == 0:
        return f"0 */{hours} * * *"
    raise ValueError(f"{interval} is no even part of a minute, an hour or a day")
