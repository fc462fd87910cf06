"""Who may import whom. import-linter holds the rooms (pyproject.toml); what it cannot see is held here."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from config import ROOT
from tests.rules.test_house import normal, tracked

OF_A_REQUEST = {"request", "session", "current_user", "flash", "g", "login_user", "logout_user"}
# Who may call the others.
ENTRANCES = {"web", "cli", "commands.py", "jobs.py", "runners", "__init__.py", "extensions.py", "logs.py"}


@cache
def imports(source: str) -> frozenset[tuple[str, str]]:
    """(module, name) of every import, wherever it stands."""
    found: set[tuple[str, str]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {(node.module, alias.name) for alias in node.names}
    return frozenset(found)


def of_a_request(source: str) -> set[str]:
    return {name for module, name in imports(source) if module in {"flask", "flask_login"} and name in OF_A_REQUEST}


def modules() -> list[Path]:
    return [path for path in tracked("portal/*.py") if "migrations" not in path.parts]


def test_nothing_below_the_web_knows_of_a_request():
    below = [path for path in modules() if path.relative_to(ROOT / "portal").parts[0] not in ENTRANCES]
    assert len(below) > 80
    faults = {str(path.relative_to(ROOT)): found for path in below if (found := of_a_request(path.read_text("utf-8")))}
    assert not faults, f"pass what it needs as an argument: {faults}"


def test_every_room_stands_in_the_contracts():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    first = next(contract for contract in contracts if contract["source_modules"] == ["portal.domain"])
    known = {name.removeprefix("portal.") for name in [*first["forbidden_modules"], "domain"]}
    rooms = {path.relative_to(ROOT / "portal").parts[0].removesuffix(".py") for path in modules()} - {"__init__"}
    assert rooms <= known, f"add to the lists of [tool.importlinter]: {rooms - known}"


def test_every_library_that_is_imported_is_asked_for_by_name():
    distributions = packages_distributions()
    wanted = {
        normal(line.split("[")[0].split(">")[0].split("<")[0].split("=")[0].strip())
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    used = {module.split(".")[0] for path in modules() for module, _ in imports(path.read_text("utf-8"))}
    outside = used - set(sys.stdlib_module_names) - {"portal", "config", "__future__"}
    of_flask = {"werkzeug", "jinja2", "markupsafe", "click", "babel", "alembic", "wtforms"}
    of_weasyprint = {"pydyf", "fontTools"}
    missing = {
        name
        for name in outside - of_flask - of_weasyprint
        if not {normal(package) for package in distributions.get(name, [])} & wanted
    }
    assert not missing, f"add to requirements.in and run make lock: {missing}"


def test_the_detectors_find_planted_faults():
    assert of_a_request("def f():\n    from flask import request\n") == {"request"}
    assert of_a_request("from flask_login import current_user as user") == {"current_user"}
    assert not of_a_request("from flask import current_app")
    assert imports("import a.b\nfrom c import d") == {("a.b", ""), ("c", "d")}
