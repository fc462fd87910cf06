"""The portal's own processes, started as an operator starts them, on a test's databases."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@contextmanager
def worker(settings: Settings, log: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A running worker; killed at the end when the test did not stop it."""
    with log.open("wb") as out:
        process = subprocess.Popen(flask("worker"), cwd=ROOT, env=environment(settings, **more), stdout=out, stderr=out)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def wait_for(ready: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.05)
