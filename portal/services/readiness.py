"""Can the portal serve: databases, the worker's heartbeat, the oldest unsent mail."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from portal.domain.clock import Clock
from portal.mail import delivery
from portal.records.db import db
from portal.records.tables.proof import Setting
from portal.services.standing import why_not_serving

HEARTBEAT = "worker_heartbeat"
STALE_WORKER = timedelta(minutes=5)
STALE_MAIL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ages are in seconds; None means there is nothing of the kind (no worker seen, no unsent mail)."""

    databases: bool
    replayed: bool  # no backup was put back that does not know what was erased since
    worker_age: int | None
    oldest_unsent_mail_age: int | None

    @property
    def ready(self) -> bool:
        return self.databases and self.replayed

    @property
    def healthy(self) -> bool:
        """Ready, and nothing is late: what an alarm should watch."""
        worker_late = self.worker_age is None or self.worker_age > STALE_WORKER.total_seconds()
        mail_late = (self.oldest_unsent_mail_age or 0) > STALE_MAIL.total_seconds()
        return self.ready and not worker_late and not mail_late

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "ready": self.ready, "healthy": self.healthy}


def readiness(clock: Clock) -> Readiness:
    """Asks both databases; never raises."""
    now = clock.now()
    try:
        with db.engines["keys"].connect() as keys:
            keys.execute(text("SELECT 1"))
        waits = why_not_serving(current_app)
        beat = db.session.execute(select(Setting.changed_at).where(Setting.name == HEARTBEAT)).scalar()
        oldest = delivery.waits_since(db.session())
    except SQLAlchemyError:
        db.session.rollback()
        return Readiness(False, True, None, None)
    return Readiness(True, not waits, _age(now, beat), _age(now, oldest))


def _age(now: datetime, then: datetime | None) -> int | None:
    return None if then is None else max(0, int((now - then).total_seconds()))
