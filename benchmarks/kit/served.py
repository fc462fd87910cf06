"""Web processes as an installation runs them: gunicorn with deploy/gunicorn.conf.py, on a port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kit.client import Client
from benchmarks.kit.meter import cpu_seconds, pss_mib, tree
from config import ROOT

PORTAL = "portal:create_app()"
FLOOR = "benchmarks.kit.floor:create_app()"


@dataclass(frozen=True, slots=True)
class Served:
    """A running gunicorn. `database` is the server whose processor time its requests also cost, None on SQLite."""

    process: subprocess.Popen[bytes]
    port: int
    database: int | None

    def client(self, cookies: Mapping[str, str] | None = None) -> Client:
        return Client(self.port, dict(cookies or {}))

    def cpu(self) -> float:
        """Processor seconds that these processes and the database have used so far."""
        pids = tree(self.process.pid) + (tree(self.database) if self.database else [])
        return cpu_seconds(pids)

    def pss(self) -> float:
        """In MiB; without the database's server."""
        return pss_mib(self.process.pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    application: str, environment: Mapping[str, str], database: int | None = None, workers: int = 1
) -> Iterator[Served]:
    """A gunicorn that answers; stopped at the end. One process by default: each request meets a warm one."""
    port = free_port()
    line = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy/gunicorn.conf.py")]
    line += ["--bind", f"127.0.0.1:{port}", "--workers", str(workers), application]
    log = Path(environment["PORTAL_DATA"]) / f"web-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(line, cwd=ROOT, env=dict(environment), stderr=out, start_new_session=True)
    try:
        wait_until_it_answers(process, port)
        yield Served(process, port, database)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_until_it_answers(process: subprocess.Popen[bytes], port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                pass
            client = Client(port)
            if client.get("/healthz").status == 200:
                client.close()
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError("the web does not answer")
