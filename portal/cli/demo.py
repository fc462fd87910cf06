"""`demo`: the demonstration school."""

from __future__ import annotations

from dataclasses import asdict
from typing import cast

import click
from flask import current_app
from flask.cli import with_appcontext

from config import Settings
from portal.cli.terminal import answer, clock, json_option, refuse

REASONS = {
    "demonstration_mail_would_leave": "mails to made-up people would leave the house (MAIL_URL is not file:)",
    "demonstration_needs_policy": "it was made for the shipped policy (PORTAL_POLICY is another)",
}


@click.command("demo")
@click.option("--first-run", is_flag=True, help="Do nothing where the databases hold something already.")
@json_option
@with_appcontext
def demo(first_run: bool, as_json: bool) -> None:
    """Fill empty databases with a school of made-up people: students, staff and cases at every stage."""
    fill(first_run, as_json)


def fill(first_run: bool, as_json: bool = False) -> None:
    """Opens the school and says so. On a first run it is no fault when something else is kept there already."""
    from portal.domain.refusal import Refused
    from portal.services.demo.school import NotEmpty, open_school

    settings = cast(Settings, current_app.config["SETTINGS"])
    if settings.production:
        refuse(as_json, "production", "Refused: a demonstration school has no place in production")
    try:
        made = open_school(clock(), progress=None if as_json else lambda line: click.echo(line, err=True))
    except NotEmpty:
        if first_run:
            answer(as_json, {"changed": False}, "The databases hold data already: kept as they are.")
            return
        refuse(as_json, "not_empty", "Refused: the databases hold data already")
    except Refused as refused:
        if first_run:
            answer(as_json, {"changed": False}, f"No demonstration school: {REASONS[refused.code]}")
            return
        refuse(as_json, refused.code, f"Refused: {REASONS[refused.code]}")
    text = f"Demonstration school: {made.students} students, {made.staff} staff, {made.cases} cases."
    answer(as_json, {"changed": True, **asdict(made)}, text)
