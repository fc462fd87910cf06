"""The worker: `python -m portal.runners`. What `flask worker` becomes, without the command line and without pages."""

from __future__ import annotations

import gc

import click
from flask import Flask

from config import Settings
from portal import create_worker
from portal.commands import saying_why_not
from portal.logs import log_to_stderr


def main() -> None:
    """Delivers mail, sends warnings and clears up until SIGTERM. Exit code 1 with the reason where it may not."""
    log_to_stderr()
    app = create_worker()
    gc.freeze()  # what is loaded is no garbage: long work looked through it again and again
    try:
        with saying_why_not(app):
            work(app)
    except click.ClickException as refused:
        refused.show()
        raise SystemExit(refused.exit_code) from refused


def work(app: Flask) -> None:
    settings: Settings = app.config["SETTINGS"]
    if settings.on_postgresql:
        from portal.runners import many_machines as runner
    else:
        from portal.runners import one_machine as runner  # type: ignore[no-redef]  # the same function, another way
    runner.work_until_told(app)


if __name__ == "__main__":
    main()
