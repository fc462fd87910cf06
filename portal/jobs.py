"""What runs when: one table of jobs.

State lives in rows, so a job is an idempotent nudge: run twice it does nothing twice, and what a missed run left is
done by the next one. Two runners call the jobs (portal/runners): one for a single machine, one for any number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING

from portal.domain.schedule import Timing, still_to_run

if TYPE_CHECKING:
    from flask import Flask

    from portal.domain.clock import Clock

log = logging.getLogger("portal.jobs")
Stopping = Callable[[], bool]
Result = Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class Job(Timing):
    """A nudge by its timing.

    A daily job has had its run when a row says so. One that failed, or that nobody ran at its time, is therefore made
    up for within minutes, and it makes no difference how many workers ask.
    """

    run: Callable[[Clock, Stopping], Result]


def _deliver(clock: Clock, stopping: Stopping) -> Result:
    from portal.services.deliver_mail import deliver

    return deliver(clock, stopping=stopping).as_dict()


def _warn(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.warn import sweep

    return sweep(clock).as_dict()


def _remind_steps(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.remind_steps import remind

    return remind(clock)


def _digest(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.digest import digest

    return digest(clock).as_dict()


def _campaigns(clock: Clock, stopping: Stopping) -> Result:
    from portal.services.tell_campaigns import tell_campaigns

    return tell_campaigns(clock, stopping)


def _expire(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.end_representative import end_over
    from portal.services.expire import expire

    return {**expire(clock), "representatives": end_over(clock)}


def _wipe_uploads(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.expire_uploads import sweep

    return {"uploads": sweep(clock)}


def _addresses(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.apply_email_changes import apply_email_changes

    return apply_email_changes(clock)


def _retention(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.retention import run as run_retention

    return run_retention(clock).as_dict()


def _packages(clock: Clock, stopping: Stopping) -> Result:
    from portal.services.build_packages import build_waiting
    from portal.services.write_letters import write_waiting

    return {**write_waiting(clock, stopping), **build_waiting(clock, stopping)}


def _checkpoint(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.checkpoint_audit import checkpoint_daily

    signed, mails = checkpoint_daily(clock)
    return {"checkpoint": str(signed.number), "mails": mails}


def _year_figures(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.close_year import close_years

    return {"years": close_years(clock)}


def _erase(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.resume_erasures import resume

    return resume(clock).as_dict()


def _register(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.keep_register import keep_register

    _number, fresh = keep_register(clock)
    return {"new_versions": int(fresh)}


def _intakes(clock: Clock, stopping: Stopping) -> Result:
    from portal.services.run_intakes import run as run_intakes

    return run_intakes(clock, stopping)


def _beat(clock: Clock, _stopping: Stopping) -> Result:
    from portal.services.heartbeat import beat

    beat(clock)
    return {}


JOBS = (
    Job("heartbeat", _beat, every=timedelta(seconds=30), noted=False),
    Job("deliver", _deliver, every=timedelta(seconds=3), noted=False),
    Job("packages", _packages, every=timedelta(seconds=5), noted=False),
    Job("intakes", _intakes, every=timedelta(seconds=5), noted=False),
    Job("warn", _warn, daily_at=time(6, 30)),
    Job("remind_steps", _remind_steps, daily_at=time(6, 40)),
    Job("digest", _digest, daily_at=time(7, 0)),
    Job("campaigns", _campaigns, every=timedelta(minutes=5)),
    Job("expire", _expire, every=timedelta(hours=1)),
    Job("addresses", _addresses, every=timedelta(minutes=10)),
    Job("year_figures", _year_figures, daily_at=time(2, 15)),
    Job("retention", _retention, daily_at=time(2, 30)),
    Job("checkpoint", _checkpoint, daily_at=time(6, 0)),
    Job("erasures", _erase, every=timedelta(minutes=10)),
    Job("register", _register, every=timedelta(minutes=10)),
    Job("wipe_uploads", _wipe_uploads, every=timedelta(minutes=15)),
)
BY_NAME = {job.name: job for job in JOBS}


def never() -> bool:
    return False


def run(app: Flask, job: Job, stopping: Stopping = never) -> Result:
    """Runs a job once, to its end; an error is raised after it was noted."""
    from portal.services import heartbeat, standing, unit
    from portal.services.giving_way import giving_way

    with app.app_context():
        if reason := standing.why_not_serving(app):
            raise standing.NotServing(reason)
        clock: Clock = app.extensions["clock"]
        try:
            with giving_way():
                result = job.run(clock, stopping)
        except Exception:
            unit.abandon()
            if job.noted:
                heartbeat.note_run(clock, job.name, "failed")
            raise
        if job.noted:
            heartbeat.note_run(clock, job.name, "done")
        return result


def nudge(app: Flask, job: Job, stopping: Stopping = never) -> None:
    """A run on schedule, or none when the job has had its run: an error is logged, and the next nudge comes anyway."""
    try:
        if not _is_due(app, job):
            return
        result = run(app, job, stopping)
    except Exception:
        log.exception("job failed", extra={"job": job.name})
        return
    if any(result.values()):
        log.info("%s: %s", job.name, ", ".join(f"{name} {value}" for name, value in result.items() if value))


def _is_due(app: Flask, job: Job) -> bool:
    if job.daily_at is None:
        return True
    from portal.services import heartbeat

    with app.app_context():
        clock: Clock = app.extensions["clock"]
        return still_to_run(job.daily_at, heartbeat.last_done(clock, job.name), clock.now())
