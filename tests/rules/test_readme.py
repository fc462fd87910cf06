"""What README.md promises is there, and what is there it names: commands, addresses, sign-ins, settings, rooms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from portal.services.demo.people import FAMILY, PASSWORD, STAFF, STUDENTS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
# Flask's own commands; of Flask-Migrate's the README names the one that an operator needs.
NOT_OURS = {"run", "shell", "routes"}
# What runs on until it is told to stop writes its log in JSON lines.
WITHOUT_JSON = {"worker", "serve"}
# Pages of staff to which another page leads.
STEPS = {
    *("/staff/sign-in", "/staff/enrol", "/staff/enrol/qr.svg", "/staff/factor", "/staff/password", "/staff/again"),
    *("/staff/confidentiality", "/staff/accounts/new", "/staff/campaigns/new", "/staff/students/new"),
    "/staff/register/compare",
}


def section(title: str) -> str:
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def leaves(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from leaves(command, (*path, name))
    else:
        yield " ".join(path), group


def ours(app: Flask) -> dict[str, click.Command]:
    return {name: each for name, each in leaves(app.cli) if name.split()[0] not in NOT_OURS | {"db"}}


def told() -> dict[str, str]:
    """The commands of the README's table, by name, with what it says of their options."""
    rows = [line.split("|")[1] for line in section("The command line").replace("\\|", "/").splitlines() if "|" in line]
    quoted = [text for row in rows for text in re.findall(r"`([^`]+)`", row)]
    return {m.group(): text for text in quoted if (m := re.match(r"[a-z]+(?: [a-z]+)?(?= |$)", text))}


def test_every_command_stands_in_the_readme_and_no_other(sqlite_app: Flask) -> None:
    named, there = set(told()) - {"db upgrade"}, set(ours(sqlite_app))
    assert there - named == set(), "say in the README's table what they do"
    assert named - there == set(), "there are no such commands any more"


def test_every_option_the_readme_names_is_one(sqlite_app: Flask) -> None:
    for name, text in told().items():
        command = ours(sqlite_app).get(name)
        if command is not None:
            known = {option for each in command.params for option in each.opts}
            assert set(re.findall(r"--[a-z-]+", text)) <= known, name


def test_every_command_that_ends_prints_json_for_scripts(sqlite_app: Flask) -> None:
    without = {name for name, each in ours(sqlite_app).items() if not any("--json" in p.opts for p in each.params)}
    assert without == WITHOUT_JSON


def test_its_addresses_are_routes(sqlite_app: Flask) -> None:
    routes = {re.sub(r"<[^>]+>", "<lang>", str(rule)) for rule in sqlite_app.url_map.iter_rules()}
    named = {address for address in re.findall(r"`(/[^`]*)`", README) if "…" not in address}
    assert {"/", "/staff/", "/healthz", "/readyz", "/dev/mail", "/dev/code"} <= named <= routes
    staff = {str(rule) for rule in sqlite_app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    begins = {page for page in staff if page.startswith("/staff") and "<" not in page} - STEPS
    assert begins <= named, "a page where work of staff begins stands in the table, or is a step of one that does"


def test_its_sign_ins_are_those_of_the_demonstration() -> None:
    text = section("Signing in to the demonstration")
    assert f"`{PASSWORD}`" in text
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [each.username for each in STAFF]
    assert set(re.findall(r"`(\S+@\S+)`", text)) <= {each.email for each in STUDENTS}
    assert sum(each.email == FAMILY for each in STUDENTS) == 3, "three people share it"


def test_every_setting_is_explained() -> None:
    read = set(re.findall(r"""(?:env|environment)\.get\("([A-Z_]+)\"""", (ROOT / "config.py").read_text()))
    explained = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)*)`", section("Settings")))
    assert read - explained == {"FLASK_DEBUG"}, "explain it in the table; FLASK_DEBUG is Flask's own"
    assert explained <= read


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:portal|docs|tests|translations)/[\w./-]*)`", README))))
def test_what_it_points_to_is_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_room_is_in_the_tour() -> None:
    rooms = {each.parent.name for each in (ROOT / "portal").glob("*/__init__.py")}
    assert rooms <= set(re.findall(r"`portal/(\w+)/`", section("A tour of the rooms")))


def test_its_make_targets_are_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^|PORT=\d+ )make ([a-z]+)\b", README, re.MULTILINE)) <= targets
