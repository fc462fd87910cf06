"""`audit verify|checkpoint|export`, `register export|keep`, `doctor` and `reconcile`: what can be shown to others."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from portal.cli.terminal import answer, clock, json_option, operator, refuse, table
from portal.i18n import STAFF_TONGUES, staff_speaker

audit = AppGroup("audit", help="The audit log.")
register = AppGroup("register", help="The register of processing activities.")


@audit.command("verify")
@click.option(
    "--checkpoint",
    "outside",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A head kept outside: a checkpoint, or any mail of the portal.",
)
@click.option("--key", "trusted", multiple=True, metavar="PUBLIC_KEY", help="The key that must have signed.")
@click.option("--details", is_flag=True, help="Open the sealed details too and compare them.")
@json_option
def verify(outside: tuple[Path, ...], trusted: tuple[str, ...], details: bool, as_json: bool) -> None:
    """Check that every entry is chained to the one before it, and every checkpoint signed."""
    from portal.services.verify_audit import Unreadable, verify_audit, verify_details

    try:
        found = verify_audit(clock(), outside, [key.strip().lower() for key in trusted])
    except Unreadable as error:
        raise click.UsageError(str(error)) from error
    facts = found.as_dict()
    said = f"{found.entries} entries, {found.checkpoints} checkpoints, {found.compared} heads from outside"
    if details:
        opened = verify_details(clock())
        facts["details"] = asdict(opened)
        said += f"; {opened.opened} details fit, {opened.gone} are gone with their subject"
        if opened.wrong:
            refuse(as_json, "details_changed", f"Details of other entries than theirs: {opened.wrong}.", facts)
    if not found.whole:
        refuse(as_json, "chain_broken", "The log is broken.\n" + "\n".join(f"  {each}" for each in found.faults), facts)
    answer(as_json, facts, f"The log is whole: {said}.\nHead: {found.entries} {found.head}")


@audit.command("checkpoint")
@json_option
def checkpoint(as_json: bool) -> None:
    """Sign the head of the log now. Keep what is printed somewhere else."""
    from portal.services.checkpoint_audit import checkpoint_now

    found = checkpoint_now(clock())
    answer(as_json, found.as_dict(), json.dumps(found.as_dict()))


@audit.command("export")
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@json_option
def export_log(output: Path, as_json: bool) -> None:
    """Write the log for the stand-alone verifier (portal/audit/verifier.py). It holds random numbers, no details."""
    from portal.services.verify_audit import export_audit

    with output.open("w", encoding="utf-8") as out:
        entries, signed = export_audit(clock(), out)
    facts = {"file": output, "entries": entries, "checkpoints": signed}
    answer(as_json, facts, f"{entries} entries and {signed} checkpoints were written to {output}.")


@register.command("export")
@click.option("--format", "form", type=click.Choice(["xlsx", "json"]), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--language", type=click.Choice(STAFF_TONGUES), default="nl", show_default=True)
@json_option
def export(form: str, output: Path | None, language: str, as_json: bool) -> None:
    """Write the register of processing (GDPR 30). JSON goes to the screen when no file is named."""
    from portal.services.register_files import as_file
    from portal.services.register_versions import current

    found = current(operator(), clock())
    content = as_file(found, form, language, staff_speaker(language).gettext)
    if form == "json" and output is None:
        click.echo(content.decode(), nl=False)
        return
    target = output or Path("register.xlsx")
    target.write_bytes(content)
    count = len(found.content["activities"])
    answer(as_json, {"file": target, "activities": count}, f"{count} activities were written to {target}.")


@register.command("keep")
@json_option
def keep(as_json: bool) -> None:
    """Keep the register as it stands as a version, when it differs from the last one. The worker does so by itself."""
    from portal.services.keep_register import keep_register

    number, fresh = keep_register(clock())
    text = f"Version {number} was kept." if fresh else f"Nothing changed since version {number}."
    answer(as_json, {"version": number, "new": fresh}, text)


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


@click.command("reconcile")
@click.option("--fix", is_flag=True, help="Take out what does not fit, and go on with what hangs.")
@json_option
@with_appcontext
def reconcile(fix: bool, as_json: bool) -> None:
    """Compare keys, rows, files and what is under way. Exit code 1 when something is to be repaired."""
    from portal.services.reconcile import NotReconciled
    from portal.services.reconcile import reconcile as compare

    try:
        found = compare(operator(), clock(), fix)
    except NotReconciled as error:
        refuse(as_json, "not_serving", str(error))
    rows = [
        (name.replace("_", " "), value) for name, value in found.as_dict().items() if name not in {"fixed", "amiss"}
    ]
    text = table(("", "found"), [(name, _counted(value)) for name, value in rows])
    if found.amiss and not found.fixed:
        refuse(as_json, "amiss", f"{text}\n\n{found.amiss} to repair: reconcile --fix", found.as_dict())
    answer(as_json, found.as_dict(), f"{text}\n\n{f'{found.amiss} repaired.' if found.amiss else 'Everything fits.'}")


def _counted(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count}" for name, count in value.items()) or "0"
    return str(value)
