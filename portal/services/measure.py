"""What the portal measures of itself, for Prometheus: counts and ages, nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from portal.domain.clock import Clock
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import SYSTEM
from portal.mail import delivery
from portal.records.tables.cases import Case
from portal.records.tables.proof import Setting
from portal.services.heartbeat import DONE, JOB
from portal.services.readiness import readiness
from portal.services.unit import Work, reading

SOON = timedelta(days=7)
CONTENT_TYPE = CONTENT_TYPE_LATEST  # of what `measurements` says


def measurements(clock: Clock) -> bytes:
    """All of it in Prometheus' text format. Without a database it says no more than that."""
    registry = CollectorRegistry()
    registry.register(_Portal(clock))
    return generate_latest(registry)


class _Portal(Collector):
    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def collect(self) -> Iterable[Metric]:
        found = readiness(self.clock)
        yield gauge("databases_up", "Whether both databases answer.", int(found.databases))
        if not found.databases:
            return
        if found.worker_age is not None:
            yield gauge("worker_heartbeat_age_seconds", "Since a worker was seen.", found.worker_age)
        yield gauge("oldest_unsent_mail_age_seconds", "0 when none waits.", found.oldest_unsent_mail_age or 0)
        with reading(SYSTEM, self.clock) as work:
            yield from _cases(work)
            yield gauge("mails", "Mails of the outbox by state.", delivery.counts(work.session), "state")
            pause = delivery.pause(work.session)
            yield gauge("mail_paused", "Whether the mail server takes nothing.", int(pause is not None))
            yield from _jobs(work)

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry would otherwise ask the database when it is made."""
        return ()


def gauge(name: str, says: str, value: float | Mapping[str, float], label: str = "") -> GaugeMetricFamily:
    """One number, or one for each value of a label."""
    family = GaugeMetricFamily(f"portal_{name}", says, labels=[label] if label else None)
    values = value if isinstance(value, Mapping) else {"": value}
    for key, number in values.items():
        family.add_metric([key] if label else [], number)
    return family


def _cases(work: Work) -> Iterable[Metric]:
    """The states are a closed list, so that one without cases is a zero and not missing."""
    counted = dict(work.session.execute(select(Case.state, func.count()).group_by(Case.state)).all())
    yield gauge("cases", "Cases by state.", {state.value: counted.get(state.value, 0) for state in CaseState}, "state")
    undecided = sorted(state.value for state in UNDECIDED)
    due = select(func.count()).where(Case.state.in_(undecided))
    overdue = work.session.execute(due.where(Case.due_on < work.today)).scalar_one()
    soon = work.session.execute(due.where(Case.due_on.between(work.today, work.today + SOON))).scalar_one()
    yield gauge("cases_due_soon", "Undecided cases due within a week.", soon)
    yield gauge("cases_overdue", "Undecided cases past their due date.", overdue)


def _jobs(work: Work) -> Iterable[Metric]:
    rows = work.session.execute(
        select(Setting.name, Setting.value, Setting.changed_at).where(Setting.name.startswith(JOB, autoescape=True))
    ).all()
    ages = {row.name.removeprefix(JOB): _seconds(work.now, row.changed_at) for row in rows}
    failed = {row.name.removeprefix(JOB): int(row.value != DONE) for row in rows}
    yield gauge("job_age_seconds", "Since a job's last run ended.", ages, "job")
    yield gauge("job_failed", "Whether a job's last run failed.", failed, "job")


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
