"""What a page is made of, and what is foreign in it: elements, attributes and addresses that no page of ours has."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from tests.security.browsing import elements, parse
from tests.security.payloads import MARK, SUM

Vocabulary = frozenset[tuple[str, str]]
ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "srcset", "ping", "xlink:href"}
STATES = {
    "rel",
    "open",
    "selected",
    "checked",
    "aria-current",
    "aria-invalid",
    "aria-describedby",
}  # which way a page stands
OURS = ("/", "https://privacy.school.example/")
WRITTEN = {"value", "title", "aria-label", "alt", "content", "placeholder", "data-value", "label", "download"}


def vocabulary(trees: Iterable[Element]) -> Vocabulary:
    """Every element with every attribute it carries."""
    return frozenset(pair for tree in trees for each in elements(tree) for pair in of(each))


def of(element: Element) -> set[tuple[str, str]]:
    return {(element.tag, ""), *((element.tag, name) for name in element.attrib)}


def foreign(tree: Element, known: Vocabulary) -> list[str]:
    """What is not ours in a page, one line each."""
    found = []
    for each in elements(tree):
        found += [f"<{tag} {name}>" for tag, name in of(each) - known if name not in STATES]
        for name, value in each.attrib.items():
            short = value.strip().casefold()
            if name.startswith("on") or name == "style":
                found.append(f"<{each.tag}> has {name}")
            if name in ADDRESSES and short.startswith(("javascript:", "data:", "vbscript:", "//")):
                found.append(f"<{each.tag} {name}={value[:60]!r}>")
            if MARK in value and name not in WRITTEN and not (name in ADDRESSES and short.startswith(OURS)):
                found.append(f"<{each.tag} {name}={value[:60]!r}> holds what was typed")
        if each.tag in {"script", "style"} and "".join(each.itertext()).strip():
            found.append(f"<{each.tag}> holds code")
    said = "".join(tree.itertext())
    if str(SUM) in said or "mappingproxy" in said or "<class '" in said:
        found.append("template syntax was worked out")
    return found


def foreign_in(html: str, known: Vocabulary) -> list[str]:
    return foreign(parse(html), known)
