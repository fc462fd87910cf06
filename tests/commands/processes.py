"""The portal's own processes, started as an operator starts them, on a test's databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from config import ROOT, Settings

PATIENCE = 90.0  # seconds: a machine may be busy with other things


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The variables that make a process use these databases, and no other setting of this machine."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {
        **kept,
        "PORTAL_ENV": "development",
        "PORTAL_DATA": str(settings.key_file.parent),
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "KEYS_DATABASE_URL": settings.keys_database_url,
        "BASE_URL": settings.base_url,
        "MAIL_URL": settings.mail_url,
        "KEY_ENCRYPTION_KEY_FILE": str(settings.key_file),
        "ERASURE_LEDGER_FILE": str(settings.ledger_file),
        **more,
    }


def flask(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "portal", *arguments]


def worker(settings: Settings, log: Path, **more: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A running worker; killed at the end when the test did not stop it."""
    return running(flask("worker"), environment(settings, **more), log)


def web(
    settings: Settings, log: Path, port: int, workers: int = 1, **more: str
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Web processes as an installation runs them, on a port of this machine; killed at the end like the worker."""
    served = ["--config", str(ROOT / "deploy/gunicorn.conf.py"), "--bind", f"127.0.0.1:{port}"]
    served += ["--workers", str(workers)]
    line = [sys.executable, "-m", "gunicorn", *served, "portal:create_app()"]
    return running(line, environment(settings, **more), log)


@contextmanager
def running(line: list[str], variables: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(line, cwd=ROOT, env=variables, stdout=out, stderr=out, start_new_session=True)
        try:
            yield process
        finally:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once, with the processes it started: a machine that lost its power."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(ready: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.05)
