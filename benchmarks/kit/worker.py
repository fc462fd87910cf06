"""A worker as an installation runs it (deploy/systemd), on the databases and settings of an estate."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config import ROOT

LINE = (sys.executable, "-m", "portal.runners")


def start(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(LINE, cwd=ROOT, env=dict(environment), stdout=out, stderr=out)


@contextmanager
def working(environment: Mapping[str, str], name: str = "worker") -> Iterator[subprocess.Popen[bytes]]:
    """A worker that is stopped at the end; what it says is in a file of the estate's folder."""
    process = start(environment, Path(environment["PORTAL_DATA"]) / f"{name}.log")
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks it to finish, insists when it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
