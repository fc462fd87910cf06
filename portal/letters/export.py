"""The copy of the data as its reader may have it: values left out below their level, and a page that reads offline."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from portal.domain.vocabulary import Level
from portal.i18n import MASTER, TONGUES, speaker
from portal.letters.render import Reader, environment
from portal.policy.model import Policy

Json = Any
STYLE = Path(__file__).with_name("export.css")
WITHHELD = "level"  # the reason of a value that waits for a higher level of identity
OF_STAFF = "not_for_staff"


def readable_at(document: Json, level: Level, by_staff: bool = False) -> Json:
    """The document with the values that this level does not show left out, each marked `withheld`.

    A copy that staff hand over by hand also lacks what is hidden from staff or restricted.
    """
    return {**document, "groups": [_group(group, level, by_staff) for group in document["groups"]]}


def _group(group: Json, level: Level, by_staff: bool) -> Json:
    datasets = [
        {
            **dataset,
            "records": [
                {**record, "values": [_value(value, level, by_staff) for value in record["values"]]}
                for record in dataset["records"]
            ],
        }
        for dataset in group["datasets"]
    ]
    return {**group, "datasets": datasets}


def _value(value: Json, level: Level, by_staff: bool) -> Json:
    withheld = ""
    if value["level"] > level:
        withheld = WITHHELD
    elif by_staff and (value["hidden_from_staff"] or value["restricted"]):
        withheld = OF_STAFF
    if not withheld:
        return value
    left = {key: part for key, part in value.items() if key != "file"}
    return {**left, "value": None, "text": "", "withheld": withheld}


def withholds(document: Json) -> bool:
    return any("withheld" in value for value in values_of(document))


def values_of(document: Json) -> Iterable[Json]:
    for group in document["groups"]:
        for dataset in group["datasets"]:
            for record in dataset["records"]:
                yield from record["values"]


def export_page(document: Json, language: str, policy: Policy) -> str:
    """The whole page, in one file without any address that a browser would fetch."""
    reader = Reader(speaker(language if language in TONGUES else MASTER), policy)
    return page_of("letters/export.html", reader, document=document, withholds=withholds(document), policy=policy)


def page_of(template: str, reader: Reader, **context: Any) -> str:
    """A whole page in one file, with its few rules of style inside."""
    return environment().get_template(template).render(context, reader=reader, style=_style())


@cache
def _style() -> str:
    """Our own few rules; no character in them that escaping would change."""
    return STYLE.read_text(encoding="utf-8")
