"""Examine an installation: each check says what it found, and what to do where it is wrong."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from config import ROOT, Settings
from portal.audit import checkpoints
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.i18n import TONGUES, offered
from portal.records.db import db
from portal.services import belonging, erasure_ledger, standing
from portal.services import doctor_installation as around
from portal.services.assumed_items import open_keys
from portal.services.findings import BAD, GOOD, WARNING, Finding
from portal.services.readiness import STALE_MAIL, STALE_WORKER, readiness
from portal.services.unit import reading
from portal.vault.ledger import BadLedger
from portal.vault.master import MasterKey, WrongMaster
from portal.vault.sealed_box import BadRecoveryKey, read_public

STALE_CHECKPOINT = timedelta(hours=48)
MIGRATIONS = ROOT / "portal" / "records" / "migrations"


def examine(clock: Clock) -> tuple[Finding, ...]:
    """Every check, in order; a check that itself fails is a finding."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _settings,
        _databases,
        _key_file,
        _belonging,
        _ledger,
        _backups,
        partial(_policy, clock),
        _catalogues,
        around.proxy,
        around.accounts,
        around.clocks,
        around.disk,
        around.mail_server,
        partial(_worker, clock),
        partial(_log_head, clock),
        around.outbox,
        partial(around.jobs, clock),
        partial(around.retention, clock),
    )
    found: list[Finding] = []
    for check in checks:
        try:
            found += check()
        except (OSError, SQLAlchemyError, ValueError) as error:
            found.append(Finding(_name(check), BAD, type(error).__name__, "see the log"))
    return tuple(found)


def _name(check: Callable[[], Iterator[Finding]]) -> str:
    function = check.func if isinstance(check, partial) else check
    return function.__name__.strip("_").replace("_", " ")


def _read_settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


def _settings() -> Iterator[Finding]:
    settings = _read_settings()
    if settings.production:
        yield Finding("settings", GOOD, f"production at {settings.base_url}")
    else:
        yield Finding("settings", WARNING, "development", "set PORTAL_ENV=production before real people use it")


def _databases() -> Iterator[Finding]:
    engines = db.engines
    for bind, name in ((None, "main database"), ("keys", "keys database")):
        engine = engines[bind]
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            yield Finding(name, BAD, type(error).__name__, "is it running, and is its address right?")
            continue
        yield _at_head(name, engine)


def _at_head(name: str, engine: Engine) -> Finding:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    head = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    found = f"{engine.dialect.name}, migration {current or 'none'}"
    if current == head:
        return Finding(name, GOOD, found)
    return Finding(name, BAD, f"{found}, newest is {head}", "run: make setup")


def _key_file() -> Iterator[Finding]:
    path = _read_settings().key_file
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding("key file", BAD, f"others may read it (mode {mode:o})", f"chmod 600 {path.name}")
    elif path.stat().st_uid not in {os.geteuid(), 0}:
        yield Finding("key file", WARNING, "belongs to another account")
    else:
        yield Finding("key file", GOOD, f"mode {mode:o}")
    if _sqlite_folder() == path.resolve().parent:
        advice = "keep it apart in production: a backup that holds both opens everything"
        yield Finding("key file", WARNING, "lies beside the database", advice)


def _belonging() -> Iterator[Finding]:
    if reason := belonging.why_not(cast(MasterKey, current_app.extensions["master_key"])):
        yield Finding("keys and records", BAD, "do not belong together", reason)
    else:
        yield Finding("keys and records", GOOD, "belong together")


def _ledger() -> Iterator[Finding]:
    path = erasure_ledger.path()
    try:
        lines = len(erasure_ledger.ledger().lines())
    except (BadLedger, WrongMaster) as error:
        yield Finding("erasure ledger", BAD, type(error).__name__, f"put back its copy: {error}")
        return
    if reason := standing.why_not_serving(current_app):
        yield Finding("erasure ledger", BAD, "a backup waits for its replay", reason)
    elif lines and _sqlite_folder() == path.resolve().parent:
        yield Finding("erasure ledger", WARNING, f"{lines} lines, beside the database", "keep it on another disk")
    else:
        yield Finding("erasure ledger", GOOD, f"{lines} lines")


def _backups() -> Iterator[Finding]:
    key = _read_settings().recovery_key
    if not key:
        yield Finding("backups", WARNING, "no recovery key", "flask --app portal keys recovery FILE")
        return
    try:
        read_public(key)
    except BadRecoveryKey as error:
        yield Finding("backups", BAD, "BACKUP_RECOVERY_KEY is none", str(error))
        return
    yield Finding("backups", GOOD, "sealed to a recovery key")


def _sqlite_folder() -> Path | None:
    url = _read_settings().database_url
    return Path(url.removeprefix("sqlite:///")).resolve().parent if url.startswith("sqlite:///") else None


def _policy(clock: Clock) -> Iterator[Finding]:
    with reading(SYSTEM, clock) as work:
        assumed = len(open_keys(work))
        found = f"{work.policy.code}, version {work.policy.version}"
    if assumed:
        advice = "the school should confirm them: the page of assumed points"
        yield Finding("policy", WARNING, f"{found}; {assumed} items are assumptions", advice)
    else:
        yield Finding("policy", GOOD, found)


def _catalogues() -> Iterator[Finding]:
    codes = [tongue.code for tongue in offered()]
    left_out = [code for code in TONGUES if code not in codes]
    if left_out:
        found = f"offered: {' '.join(codes)}; not whole: {' '.join(left_out)}"
        yield Finding("languages", WARNING, found, "run: make messages, translate, make catalogues")
    else:
        yield Finding("languages", GOOD, f"offered: {' '.join(codes)}")


def _worker(clock: Clock) -> Iterator[Finding]:
    report = readiness(clock)
    if report.worker_age is None:
        yield Finding("worker", WARNING, "has never run", "start: flask --app portal worker")
    elif timedelta(seconds=report.worker_age) > STALE_WORKER:
        yield Finding("worker", BAD, f"last seen {report.worker_age} s ago", "start: flask --app portal worker")
    else:
        yield Finding("worker", GOOD, f"seen {report.worker_age} s ago")
    age = report.oldest_unsent_mail_age
    if age is not None and timedelta(seconds=age) > STALE_MAIL:
        yield Finding("outbox", BAD, f"a mail has waited {age} s", "look at the worker's log for a paused queue")
    else:
        yield Finding("outbox", GOOD, "nothing waits" if age is None else f"oldest {age} s")


def _log_head(clock: Clock) -> Iterator[Finding]:
    with reading(SYSTEM, clock) as work:
        newest = checkpoints.newest(work.session)
    if newest is None:
        yield Finding("log", WARNING, "no checkpoint yet", "the worker signs one each morning")
    elif clock.now() - datetime.fromisoformat(newest.at) > STALE_CHECKPOINT:
        yield Finding("log", BAD, f"last checkpoint {newest.at[:10]}", "is the worker running?")
    else:
        yield Finding("log", GOOD, f"checkpoint {newest.number} at entry {newest.seq}")
