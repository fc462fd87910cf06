"""`staff create` and `staff disable`: the first accounts, and the way in when nobody else can make one."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from portal.cli.terminal import answer, clock, json_option, operator, refuse
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role

group = AppGroup("staff", help="Accounts of staff.")
REASONS = {
    "username_invalid": "a user name is 3 to 64 small letters, digits, dots, dashes or underscores",
    "username_taken": "there is an account of that name already",
    "name_missing": "the person's name is missing",
    "email_invalid": "that is no e-mail address",
    "branch_missing": "a case handler works at a branch: give --branch",
    "last_administrator": "nobody else could manage the accounts",
}
ROLES = click.Choice([role.value for role in Role])


@group.command("create")
@click.argument("username")
@click.option("--name", required=True, help="The person's own name.")
@click.option("--email", required=True)
@click.option("--role", "roles", multiple=True, required=True, type=ROLES, help="May be given more than once.")
@click.option(
    "--branch", "codes", multiple=True, metavar="CODE", help="For a case handler; may be given more than once."
)
@click.option("--language", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@json_option
def create(
    username: str, name: str, email: str, roles: tuple[str, ...], codes: tuple[str, ...], language: str, as_json: bool
) -> None:
    """Make an account. The first password is printed once and must be changed at the first sign-in."""
    from portal.services.branches import open_branches
    from portal.services.staff_accounts import create_account

    actor = operator()
    branches = open_branches(actor, clock())
    unknown = [code for code in codes if code not in branches]
    if unknown:
        raise click.BadParameter(f"{unknown[0]} is not one of {', '.join(sorted(branches))}", param_hint="--branch")
    try:
        made = create_account(
            actor,
            clock(),
            username,
            name,
            email,
            [Role(role) for role in roles],
            [branches[code] for code in codes],
            language,
        )
    except Refused as refused:
        refuse(as_json, refused.code, f"Refused: {REASONS.get(refused.code, refused.code)}")
    facts = {"id": made.id, "username": made.username, "password": made.password}
    answer(as_json, facts, f"Account {made.username} was made.\nFirst password, shown once: {made.password}")


@group.command("disable")
@click.argument("username")
@json_option
def disable(username: str, as_json: bool) -> None:
    """Shut an account: its sessions and designations end now."""
    from portal.services.staff_accounts import accounts, disable_account

    actor = operator()
    wanted = username.strip().casefold()
    found = next((account for account in accounts(actor, clock()) if account.username == wanted), None)
    if found is None:
        refuse(as_json, "unknown_account", f"Refused: there is no account {wanted}")
    if found.disabled_at is not None:
        answer(as_json, {"username": wanted, "changed": False}, f"Account {wanted} was shut already.")
        return
    try:
        disable_account(actor, clock(), found.id)
    except Refused as refused:
        refuse(as_json, refused.code, f"Refused: {REASONS.get(refused.code, refused.code)}")
    answer(as_json, {"username": wanted, "changed": True}, f"Account {wanted} is shut; its sessions have ended.")
