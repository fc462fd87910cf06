"""Rules of the house that a machine can hold; each message says the fix."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from config import ROOT

MODULE_LINES, TEST_LINES = 400, 500
TARGETS = {"run", "setup", "test", "check", "bench", "proof", "lock", "sbom"}
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
REGISTRY = re.compile(r"https?://[^\s\"']*(?:pypi|pythonhosted|npmjs|artifactory|nexus)[^\s\"']*", re.IGNORECASE)
LOCKED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]+\])?==[^\n]+\\$", re.IGNORECASE | re.MULTILINE)


def tracked(*patterns: str) -> list[Path]:
    """The files that git keeps, or will once they are added."""
    found = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = sorted(set(found.stdout.decode().split("\0")) - {""})
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def too_long(paths: list[Path], most: int) -> dict[str, int]:
    counts = {str(path.relative_to(ROOT)): len(text_of(path).splitlines()) for path in paths}
    return {name: lines for name, lines in counts.items() if lines > most}


def test_no_module_outgrows_its_name():
    modules = [path for path in tracked("portal/*.py", "config.py") if "versions" not in path.parts]
    assert len(modules) > 100
    assert not too_long(modules, MODULE_LINES), "split it by what it does; its name says how"
    assert not too_long(tracked("tests/*.py"), TEST_LINES), "split it by what it tries"


def test_no_module_is_a_drawer():
    names = {path.name for path in tracked("*.py")}
    assert not names & {"utils.py", "helpers.py", "misc.py", "common.py"}, "name the module for what it holds"


def test_no_file_names_this_machine_or_a_registry():
    for path in tracked():
        text = text_of(path)
        if path == Path(__file__):
            continue
        assert not MACHINE.search(text), f"{path.name} holds a path of somebody's machine"
        assert not REGISTRY.search(text), f"{path.name} holds the address of a package registry"


@pytest.mark.parametrize("name", ["requirements", "requirements-check", "requirements-dev"])
def test_every_locked_package_has_hashes_and_stands_in_the_lock_of_its_list(name: str):
    lock = (ROOT / f"{name}.lock").read_text()
    packages = LOCKED.findall(lock)
    assert len(packages) > 30
    blocks = re.split(r"\n(?=[a-z0-9])", lock, flags=re.IGNORECASE)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    locked = {normal(package) for package in packages}
    wanted = re.findall(
        r"^([a-z0-9][a-z0-9._-]*)", (ROOT / f"{name}.in").read_text(), flags=re.IGNORECASE | re.MULTILINE
    )
    missing = {normal(package) for package in wanted} - locked
    assert not missing, f"run make lock: {missing}"


def normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


@pytest.mark.slow
def test_the_bill_of_materials_names_every_locked_package():
    subprocess.run(["make", "--silent", "-o", "dev", "sbom"], cwd=ROOT, check=True, timeout=120)
    bill = json.loads((ROOT / "artefacts" / "sbom.json").read_text())
    locked = {normal(package) for package in LOCKED.findall((ROOT / "requirements.lock").read_text())}
    assert bill["bomFormat"] == "CycloneDX"
    assert {normal(each["name"]) for each in bill["components"]} == locked
    assert all(each["version"] and each["externalReferences"][0]["hashes"] for each in bill["components"])


def test_the_makefile_has_every_promised_target():
    makefile = (ROOT / "Makefile").read_text()
    assert set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE)) >= TARGETS


def test_the_fast_part_leaves_out_whole_rooms_and_files_by_name():
    """The Makefile finds them by these words; `make test` takes every file of every room."""
    makefile = (ROOT / "Makefile").read_text()
    left_out = re.findall(r"^WHOLE_HOUSE := (.+)$", makefile, flags=re.MULTILINE)
    assert {room for room in left_out[0].split() if not (ROOT / "tests" / room).is_dir()} == set()
    marked = [
        path for path in tracked("tests/*.py") if re.search(r"^pytestmark\b.*\bslow\b", text_of(path), re.MULTILINE)
    ]
    wrong = [path.name for path in marked if "\npytestmark = pytest.mark.slow\n" not in text_of(path)]
    assert len(marked) > 30
    assert not wrong, "write: pytestmark = pytest.mark.slow"


def test_continuous_integration_does_what_a_person_does():
    path = ROOT / ".ci" / "run"
    assert os.access(path, os.X_OK), "chmod +x .ci/run"
    assert "make test" in path.read_text()


def test_the_readme_names_every_room():
    readme = (ROOT / "README.md").read_text()
    rooms = {path.relative_to(ROOT / "portal").parts[0] for path in tracked("portal/*/*.py")}
    missing = {room for room in rooms if f"{room}/" not in readme}
    assert not missing, f"say in README.md what these rooms are for: {missing}"


def test_every_decision_is_numbered_once_and_says_why():
    records = tracked("docs/decisions/*.md")
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers) >= 5
    for path in records:
        text = path.read_text()
        assert re.match(r"# \d{4}\. ", text), f"{path.name} begins with its number"
        assert "## Why" in text, f"{path.name} says why"


def test_the_detectors_find_planted_faults(tmp_path: Path):
    assert MACHINE.search("see /" + "work/main")
    assert not MACHINE.search("var/work/x")
    assert REGISTRY.search("https://" + "pypi.org/simple")
    assert LOCKED.findall("flask==3.1.0 \\\n    --hash=sha256:0")
    long = ROOT / "portal" / "__init__.py"
    assert too_long([long], 1)
