"""The examination of an installation: each thing that can be wrong is said, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from config import Settings
from portal.domain.clock import FixedClock
from portal.mail import delivery
from portal.records.db import begin_write, db
from portal.records.tables.proof import OutMail
from portal.runners.queue_schema import prepare
from portal.services import doctor_installation, heartbeat
from portal.services.doctor import examine
from portal.services.findings import BAD, GOOD, WARNING, Finding
from portal.services.unit import writing
from tests.factories import SYSTEM
from tests.mail.posts import file_case
from tests.mail.servers import free_port, real_server, scripted_server


def found(app: Flask) -> dict[str, Finding]:
    return {each.check: each for each in examine(app.extensions["clock"])}


@contextmanager
def settings(app: Flask, **changed: object) -> Iterator[None]:
    kept: Settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(kept, **changed)  # type: ignore[arg-type]  # names of its fields
    try:
        yield
    finally:
        app.config["SETTINGS"] = kept


def test_the_mail_server_is_greeted_and_nothing_is_sent(sqlite_app: Flask):
    with sqlite_app.app_context(), real_server() as (box, port):
        with settings(sqlite_app, mail_url=f"smtp://127.0.0.1:{port}"):
            assert found(sqlite_app)["mail"].grade == WARNING, "it works, but in clear"
        with settings(sqlite_app, mail_url=f"smtp://127.0.0.1:{port}?tls=required"):
            assert "tls_not_offered" in found(sqlite_app)["mail"].found
        assert not box.mails
        assert not box.envelopes


@pytest.mark.parametrize(
    ("script", "fault"),
    [({"greeting": b"554 go away"}, "smtp_554"), ({"greeting": b"421 later"}, "smtp_421")],
)
def test_a_mail_server_that_takes_nothing_is_bad(sqlite_app: Flask, script: dict[str, bytes], fault: str):
    with sqlite_app.app_context(), scripted_server(script) as server:
        with settings(sqlite_app, mail_url=f"smtp://127.0.0.1:{server.port}"):
            finding = found(sqlite_app)["mail"]
        assert (finding.grade, fault in finding.found) == (BAD, True)


def test_a_mail_server_that_is_not_there_is_bad(sqlite_app: Flask):
    with sqlite_app.app_context(), settings(sqlite_app, mail_url=f"smtp://127.0.0.1:{free_port()}"):
        assert found(sqlite_app)["mail"].grade == BAD


def test_what_lies_still_is_said(app: Flask, clock: FixedClock):
    with app.app_context():
        assert found(app)["jobs"].grade == GOOD
        case_id = file_case(clock)
        begin_write()
        db.session.execute(update(OutMail).where(OutMail.case_id == case_id).values(state="quarantined"))
        db.session.commit()
        with writing(SYSTEM, clock) as work:
            delivery.begin_pause(work.session, work.now, "smtp_535")
        heartbeat.note_run(clock, "warn", "failed")
        heartbeat.note_run(clock, "digest", "done")
        clock.advance(timedelta(hours=26))
        report = examine(clock)
        said = {each.check: each.found for each in report}
        assert "smtp_535" in said["mail queue"]
        assert "1 cannot" in said["mail quarantine"]
        jobs = [each.found for each in report if each.check == "jobs"]
        assert jobs == ["failed: warn", "not run for a day: digest warn"]


@pytest.mark.postgres
def test_on_postgresql_it_looks_at_the_account_the_queue_and_the_clock(app: Flask, monkeypatch: pytest.MonkeyPatch):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            assert not {"account of the database", "job queue", "clock"} & set(found(app))
            return
        assert found(app)["job queue"].grade == BAD
        prepare(app.config["SETTINGS"].database_url)
        report = found(app)
        assert report["job queue"].grade == report["clock"].grade == GOOD
        assert report["account of the database"].grade == WARNING, "the tests own their tables"
        with settings(app, environment="production"):
            assert found(app)["account of the database"].grade == BAD
        monkeypatch.setattr(doctor_installation, "APART", timedelta(seconds=-1))
        assert found(app)["clock"].grade == BAD


def test_a_check_that_itself_fails_is_told_by_its_name(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch):
    def broken(clock: object) -> Iterator[Finding]:
        raise OSError

    for name in ("retention", "disk"):
        monkeypatch.setattr(doctor_installation, name, renamed(broken, name))
    with sqlite_app.app_context():
        checks = found(sqlite_app)
    assert checks["retention"] == Finding("retention", BAD, "OSError", "see the log")
    assert "<lambda>" not in checks


def renamed(function: Callable[..., Iterator[Finding]], name: str) -> Callable[..., Iterator[Finding]]:
    def named(*given: object) -> Iterator[Finding]:
        return function(*given or (None,))

    named.__name__ = name
    return named


def test_in_production_a_proxy_must_be_named(sqlite_app: Flask):
    with sqlite_app.app_context(), settings(sqlite_app, environment="production"):
        assert found(sqlite_app)["proxy"].grade == WARNING
    with sqlite_app.app_context(), settings(sqlite_app, environment="production", trusted_proxies=1):
        assert found(sqlite_app)["proxy"].grade == GOOD


def test_a_disk_that_is_nearly_full_is_bad(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch):
    with sqlite_app.app_context():
        assert found(sqlite_app)["disk"].grade == GOOD
        monkeypatch.setattr(doctor_installation, "LEAST_FREE", 1 << 60)
        assert found(sqlite_app)["disk"].grade == BAD
