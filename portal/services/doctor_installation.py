"""What `doctor` looks at around the portal: accounts, clocks, disk, proxy, mail server, and what lies still."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast
from urllib.parse import parse_qs, urlsplit

from flask import current_app
from sqlalchemy import select, text

from config import Settings
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.mail import delivery
from portal.mail.transports import BadMailUrl, MailFault, transport_for
from portal.records.db import db
from portal.records.tables.proof import Setting
from portal.services import clock_guard
from portal.services.findings import BAD, GOOD, WARNING, Finding
from portal.services.heartbeat import DONE, JOB
from portal.services.retention_terms import is_confirmed, of_students
from portal.services.unit import reading

APART = timedelta(seconds=5)  # between this machine's clock and the database's
LEAST_FREE = 500 * 1024 * 1024  # bytes of the disk
PATIENCE = 5.0  # seconds for the mail server
QUEUE = "procrastinate"
LATE = timedelta(hours=25)  # a daily job, an hour late


def settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


def proxy() -> Iterator[Finding]:
    """Behind a proxy that is not believed every visitor has one address, and the limits of all are one limit."""
    if settings().production and not settings().trusted_proxies:
        yield Finding("proxy", WARNING, "none is trusted", "set TRUSTED_PROXIES=1 where nginx stands in front")
    else:
        yield Finding("proxy", GOOD, f"{settings().trusted_proxies} trusted")


def accounts() -> Iterator[Finding]:
    """PostgreSQL: the application must not be able to change the log, nor own the tables (deploy/postgresql)."""
    engine = db.engines[None]
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        may = connection.execute(
            text(
                "SELECT has_table_privilege('audit', 'UPDATE') OR has_table_privilege('audit', 'DELETE')"
                " OR has_table_privilege('audit', 'TRUNCATE')"
            )
        ).scalar_one()
        queue = connection.execute(text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": QUEUE}).scalar_one()
    if may:
        grade = BAD if settings().production else WARNING
        advice = "use an account of its own: deploy/postgresql/1-roles.sql, 2-grants.sql"
        yield Finding("account of the database", grade, "it may change the audit log", advice)
    else:
        yield Finding("account of the database", GOOD, "cannot change the audit log")
    if queue:
        yield Finding("job queue", GOOD, f"schema {QUEUE}")
    else:
        yield Finding("job queue", BAD, "its tables are missing", "run: make setup")


def clocks() -> Iterator[Finding]:
    """A term is counted in days, so a wrong clock breaks a promise."""
    engine = db.engines[None]
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    apart = abs(datetime.now(UTC) - theirs)
    if apart > APART:
        found = f"{apart.total_seconds():.0f} s from the database's"
        yield Finding("clock", BAD, found, "set up a time service on both machines")
    else:
        yield Finding("clock", GOOD, "agrees with the database's")


def disk() -> Iterator[Finding]:
    url = settings().database_url
    if not url.startswith("sqlite:///"):
        return
    use = shutil.disk_usage(url.removeprefix("sqlite:///").rpartition("/")[0] or "/")
    found = f"{use.free / 1024**3:.1f} GiB are free"
    if use.free < LEAST_FREE:
        yield Finding("disk", BAD, found, "make room: a full disk stops everything that writes")
    else:
        yield Finding("disk", GOOD, found)


def mail_server() -> Iterator[Finding]:
    """Signs in to the mail server, and sends nothing."""
    url = settings().mail_url
    scheme = urlsplit(url).scheme
    try:
        line = transport_for(url, PATIENCE)
    except BadMailUrl as error:
        yield Finding("mail", BAD, "MAIL_URL is not usable", str(error))
        return
    if scheme == "file":
        yield Finding("mail", WARNING, "goes to a folder, never out", "set MAIL_URL=smtp://…")
        return
    try:
        line.greet()
    except MailFault as fault:
        yield Finding("mail", BAD, f"the server does not take us: {fault.fault}", "docs/operating.md, Watching")
        return
    finally:
        line.close()
    if scheme == "smtp" and parse_qs(urlsplit(url).query).get("tls") != ["required"]:
        yield Finding("mail", WARNING, "a server without TLS would be spoken to in clear", "add ?tls=required")
    else:
        yield Finding("mail", GOOD, f"{scheme}: the server takes us")


def retention(clock: Clock) -> Iterator[Finding]:
    """Whether deletions go on: a doubted clock holds them, and so does a class that the director has not confirmed."""
    with reading(SYSTEM, clock) as work:
        held = clock_guard.doubt(work)
        open_ = [each.code for each in of_students(work.policy) if not is_confirmed(work, each)]
    if held is not None:
        yield Finding(
            "retention", BAD, f"the clock jumped since {held.seen}: nothing is erased", "say that it is right"
        )
    elif open_:
        advice = "flask --app portal retention confirm CLASS --director USERNAME"
        yield Finding("retention", WARNING, f"terms not confirmed: {', '.join(open_)}", advice)
    else:
        yield Finding("retention", GOOD, "terms confirmed")


def outbox() -> Iterator[Finding]:
    """The queue may be paused; rows that will never go out by themselves need somebody's eyes."""
    session = db.session()
    pause = delivery.pause(session)
    counted = delivery.counts(session)
    session.rollback()
    if pause is not None:
        found = f"paused since {pause.since:%Y-%m-%d %H:%M} UTC: {pause.fault}"
        yield Finding("mail queue", BAD, found, "docs/operating.md, Watching")
    if counted[delivery.QUARANTINED]:
        found = f"{counted[delivery.QUARANTINED]} cannot be written"
        yield Finding("mail quarantine", WARNING, found, "cases show REFERENCE says why; keep the rows")
    if counted[delivery.FAILED]:
        yield Finding("mail refused", GOOD, f"{counted[delivery.FAILED]}: those cases go on by post")


def jobs(clock: Clock) -> Iterator[Finding]:
    """Jobs whose last run failed, or that did not run for longer than a day."""
    session = db.session()
    rows = session.execute(
        select(Setting.name, Setting.value, Setting.changed_at).where(Setting.name.startswith(JOB, autoescape=True))
    ).all()
    session.rollback()
    bad = sorted(row.name.removeprefix(JOB) for row in rows if row.value != DONE)
    late = sorted(row.name.removeprefix(JOB) for row in rows if clock.now() - row.changed_at > LATE)
    if bad:
        yield Finding("jobs", BAD, f"failed: {' '.join(bad)}", "the worker's log says why")
    if late:
        yield Finding("jobs", BAD, f"not run for a day: {' '.join(late)}", "start: flask --app portal worker")
    if not bad and not late:
        yield Finding("jobs", GOOD, f"{len(rows)} ran well")
