"""`worker`, `jobs run NAME` and `serve`: what keeps running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, cast

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from config import ROOT, Settings
from portal import jobs as table_of_jobs
from portal.cli.demo import fill
from portal.cli.terminal import answer, clock, json_option

WORKER = (sys.executable, "-m", "portal.runners")
WORKER_IN_WEB = "python:portal.runners.in_web"  # for gunicorn: hooks that need no process of their own
jobs = AppGroup("jobs", help="Jobs of the worker.")
PATIENCE = 60.0  # seconds for the web to answer after the start
DRAIN = 40.0  # seconds to finish what is in hand


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Deliver mail, send warnings and clear up until SIGTERM."""
    os.execve(sys.executable, WORKER, of_its_own())  # noqa: S606 - in the place of this process, which has pages too


def of_its_own() -> dict[str, str]:
    """The environment for a process that is no command: it says by itself what must not start."""
    return {name: value for name, value in os.environ.items() if name != "FLASK_RUN_FROM_CLI"}


@jobs.command("prepare")
@json_option
def prepare(as_json: bool) -> None:
    """Make or update the tables of the job queue (PostgreSQL only). Twice changes nothing."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    if queue := settings.on_postgresql:
        from portal.runners.queue_schema import prepare

        prepare(settings.database_url)
    text = "The tables of the job queue are there." if queue else "On SQLite there is no job queue: nothing to do."
    answer(as_json, {"queue": queue}, text)


def real_app() -> Flask:
    """The application itself, which outlives this context: jobs run in threads of their own."""
    return cast(Flask, cast(Any, current_app)._get_current_object())


@jobs.command("run")
@click.argument("name", type=click.Choice(sorted(table_of_jobs.BY_NAME)))
@json_option
def run(name: str, as_json: bool) -> None:
    """Run one job once, to its end. Running it twice does nothing twice."""
    result = dict(table_of_jobs.run(real_app(), table_of_jobs.BY_NAME[name]))
    done = ", ".join(f"{key} {value}" for key, value in result.items() if value) or "nothing to do"
    answer(as_json, {"job": name, **result}, f"{name}: {done}")


@click.command("serve")
@click.option("--workers", type=click.IntRange(1, 16), default=2, show_default=True, help="Processes of the web.")
@click.option("--demonstration", is_flag=True, help="Open a demonstration school first where nothing is kept yet.")
@with_appcontext
def serve(workers: int, demonstration: bool) -> None:
    """Start web and worker on this machine, and stop both on Ctrl-C: for the demonstration and development."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    if settings.production:
        raise click.UsageError("in production the web and the worker are services of their own (docs/operating.md)")
    if demonstration:
        fill(first_run=True)
    address = f"127.0.0.1:{settings.port}"
    web = [sys.executable, "-m", "gunicorn", "--bind", address, "--workers", str(workers), "--threads", "4"]
    web += ["--log-level", "warning", "--graceful-timeout", "10", "--preload", "portal:create_app()"]
    lines = [web, list(WORKER)] if settings.on_postgresql else [[*web, "--config", WORKER_IN_WEB]]
    stop = threading.Event()
    for told_by in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_by, lambda *_: stop.set())
    # In sessions of their own, so that a Ctrl-C reaches them once, from here.
    environment = of_its_own()
    children = [subprocess.Popen(line, cwd=ROOT, env=environment, start_new_session=True) for line in lines]  # noqa: S603 - ours
    try:
        if answers(f"http://{address}/healthz", children, stop):
            click.echo(welcome(settings))
        while not stop.wait(0.5):
            if any(child.poll() is not None for child in children):
                break
    finally:
        code = stop_all(children)
    if not stop.is_set():
        click.echo("A part has stopped by itself; everything is stopped.", err=True)
        raise SystemExit(code or 1)
    click.echo("Stopped.")


def answers(address: str, children: list[subprocess.Popen[bytes]], stop: threading.Event) -> bool:
    """Waits until the web answers; False when it does not, or a child has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not stop.is_set() and all(child.poll() is None for child in children):
        try:
            with urllib.request.urlopen(address, timeout=2) as reply:  # noqa: S310 - our own address
                return bool(reply.status == 200)
        except (urllib.error.URLError, OSError):
            stop.wait(0.2)
    return False


def welcome(settings: Settings) -> str:
    from portal.services.demo.sign_ins import sign_ins

    lines = [
        "",
        f"  For students     {settings.base_url}/",
        f"  For staff        {settings.base_url}/staff/",
        f"  Mails it sends   {settings.base_url}/dev/mail",
    ]
    known = sign_ins(clock())
    if known:
        lines += ["", f"  Demonstration school. Password of all staff: {known.password}"]
        lines += [f"  Their second factor: the code at {settings.base_url}/dev/code"]
        lines += [f"    {each.username:18}{each.what}" for each in known.staff]
        lines += ["", "  Students sign in with their mail address; the code is in /dev/mail:"]
        lines += [f"    {each.email:34}{each.what}" for each in known.students]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])


def stop_all(children: list[subprocess.Popen[bytes]]) -> int:
    """Asks each to finish, insists when it does not, and returns the worst exit code."""
    for child in children:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
    until = time.monotonic() + DRAIN
    for child in children:
        try:
            child.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    return max((abs(child.returncode or 0) for child in children), default=0)
