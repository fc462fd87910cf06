"""`serve`: web and worker from one command, and both gone after one signal."""

from __future__ import annotations

import signal
import subprocess
import urllib.request
from pathlib import Path

from config import ROOT
from tests.commands.processes import environment, flask, wait_for
from tests.engines import sqlite_settings
from tests.mail.servers import free_port


def test_web_and_worker_start_together_and_stop_on_one_signal(tmp_path: Path):
    port, log = free_port(), tmp_path / "serve.log"
    with sqlite_settings() as settings, log.open("wb") as out:
        more = {"PORT": str(port), "BASE_URL": f"http://127.0.0.1:{port}", "MAIL_URL": f"file:{tmp_path / 'mail'}"}
        process = subprocess.Popen(
            flask("serve", "--workers", "1", "--demonstration"),
            cwd=ROOT,
            env=environment(settings, **more),
            stdout=out,
            stderr=out,
        )
        try:
            wait_for(lambda: started(log.read_text()) or process.poll() is not None, "the addresses and the worker")
            said = log.read_text()
            assert f"http://127.0.0.1:{port}/staff/" in said
            assert "fietsen-door-de-polder" in said, "the demonstration's sign-ins are printed"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as reply:
                assert reply.status == 200
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=45) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    assert "worker stopped" in log.read_text()
    assert log.read_text().rstrip().endswith("Stopped.")


def started(said: str) -> bool:
    return "Ctrl-C" in said and "worker started" in said


def test_production_is_not_served_so(tmp_path: Path):
    with sqlite_settings() as settings:
        more = {
            "PORTAL_ENV": "production",
            "BASE_URL": "https://privacy.school.example",
            "KEY_ENCRYPTION_KEY_FILE": str(settings.key_file),
            "MAIL_URL": "smtp://127.0.0.1:9",
            "MAIL_FROM": "privacy@school.example",
        }
        said = subprocess.run(
            flask("serve"), cwd=ROOT, env=environment(settings, **more), capture_output=True, check=False
        )
    assert said.returncode == 2
    assert b"operating.md" in said.stderr
