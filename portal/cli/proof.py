"""`audit verify`, `register export` and `doctor`: what can be shown to others."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from portal.cli.terminal import answer, clock, json_option, plain, refuse, table
from portal.i18n import STAFF_TONGUES, staff_speaker
from portal.policy.model import Policy

audit = AppGroup("audit", help="The audit log.")
register = AppGroup("register", help="The register of processing activities.")


@audit.command("verify")
@json_option
def verify(as_json: bool) -> None:
    """Check that every entry is chained to the one before it."""
    from portal.services.verify_audit import verify_audit

    found = verify_audit(clock())
    facts = {**asdict(found), "whole": found.whole}
    if not found.whole:
        refuse(as_json, "chain_broken", f"The log is broken at entry {found.broken_at}.", facts)
    answer(as_json, facts, f"The log is whole: {found.entries} entries.")


@register.command("export")
@click.option("--format", "form", type=click.Choice(["xlsx", "json"]), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--language", type=click.Choice(STAFF_TONGUES), default="nl", show_default=True)
@json_option
def export(form: str, output: Path | None, language: str, as_json: bool) -> None:
    """Write the register of processing (GDPR 30). JSON goes to the screen when no file is named."""
    from portal.services.register import as_workbook, register_of

    say = staff_speaker(language).gettext
    found = register_of(cast(Policy, current_app.extensions["policy"]), say)
    content = json.dumps(found.as_dict(), default=plain, ensure_ascii=False, indent=2).encode()
    if form == "json" and output is None:
        click.echo(content.decode())
        return
    target = output or Path("register.xlsx")
    target.write_bytes(as_workbook(found, say) if form == "xlsx" else content + b"\n")
    facts = {"file": target, "activities": len(found.lines)}
    answer(as_json, facts, f"{len(found.lines)} activities were written to {target}.")


@click.command("doctor")
@json_option
@with_appcontext
def doctor(as_json: bool) -> None:
    """Examine this installation and say what is wrong. Exit code 1 when something is."""
    from portal.services.doctor import examine
    from portal.services.findings import BAD, GOOD

    found = examine(clock())
    text = table(
        ("", "check", "found", "what to do"),
        [({GOOD: "ok", BAD: "BAD"}.get(each.grade, "look"), each.check, each.found, each.advice) for each in found],
    )
    answer(as_json, [each.as_dict() for each in found], text)
    if any(each.grade == BAD for each in found):
        raise SystemExit(1)
