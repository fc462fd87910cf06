"""The copy of somebody's data as one file: the letter, a page to read, tables, the data for computers, pictures.

Everything in it reads without a network. What the reader's level does not show is left out before it comes here.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from portal.domain.sheets import quoted
from portal.i18n import MASTER, N_, TONGUES, speaker
from portal.letters import wording
from portal.letters.export import export_page, page_of
from portal.letters.render import Reader
from portal.policy.model import Policy

Json = Any
Part = tuple[str, bytes]
SCHEMA = Path(__file__).resolve().parent.parent / "static" / "export-schema.json"
READ_ME, LETTER, PAGE, DATA, SCHEMA_NAME = (
    "lees-mij.html",
    "antwoord.pdf",
    "gegevens.html",
    "gegevens.json",
    "schema.json",
)
TABLES, PICTURES, FOUND = "tabellen", "fotos", "gevonden"
ENDINGS = {"image/png": "png", "image/jpeg": "jpg"}
COLUMNS = (
    N_("Soort"),
    N_("Nummer"),
    N_("Gegeven"),
    N_("Inhoud"),
    N_("Van wie"),
    N_("Waarvoor"),
    N_("Gegeven aan"),
    N_("Bewaard tot en met"),
)


def parts_of(document: Json, letter: bytes | None, language: str, policy: Policy) -> Iterator[list[Part]]:
    """The files of the package, a step of the work at a time. `document` as `readable_at` left it.

    The page holds its pictures itself; the data name the files beside them.
    """
    reader = Reader(speaker(language if language in TONGUES else MASTER), policy)
    yield [(LETTER, letter)] if letter else []
    yield [(PAGE, export_page(document, language, policy).encode())]
    pictures, named = taken_out(document)
    data = json.dumps({**named, "$schema": SCHEMA_NAME}, ensure_ascii=False, indent=2, sort_keys=True).encode()
    yield [(DATA, data), (SCHEMA_NAME, SCHEMA.read_bytes())]
    tables = list(tables_of(document, reader))
    yield tables
    yield pictures
    say = reader.speaker.gettext
    labels = {_table_name(group): say(group["label"]) for group in document["groups"]}
    names = {name: labels.get(name, "") for name, _ in (*tables, *pictures)}
    read_me = page_of(
        "letters/read_me.html",
        reader,
        document=document,
        names=names,
        letter=bool(letter),
        PAGE=PAGE,
        LETTER=LETTER,
        DATA=DATA,
        SCHEMA=SCHEMA_NAME,
    )
    yield [(READ_ME, read_me.encode())]


STEPS = 6  # that `parts_of` yields


def zipped(parts: Iterable[Part], on: date) -> bytes:
    """One ZIP file; the same parts and day make the same bytes."""
    out = io.BytesIO()
    moment = (on.year, on.month, on.day, 0, 0, 0)
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts:
            entry = zipfile.ZipInfo(name, moment)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith((".png", ".jpg")) else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()


def taken_out(document: Json) -> tuple[list[Part], Json]:
    """The pictures as files, and the document with their names in their place."""
    named = deepcopy(document)
    parts: list[Part] = []
    for group in named["groups"]:
        for dataset in group["datasets"]:
            for record in dataset["records"]:
                for value in record["values"]:
                    if "file" in value:
                        value["file"] = _named(value["file"], PICTURES, parts)
    for search in named.get("searches", ()):
        for page in search.get("pages", ()):
            if "file" in page:
                page["file"] = _named(page["file"], FOUND, parts)
    return parts, named


def _named(file: Json, folder: str, parts: list[Part]) -> Json:
    count = sum(name.startswith(f"{folder}/") for name, _ in parts) + 1
    name = f"{folder}/{count:03}.{ENDINGS[file['media_type']]}"
    parts.append((name, base64.b64decode(file["base64"])))
    return {"media_type": file["media_type"], "name": name}


# --- tables ----------------------------------------------------------------------------------------------------------


def tables_of(document: Json, reader: Reader) -> Iterator[Part]:
    """A table a group, as spreadsheets here read them: UTF-8 with a mark, semicolons, no cell that is a formula."""
    for group in document["groups"]:
        rows = list(_rows(group, reader))
        if rows:
            yield _table_name(group), table([_heads(reader), *rows])


def _table_name(group: Json) -> str:
    return f"{TABLES}/{group['number']:02}-{group['code']}.csv"


def table(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([quoted(cell.replace("\0", "\ufffd")) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _heads(reader: Reader) -> list[str]:
    return [reader.speaker.gettext(each) for each in COLUMNS]


def _rows(group: Json, reader: Reader) -> Iterator[list[str]]:
    say, policy = reader.speaker.gettext, reader.policy
    for dataset in group["datasets"]:
        for number, record in enumerate(dataset["records"], start=1):
            for value in record["values"]:
                uses = [policy.activities[code].label for code in value["activities"] if code in policy.activities]
                given = [policy.recipients[code].name for code in value["recipients"] if code in policy.recipients]
                yield [
                    say(dataset["label"]),
                    str(number),
                    say(value["label"]),
                    _content(dataset["code"], value, reader),
                    say(wording.SOURCES[value["source"]]),
                    reader.speaker.comma.join(say(each) for each in uses),
                    reader.speaker.comma.join(say(each) for each in given),
                    value["kept_until"] or "",
                ]


def _content(dataset: str, value: Json, reader: Reader) -> str:
    say = reader.speaker.gettext
    if "withheld" in value:
        return say(wording.PRIVATE)
    if "file" in value:
        return say(wording.SEE_PICTURES)
    if "note" in value:
        return say(wording.NOTES[value["note"]])
    return reader.any(dataset, value["code"], value["value"])
