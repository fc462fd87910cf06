"""What the commands share: who acts, how an answer is printed, and the exit codes 0 done, 1 refused, 2 used wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NoReturn, TypeVar, cast

import click
from flask import current_app

from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import ActorKind, Role

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """`--json`: one JSON value on standard output instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON value, for scripts.")(command)


def clock() -> Clock:
    return cast(Clock, current_app.extensions["clock"])


def operator() -> Actor:
    """Whoever may run commands on the machine acts as an administrator: accounts, no student data."""
    return Actor(
        ActorKind.STAFF,
        name="command line",
        roles=frozenset({Role.ADMINISTRATOR}),
        confidentiality_acknowledged=True,
        fresh_sign_in=True,
    )


def plain(value: object) -> object:
    """What json.dumps does not know by itself."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def answer(as_json: bool, facts: object, text: str) -> None:
    """Prints the facts as JSON, or the text."""
    click.echo(json.dumps(facts, default=plain, ensure_ascii=False, indent=2) if as_json else text)


def refuse(as_json: bool, code: str, text: str, facts: Mapping[str, object] | None = None) -> NoReturn:
    """Says why not and ends with exit code 1."""
    if as_json:
        click.echo(json.dumps({"refused": code, **(facts or {})}, default=plain, ensure_ascii=False, indent=2))
    click.echo(text, err=True)
    raise SystemExit(1)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows under their headings, as wide as they need."""
    texts = [[str(plain(cell)) if cell is not None else "" for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in [list(headings), *texts]) for place in range(len(headings))]
    lines = [list(headings), ["-" * width for width in widths], *texts]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
