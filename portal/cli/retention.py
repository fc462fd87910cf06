"""`retention preview`, `run` and `confirm`: counts, classes and dates, nothing of a person."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, operator, refuse, table
from portal.domain.permissions import SYSTEM

group = AppGroup("retention", help="Terms that end: what is due, erasing it, confirming the terms.")


@group.command("preview")
@json_option
def preview(as_json: bool) -> None:
    """Say what is due and what holds it, without changing anything."""
    from portal.services.retention_pages import preview as look

    found = look(SYSTEM, clock())
    rows = [
        (each.retention, each.kept_until, each.erased_from, each.told_on, each.state, each.outside_open)
        for each in found.lines
    ]
    terms = [
        (
            each.retention.code,
            f"{each.retention.years} years {each.retention.days} days",
            each.retention.starts,
            "yes" if each.confirmed else "NO",
            found.classes.get(each.retention.code, ""),
        )
        for each in found.terms
    ]
    text = "\n\n".join(
        (
            table(("class", "term", "from", "confirmed", "past its term"), terms),
            table(("class", "kept until", "erased from", "told on", "state", "steps outside"), rows),
            f"{len(rows)} terms end" + (f"; the clock is doubted since {found.doubt.seen}" if found.doubt else ""),
        )
    )
    facts = {
        "lines": [asdict(each) | {"student": None} for each in found.lines],
        "confirmed": {each.retention.code: each.confirmed for each in found.terms},
        "past_term": found.classes,
        "clock_doubted": found.doubt is not None,
    }
    answer(as_json, facts, text)


@group.command("run")
@click.option("--clock-is-right", is_flag=True, help="The clock jumped, and it is right: go on.")
@json_option
def run(clock_is_right: bool, as_json: bool) -> None:
    """List, tell and erase what is due. Exit code 1 while the clock is doubted."""
    from portal.services import clock_guard
    from portal.services.retention import run as go

    if clock_is_right:
        clock_guard.trust(operator(), clock())
    found = go(clock())
    if found.held:
        refuse(as_json, "clock_doubted", "Refused: the clock jumped more than a day. Is it right? --clock-is-right", {})
    answer(
        as_json,
        found.as_dict(),
        f"{found.listed} terms were listed, {found.told} students told, {found.erased} erasures done, "
        f"{found.swept} rows of other classes removed.",
    )


@group.command("confirm")
@click.argument("code")
@click.option("--director", "username", required=True, help="User name of the director who confirms.")
@json_option
def confirm(code: str, username: str, as_json: bool) -> None:
    """Record that the director confirmed the terms of a class, as they stand in the policy."""
    from portal.domain.permissions import NotAllowed
    from portal.domain.refusal import Refused
    from portal.services.retention_terms import confirm_as

    try:
        confirm_as(clock(), username, code)
    except NotAllowed:
        refuse(as_json, "not_permitted", f"Refused: {username} is not a director")
    except Refused as refusal:
        refuse(as_json, refusal.code, f"Refused: {refusal.code.replace('_', ' ')} {code}")
    answer(as_json, {"confirmed": code}, f"The terms of {code} are confirmed.")
