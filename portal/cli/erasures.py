"""`erasures list` and `erasures resume`: handles, steps and moments, nothing of a person."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, operator, table

group = AppGroup("erasures", help="Erasures: what is under way, and going on after a crash.")


@group.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List the newest erasures with the last step that ended."""
    from portal.services.resume_erasures import list_erasures

    found = list_erasures(operator(), clock(), limit)
    rows = [(each.id, each.reference, each.cause, each.state, each.step, each.not_before) for each in found]
    text = table(("erasure", "case", "cause", "state", "last step", "not before"), rows)
    answer(as_json, [asdict(each) for each in found], f"{text}\n{len(found)} erasures")


@group.command("resume")
@json_option
def resume(as_json: bool) -> None:
    """Finish the erasures that were interrupted, and begin those that are due. Exit code 1 when some still hang."""
    from portal.services.resume_erasures import resume as go_on

    found = go_on(clock())
    answer(
        as_json,
        found.as_dict(),
        f"{found.finished} erasures were finished and {found.begun} begun; {found.hanging} still hang; "
        f"{found.addresses} kept addresses were destroyed.",
    )
    if found.hanging:
        raise SystemExit(1)
