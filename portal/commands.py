"""The command line: `flask --app portal …`. Exit code 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, cast

import click
from flask import Flask
from flask.cli import AppGroup

# What must work on an installation that is not whole: it says what is wrong, or mends it.
ALWAYS = frozenset({"audit", "doctor", "erasures", "keys", "reconcile", "restore"})


class Commands(AppGroup):
    """The application's commands; looked at first when one is asked for, so that no web process loads them."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app.name)
        self._app = app
        self._there = False

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._fill()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        self._fill()
        return super().list_commands(ctx)

    def _fill(self) -> None:
        if not self._there:
            self._there = True
            register(self, self._app)


def register(group: AppGroup, app: Flask) -> None:
    """Adds the commands; each loads what it needs when it runs."""
    from portal.cli import cases, demo, erasures, keys, proof, retention, running, staff, students

    for command in (
        cases.group,
        demo.demo,
        erasures.group,
        keys.backup,
        keys.keys,
        keys.restore,
        proof.audit,
        proof.doctor,
        proof.reconcile,
        proof.register,
        retention.group,
        running.jobs,
        running.serve,
        running.worker,
        staff.group,
        students.group,
    ):
        group.add_command(carefully(app, command))


def refuse_to_serve(app: Flask) -> None:
    """Ends the command with exit code 1 while a backup was not replayed, or keys and records do not belong together."""
    from portal.services.belonging import why_not
    from portal.services.standing import why_not_serving

    with app.app_context():
        if reason := why_not_serving(app) or why_not(app.extensions["master_key"]):
            raise click.ClickException(reason)


def carefully(app: Flask, command: click.Command) -> click.Command:
    """A command that fails on databases without tables says so, in place of a driver's own words."""
    careful: Any = copy(command)  # the groups are shared by every application of a process
    invoke = careful.invoke

    def invoke_carefully(context: click.Context) -> Any:
        with saying_why_not(app, always=command.name in ALWAYS):
            return invoke(context)

    careful.invoke = invoke_carefully
    return cast(click.Command, careful)


@contextmanager
def saying_why_not(app: Flask, *, always: bool = False) -> Iterator[None]:
    """Ends what does not serve people yet, or stands on databases without tables, with ClickException."""
    if not always:
        refuse_to_serve(app)
    try:
        yield
    except Exception as error:
        from portal.services.prepared import why_not_prepared

        with app.app_context():
            reason = why_not_prepared()
        if not reason:
            raise
        raise click.ClickException(reason) from error
