"""`erasures list|resume|replay`: handles, steps and moments, nothing of a person."""

from __future__ import annotations

from dataclasses import asdict

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, operator, refuse, table

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


@group.command("replay")
@json_option
def replay(as_json: bool) -> None:
    """After a restore: do again what was erased since the backup. Exit code 1 when some still hang."""
    from portal.services.replay_erasures import BadLedger, WrongMaster
    from portal.services.replay_erasures import replay as do_again

    try:
        done = do_again(clock())
    except BadLedger as error:
        refuse(as_json, "bad_ledger", f"The ledger is not whole: {error}. Nothing was done; nobody is served.")
    except WrongMaster:
        refuse(as_json, "wrong_key", "The ledger does not open with this key-encryption key. Nothing was done.")
    if done.hanging:
        refuse(
            as_json,
            "hanging",
            f"{done.hanging} erasures hang: stop who reads the database, run it again.",
            done.as_dict(),
        )
    text = (
        f"{done.erasures} erasures and {done.keys} keys were done again, {done.absent} concern nobody in the backup; "
        f"{done.sessions} sessions were ended. The portal may serve."
    )
    answer(as_json, done.as_dict(), text)
