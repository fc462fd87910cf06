"""The threat model names the test that holds each control; every test it names is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from config import ROOT

DOCUMENT = ROOT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)(?:::(test_[a-z0-9_]+))?`")
TEST = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
ABUSES = 24  # of the list of abuse cases that the portal was planned against


def named(text: str) -> set[tuple[str, str]]:
    return set(NAMED.findall(text))


def missing(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    found = []
    for name, test in sorted(named(text)):
        path = ROOT / name
        if not path.is_file():
            found.append(name)
        elif test and test not in functions(path):
            found.append(f"{name}::{test}")
    return found


@cache
def functions(path: Path) -> frozenset[str]:
    """The tests of a file."""
    return frozenset(TEST.findall(path.read_text(encoding="utf-8")))


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    part = text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_test_that_the_threat_model_names_is_there() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert missing(text) == []
    print(f"threat model: {len(named(text))} tests named, all there")
    assert len(named(text)) > 60


def test_every_abuse_case_has_a_control_and_a_test() -> None:
    cases = rows(DOCUMENT.read_text(encoding="utf-8"), "Abuse cases")
    assert len(cases) >= ABUSES
    for case, control, held_by in cases:
        assert control, case
        assert NAMED.search(held_by), case


def test_every_row_of_the_asvs_table_has_a_test_or_says_why_none() -> None:
    chapters = rows(DOCUMENT.read_text(encoding="utf-8"), "OWASP ASVS 5.0, level 2")
    assert {re.split(r"[. ]", cell[0])[0] for cell in chapters} >= {f"V{number}" for number in range(1, 18)}
    for group, rule, held_by in chapters:
        assert rule, group
        assert NAMED.search(held_by) or re.match(r"(deviation|not applicable|by review)\b", held_by), group


def test_a_name_of_a_test_that_is_not_there_is_noticed() -> None:
    here = "tests/rules/test_threat_model.py"
    assert missing(f"`{here}::test_no_such_test`") == [f"{here}::test_no_such_test"]
    assert missing("`tests/rules/test_nowhere.py`") == ["tests/rules/test_nowhere.py"]
    assert missing(f"`{here}::test_a_name_of_a_test_that_is_not_there_is_noticed`") == []
