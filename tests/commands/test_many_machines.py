"""Workers on PostgreSQL: the queue's own schema, two workers at once, and what a dead one leaves."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import inspect

from config import Settings
from portal.domain.clock import SystemClock
from portal.records.db import db
from portal.runners.queue_schema import SCHEMA, QueueNotPrepared, conninfo, prepare
from tests.commands.processes import wait_for, worker
from tests.conftest import build
from tests.engines import postgres_settings
from tests.mail.posts import file_case, rows
from tests.mail.servers import real_server

pytestmark = pytest.mark.postgres


@pytest.fixture
def settings() -> Iterator[Settings]:
    with postgres_settings() as found:
        yield found


@pytest.fixture
def postgres_app(settings: Settings) -> Iterator[Flask]:
    yield from build(settings)


def ask(settings: Settings, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo(settings.database_url), autocommit=True) as connection:
        return connection.execute(question).fetchall()


def test_the_queues_schema_is_made_once_by_machines_that_start_together(settings: Settings):
    with ThreadPoolExecutor(4) as machines:
        made = list(machines.map(prepare, [settings.database_url] * 4))
    assert Counter(made) == {True: 1, False: 3}
    assert not prepare(settings.database_url)


def test_an_older_schema_gets_the_steps_that_are_missing_one_by_one(settings: Settings):
    with psycopg.connect(conninfo(settings.database_url), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(f"COMMENT ON SCHEMA {SCHEMA} IS '00.00.00_00'")
    assert prepare(settings.database_url)
    step_by_step = shape(settings)
    assert not prepare(settings.database_url)
    with psycopg.connect(conninfo(settings.database_url), autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    assert prepare(settings.database_url)
    assert shape(settings) == step_by_step


def shape(settings: Settings) -> set[tuple[object, ...]]:
    """The columns of the queue's tables and its note of the last step."""
    columns = ask(
        settings,
        f"SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = '{SCHEMA}'",
    )
    return {*columns, *ask(settings, f"SELECT obj_description(to_regnamespace('{SCHEMA}'), 'pg_namespace')")}


def test_an_account_without_the_right_is_told_who_must_do_it(settings: Settings):
    with psycopg.connect(conninfo(settings.database_url), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS nobody_much")
        connection.execute("CREATE ROLE nobody_much LOGIN")
    url = settings.database_url.replace("//postgres", "//nobody_much", 1)
    with pytest.raises(QueueNotPrepared, match="make setup"):
        prepare(url)


def test_the_queues_tables_stand_apart_and_alembic_does_not_see_them(postgres_app: Flask, settings: Settings):
    prepare(settings.database_url)
    with postgres_app.app_context():
        engine = db.engines[None]
        assert "procrastinate_jobs" in inspect(engine).get_table_names(schema=SCHEMA)
        assert not [name for name in inspect(engine).get_table_names() if name.startswith("procrastinate")]
        with engine.connect() as connection:
            found = compare_metadata(MigrationContext.configure(connection), db.metadatas[None])
    assert not [difference for difference in found if "procrastinate" in str(difference)]


def test_two_workers_share_the_mail_and_a_daily_job_runs_once(postgres_app: Flask, tmp_path: Path):
    settings = postgres_app.config["SETTINGS"]
    with postgres_app.app_context(), real_server() as (box, port), ExitStack() as stack:
        for number in range(30):
            file_case(SystemClock(), f"student{number}@example.org")
        logs = [tmp_path / f"worker{number}.log" for number in range(2)]
        workers = [stack.enter_context(worker(settings, log, MAIL_URL=f"smtp://127.0.0.1:{port}")) for log in logs]
        wait_for(lambda: {row.state for row in rows()} == {"sent"}, "thirty mails")
        wait_for(lambda: ask(settings, "SELECT 1 FROM setting WHERE name = 'job:warn'"), "the warnings' run")
        wait_for(lambda: all("worker started" in log.read_text() for log in logs), "the slower one")
        for process in workers:
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=20) for process in workers] == [0, 0]
        assert len(box.mails) == len({str(mail["Message-ID"]) for mail in box.mails}) == 30
        assert ask(settings, f"SELECT status, task_name FROM {SCHEMA}.procrastinate_jobs WHERE status = 'doing'") == []
        assert all('"level": "error"' not in log.read_text() for log in logs)


def test_what_a_dead_worker_held_is_queued_again_once(postgres_app: Flask, tmp_path: Path):
    settings = postgres_app.config["SETTINGS"]
    prepare(settings.database_url)
    jobs = f"{SCHEMA}.procrastinate_jobs"
    dead = f"(SELECT min(id) FROM {SCHEMA}.procrastinate_workers)"
    with psycopg.connect(conninfo(settings.database_url), autocommit=True) as connection:
        connection.execute(
            f"INSERT INTO {SCHEMA}.procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour')"
        )
        for name in ("warn", "expire"):
            connection.execute(
                f"INSERT INTO {jobs} (queue_name, task_name, lock, queueing_lock, args, status, worker_id)"
                f" VALUES ('default', '{name}', '{name}', '{name}', '{{\"timestamp\": 0}}', 'doing', {dead})"
            )
    with postgres_app.app_context(), worker(settings, tmp_path / "worker.log") as process:
        wait_for(
            lambda: len(ask(settings, "SELECT 1 FROM setting WHERE name IN ('job:warn', 'job:expire')")) == 2,
            "the jobs that a dead worker's locks held back",
            90,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert ask(settings, f"SELECT 1 FROM {jobs} WHERE status = 'doing'") == []


def test_a_database_that_drops_every_connection_is_come_back_to(postgres_app: Flask, tmp_path: Path):
    settings = postgres_app.config["SETTINGS"]
    log = tmp_path / "worker.log"
    with (
        postgres_app.app_context(),
        real_server() as (box, port),
        worker(settings, log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process,
    ):
        file_case(SystemClock(), "before@example.org")
        wait_for(lambda: len(box.mails) == 1, "the first mail")
        ask(
            settings,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        db.session.remove()
        file_case(SystemClock(), "after@example.org")
        wait_for(lambda: len(box.mails) == 2, "the mail after it came back")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
