"""`cases list` and `cases show`: numbers, dates and states, nothing of a person."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, refuse, table
from portal.domain.lifecycle import CaseState

group = AppGroup("cases", help="Requests, without personal data.")


@group.command("list")
@click.option("--state", type=click.Choice([state.value for state in CaseState]), help="Default: the undecided ones.")
@click.option("--overdue", is_flag=True, help="Only those past their due date.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
def list_(state: str | None, overdue: bool, limit: int, as_json: bool) -> None:
    """List cases by due date."""
    from portal.services.look_up_cases import list_cases

    found = list_cases(clock(), CaseState(state) if state else None, overdue, limit)
    rows = [
        (each.reference, each.kind, each.state, each.branch, each.received_on, each.due_on, each.days_left)
        for each in found
    ]
    text = table(("reference", "kind", "state", "branch", "received", "due", "days left"), rows)
    answer(as_json, [asdict(each) for each in found], f"{text}\n{len(found)} cases")


@group.command("show")
@click.argument("reference")
@json_option
def show(reference: str, as_json: bool) -> None:
    """Show one case: its dates, what happened, its steps and its mails."""
    from portal.services.casework import NotFound
    from portal.services.look_up_cases import show_case

    try:
        found = show_case(clock(), reference)
    except NotFound:
        refuse(as_json, "unknown_case", f"Refused: there is no case {reference}")
    lines = [
        f"{name.replace('_', ' '):12} {value if value is not None else ''}"
        for name, value in asdict(found.line).items()
    ]
    lines += [
        "",
        table(("when", "what", "who"), [(f"{at:%Y-%m-%d %H:%M}", kind, who) for at, kind, who in found.events]),
    ]
    if found.steps:
        lines += ["", table(("task", "where", "state"), found.steps)]
    if found.mails:
        lines += ["", table(("mail", "state", "fault"), found.mails)]
    answer(as_json, asdict(found), "\n".join(lines))
