"""Workers killed at random while they deliver: no mail is lost, and a mail that comes twice has one Message-ID."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.clock import SystemClock
from portal.mail import messages
from portal.records.db import begin_write, db
from portal.records.tables.proof import OutMail
from tests.commands.processes import worker
from tests.mail.posts import rows, send_all
from tests.mail.servers import real_server
from tests.proofs import keep, rounds

pytestmark = pytest.mark.proof


def unsent() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).where(OutMail.state == "waiting")).scalar_one()


def end_leases() -> None:
    """What ten minutes do by themselves."""
    begin_write()
    db.session.execute(update(OutMail).values(lease_until=SystemClock().now() - timedelta(seconds=1)))
    db.session.commit()


def test_no_kill_of_a_worker_loses_a_mail(app: Flask, tmp_path: Path):
    mails, kills, chance = rounds(60, 1000), 0, random.Random(20261123)
    most = rounds(3, mails)  # in `make proof` until nothing is left to send
    later = SystemClock().now() + timedelta(hours=6)
    with app.app_context(), real_server() as (box, port):
        send_all(
            SystemClock(),
            [
                messages.sign_in(f"student{number}@example.org", "nl", "token", "123456", f"sign_in:{number}", later)
                for number in range(mails)
            ],
        )
        url = f"smtp://127.0.0.1:{port}"
        while unsent() and kills < most:
            seen = len(box.mails)
            with worker(app.config["SETTINGS"], tmp_path / f"{kills}.log", MAIL_URL=url) as process:
                until = time.monotonic() + 60
                while len(box.mails) == seen and unsent() and time.monotonic() < until:
                    time.sleep(0.01)
                time.sleep(chance.random() / 20)  # a worker sends a hundred and more a second
                process.kill()
                process.wait()
            kills += 1
            end_leases()
        with worker(app.config["SETTINGS"], tmp_path / "last.log", MAIL_URL=url):
            until = time.monotonic() + 600
            while unsent() and time.monotonic() < until:
                time.sleep(0.1)
        times = Counter(str(mail["Message-ID"]) for mail in box.mails)
        lost = {row.message_id for row in rows()} - set(times)
        twice = sum(count - 1 for count in times.values())
        engine = db.engine.dialect.name
        keep("killed_workers", engine=engine, mails=mails, kills=kills, lost=len(lost), duplicates=twice)
        assert not lost
        assert {row.state for row in rows()} == {"sent"}
        assert twice <= kills
