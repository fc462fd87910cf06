"""Every requirement of ASVS 5.0 level 1 and 2 has one row, with the test that holds it, or why there is none."""

from __future__ import annotations

import re

from config import ROOT
from tests.rules.test_threat_model import missing, named

DOCUMENT = ROOT / "docs" / "asvs.md"
# The numbers of levels 1 and 2, section by section (OWASP ASVS 5.0.0: 70 and 183).
LEVELS_1_AND_2 = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2 4.1:3 4.2:1 4.3:2 4.4:4 5.1:1
5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1
8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3
12.2:2 12.3:4 13.1:1 13.2:5 13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
17.1:1 17.2:4 17.3:2
"""
WITHOUT_A_TEST = re.compile(r"(deviation|not applicable|by review)\b")


def wanted() -> list[str]:
    sections = (pair.split(":") for pair in LEVELS_1_AND_2.split())
    return [f"{section}.{number}" for section, count in sections for number in range(1, int(count) + 1)]


def rows(text: str) -> list[tuple[str, str, str]]:
    found = [tuple(cell.strip() for cell in line.strip("| ").split("|")) for line in text.splitlines() if "|" in line]
    return [row for row in found[2:] if len(row) == 3]


def spelled_out(cell: str) -> list[str]:
    """1.2.6–1.2.8, 10.*: the requirements that a row is about."""
    found: list[str] = []
    for part in (each.strip() for each in cell.split(",")):
        if part.endswith("*"):
            found += [each for each in wanted() if each.startswith(part[:-1])]
        elif "–" in part:
            first, last = part.split("–")
            section, begin = first.rsplit(".", 1)
            found += [f"{section}.{number}" for number in range(int(begin), int(last.rsplit(".", 1)[1]) + 1)]
        else:
            found.append(part)
    return found


def test_every_requirement_of_level_one_and_two_has_exactly_one_row() -> None:
    found = [each for row in rows(DOCUMENT.read_text(encoding="utf-8")) for each in spelled_out(row[0])]
    print(f"ASVS: {len(found)} of {len(wanted())} requirements")
    assert len(wanted()) == 253
    assert sorted(found) == sorted(wanted())


def test_every_row_says_how_and_names_a_test_that_exists_or_says_why_none() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert missing(text) == []
    for requirement, how, held_by in rows(text):
        assert how, requirement
        assert named(held_by) or WITHOUT_A_TEST.match(held_by), requirement
