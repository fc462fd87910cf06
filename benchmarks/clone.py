"""From a fresh clone to the first page: `git clone`, `make run`, and the first answer with a student's start page.

What is measured is what is committed. Packages come from the registry that pip is set to: the network is in it.
"""

from __future__ import annotations

import http.client
import os
import resource
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.kit.served import free_port
from benchmarks.kit.telling import tell, tell_bar
from config import ROOT

SECONDS, PATIENCE = 60, 900


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="portal-clone-") as name:
        folder, port = Path(name) / "portal", free_port()
        began = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
        cloned = time.perf_counter() - began
        kept = {
            each: value for each, value in os.environ.items() if not each.startswith(("PORTAL_", "DATABASE", "MAKE"))
        }
        environment = {**kept, "PORT": str(port), "PORTAL_DATA": str(folder / "var")}
        log = Path(name) / "run.log"
        with log.open("wb") as out:
            run = subprocess.Popen(
                ["make", "run"], cwd=folder, env=environment, stdout=out, stderr=out, start_new_session=True
            )
        try:
            prepared = answered(folder, port, run, log, began)
            taken = time.perf_counter() - began
        finally:
            os.killpg(run.pid, signal.SIGINT)
            run.wait(60)
        load = os.getloadavg()[0]
    tell("clone", "git clone", seconds=round(cloned, 1))
    tell("clone", "environment and packages", seconds=round(prepared - cloned, 1))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    figures = {"seconds": round(taken, 1), "load": round(load, 1), "cpu": round(used.ru_utime + used.ru_stime, 1)}
    tell_bar("clone", "first page, seconds", taken, most=SECONDS, **figures)


def answered(folder: Path, port: int, run: subprocess.Popen[bytes], log: Path, began: float) -> float:
    """Waits for the first page; when the packages stood."""
    until, installed = time.monotonic() + PATIENCE, 0.0
    while time.monotonic() < until:
        assert run.poll() is None, log.read_text(errors="replace")
        if not installed and (folder / ".venv/bin/.installed").exists():
            installed = time.perf_counter() - began
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/nl/")
            if connection.getresponse().status == 200:
                return installed
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("no page")


if __name__ == "__main__":
    main()
