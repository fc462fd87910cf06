"""The worker in a web process: for a small machine, where one of its own takes a third of the memory.

Hooks of gunicorn, SQLite only. The web processes stand in line, and who is first does the worker's work in threads
beside its pages. When it ends, however it ends, the next one in line goes on: the place in the line is a lock that the
kernel takes back. To be loaded before the processes part.
"""

from __future__ import annotations

import fcntl
import logging
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import click

from portal.commands import saying_why_not
from portal.runners import one_machine

if TYPE_CHECKING:
    from flask import Flask

log = logging.getLogger("portal.jobs")
AT_ONCE = 4  # jobs: the pages beside them want their share
LOOKS_AGAIN = 1.0  # seconds
AGAIN = 15.0  # seconds before work that was refused or that failed is begun anew

_line = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the processes live
_told = threading.Event()
_standing: list[threading.Thread] = []  # this process's place in the line


def post_worker_init(worker: Any) -> None:
    """In each web process, before it takes requests. Raises RuntimeError on PostgreSQL."""
    app = worker.app.wsgi()
    if app.config["SETTINGS"].on_postgresql:
        raise RuntimeError("on PostgreSQL the worker is a service of its own")
    log.setLevel(logging.INFO)
    _standing.append(threading.Thread(target=stand_in_line, args=(app,), daemon=True))
    _standing[0].start()


def worker_exit(_server: Any, _worker: Any) -> None:
    """In a web process that ends: after its last request it finishes the mail in hand."""
    _told.set()
    for thread in _standing:
        thread.join()


def stand_in_line(app: Flask) -> None:
    """Works when it is first, until told to stop."""
    while not _told.wait(LOOKS_AGAIN):
        try:
            fcntl.lockf(_line, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        try:
            with saying_why_not(app):
                one_machine.work(app, _told, AT_ONCE)
        except click.ClickException as refused:
            log.error("worker refused: %s", refused.message)
            _told.wait(AGAIN)
        except Exception:
            log.exception("worker failed")
            _told.wait(AGAIN)
