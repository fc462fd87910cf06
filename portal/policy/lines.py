"""Where in the text of a TOML file a key stands, so that a fault can be found with any editor."""

from __future__ import annotations

import re
from collections.abc import Mapping

HEADER = re.compile(r"\s*\[([A-Za-z0-9_.\- ]+)\]\s*(#.*)?$")
ASSIGNMENT = re.compile(r"\s*([A-Za-z0-9_\-]+)\s*=")
SYNTAX_PLACE = re.compile(r"\(at line (\d+), column \d+\)")


def line_of(key: str, places: Mapping[str, int]) -> int:
    """The line of `key` or of the nearest table around it; 0 when nothing of it stands in the text."""
    path = re.sub(r"\[\d+\].*$", "", key)
    while path:
        if path in places:
            return places[path]
        path = path.rpartition(".")[0]
    return 0


def line_of_syntax_fault(message: str) -> int:
    found = SYNTAX_PLACE.search(message)
    return int(found.group(1)) if found else 0


def places_in(text: str) -> dict[str, int]:
    """The line, from 1, of each table and key."""
    places: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = header.group(1).replace(" ", "")
            places.setdefault(table, number)
        elif assignment := ASSIGNMENT.match(line):
            places.setdefault(f"{table}.{assignment.group(1)}" if table else assignment.group(1), number)
    return places
