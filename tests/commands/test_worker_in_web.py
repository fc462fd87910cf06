"""The worker in a web process: one of them works, another goes on when that one dies, and one signal ends all."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from portal.domain.clock import SystemClock
from portal.runners import in_web
from tests.commands.processes import wait_for, web
from tests.commands.test_worker import states
from tests.mail.posts import file_case
from tests.mail.servers import free_port, real_server


def processes(master: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def test_one_web_process_works_another_goes_on_when_it_dies_and_one_signal_ends_all(sqlite_app: Flask, tmp_path: Path):
    log = tmp_path / "web.log"

    def starts() -> int:
        return log.read_text().count("worker started")

    with sqlite_app.app_context(), real_server() as (box, port):
        more = {"MAIL_URL": f"smtp://127.0.0.1:{port}", "WORKER_IN_WEB": "yes"}
        file_case(SystemClock(), "first@example.org")
        with web(sqlite_app.config["SETTINGS"], log, free_port(), workers=2, **more) as master:
            wait_for(lambda: states() == ["sent"], "the first mail")
            wait_for(lambda: len(processes(master.pid)) == 2, "both processes")
            assert starts() == 1, "the other one stands in line"
            for pid in processes(master.pid):
                os.kill(pid, signal.SIGKILL)
            file_case(SystemClock(), "second@example.org")
            wait_for(lambda: starts() == 2, "another worker")
            wait_for(lambda: states() == ["sent"] * 2, "the second mail")
            master.send_signal(signal.SIGTERM)
            assert master.wait(timeout=20) == 0
        assert len(box.mails) == 2
    lines = log.read_text()
    assert starts() == 2, "nobody begins while all are told to stop"
    assert lines.count("worker stopped") == 1, "who stood in line never worked"
    assert '"level": "error"' not in lines


def test_on_postgresql_the_worker_is_a_process_of_its_own():
    settings = SimpleNamespace(on_postgresql=True)
    app = SimpleNamespace(wsgi=lambda: SimpleNamespace(config={"SETTINGS": settings}))
    with pytest.raises(RuntimeError, match="a service of its own"):
        in_web.post_worker_init(SimpleNamespace(app=app))
