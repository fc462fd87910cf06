"""The worker as a process: it delivers, survives a kill, and finishes what is in hand when told to stop."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import select, update

from portal.domain.clock import SystemClock
from portal.jobs import BY_NAME, JOBS, run
from portal.records.db import begin_write, db
from portal.records.tables.proof import OutMail, Setting
from portal.services.readiness import HEARTBEAT
from tests.commands.processes import wait_for, worker
from tests.mail.posts import file_case, rows
from tests.mail.servers import Box, real_server


@dataclass
class SlowBox(Box):
    """Takes its time over each mail."""

    begun: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.begun += 1
        await asyncio.sleep(2)
        return await super().handle_DATA(server, session, envelope)


def states() -> list[str]:
    return sorted(row.state for row in rows())


def heartbeat() -> datetime | None:
    db.session.rollback()
    return db.session.execute(select(Setting.changed_at).where(Setting.name == HEARTBEAT)).scalar()


def test_a_worker_delivers_beats_and_stops_when_told(app: Flask, tmp_path: Path):
    with app.app_context(), real_server() as (box, port):
        for number in range(5):
            file_case(SystemClock(), f"student{number}@example.org")
        log = tmp_path / "worker.log"
        with worker(app.config["SETTINGS"], log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process:
            wait_for(lambda: states() == ["sent"] * 5, "five mails")
            wait_for(heartbeat, "a heartbeat")
            file_case(SystemClock(), "later@example.org")
            wait_for(lambda: states() == ["sent"] * 6, "a mail of a later run")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        assert len(box.mails) == 6
        lines = log.read_text()
        assert "worker stopped" in lines
        assert "@example.org" not in lines, "no address in a log line"
        assert '"level": "error"' not in lines


def test_told_to_stop_in_the_middle_of_a_mail_it_finishes_that_one(sqlite_app: Flask, tmp_path: Path):
    with sqlite_app.app_context(), real_server(box=SlowBox()) as (box, port):
        assert isinstance(box, SlowBox)
        for number in range(3):
            file_case(SystemClock(), f"student{number}@example.org")
        settings = sqlite_app.config["SETTINGS"]
        with worker(settings, tmp_path / "worker.log", MAIL_URL=f"smtp://127.0.0.1:{port}") as process:
            wait_for(lambda: box.begun, "the first mail to be on its way")
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0
        assert box.begun == len(box.mails) == 1
        assert states() == ["sent", "waiting", "waiting"]
        assert all(row.leased_by is None for row in rows()), "the others were given back"


def test_a_killed_worker_loses_no_mail(app: Flask, tmp_path: Path):
    with app.app_context(), real_server(box=SlowBox()) as (box, port):
        assert isinstance(box, SlowBox)
        for number in range(2):
            file_case(SystemClock(), f"student{number}@example.org")
        settings, url = app.config["SETTINGS"], f"smtp://127.0.0.1:{port}"
        with worker(settings, tmp_path / "first.log", MAIL_URL=url) as process:
            wait_for(lambda: box.begun, "the first mail to be on its way")
            process.kill()
            process.wait()
        begin_write()  # the lease of a dead worker ends by itself after ten minutes: here at once
        db.session.execute(update(OutMail).values(lease_until=SystemClock().now() - timedelta(seconds=1)))
        db.session.commit()
        with worker(settings, tmp_path / "second.log", MAIL_URL=url):
            wait_for(lambda: states() == ["sent"] * 2, "both mails")
        ids = {row.message_id for row in rows()}
        assert {str(mail["Message-ID"]) for mail in box.mails} == ids
        assert len(box.mails) <= len(ids) + 1, "at most the mail in hand comes twice"


def test_every_job_runs_alone_and_twice(app: Flask):
    for job in JOBS:
        first, second = run(app, job), run(app, job)
        assert dict(second) == {name: 0 if isinstance(value, int) else value for name, value in first.items()}


def test_a_failed_job_is_noted_and_raises(sqlite_app: Flask):
    def fail(*_: object) -> dict[str, int]:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        run(sqlite_app, replace(BY_NAME["expire"], run=fail))
    with sqlite_app.app_context():
        assert db.session.execute(select(Setting.value).where(Setting.name == "job:expire")).scalar() == "failed"
    run(sqlite_app, BY_NAME["expire"])
    with sqlite_app.app_context():
        assert db.session.execute(select(Setting.value).where(Setting.name == "job:expire")).scalar() == "done"
