"""Small exports written by code, in any encoding, delimiter and line end, and pictures good and bad."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
from PIL import Image

from portal.intake.mapping import ExportMapping, shipped_mapping
from portal.intake.reader import ExportReader, Row, read_export
from portal.intake.report import Finding, PastTerm
from portal.policy.loader import load_policy
from portal.policy.model import Field, Policy

TODAY = date(2026, 11, 23)
POLICY_FILE = Path(__file__).parents[2] / "portal/policy/jar_opleidingen.toml"

HEADERS = {
    "cursisten.csv": (
        "Cursistnummer;Achternaam;Tussenvoegsel;Voornamen;Voorletters;Titel;Geslacht;Geboortedatum;Geboorteplaats;"
        "Nationaliteit;BSN;Adres;Postcode;Woonplaats;E-mail;Telefoon;IBAN;Verblijfsvergunning;Vergunning geldig tot;"
        "Voorkeurstaal;Vestiging"
    ),
    "trajecten.csv": (
        "Cursistnummer;Trajectnummer;Opleiding;Doel;Inburgeringsplichtig;Niveau intake;Leerprofiel;Startdatum;"
        "Einddatum;Opdrachtgever;Groep;Lestijden;Kosten;Betaalwijze;Verblijfsduur NL (maanden);Voorinburgering AZC;"
        "Opleiding land van herkomst;Jaren scholing;Werkervaring"
    ),
    "aanwezigheid.csv": "Cursistnummer;Trajectnummer;Lesdatum;Status;Reden;Opmerking",
    "ontheffingen.csv": "Cursistnummer;Soort ontheffing;Datum aanvraag;Besluit;Medisch adviseur",
    "toestemmingen.csv": "Cursistnummer;Waarvoor;Datum;Versie reglement;Bewijs",
    "verstrekkingen.csv": "Cursistnummer;Aan;Datum;Wat",
    "schermafbeeldingen.csv": "Bestand;Lesdatum;Groep;Cursistnummers",
}
EXAM_HEADER = ("Cursistnummer", "Onderdeel", "Datum", "Uitslag", "Cijfer")


@cache
def policy() -> Policy:
    return load_policy(POLICY_FILE)


@cache
def mapping() -> ExportMapping:
    return shipped_mapping(policy())


def field(dataset: str, code: str) -> Field:
    return policy().field(dataset, code)


def person(number: str = "C1", **changes: str) -> list[str]:
    """The cells of a good student line; `changes` by column, with "_" for what a name cannot hold."""
    cells = dict(
        zip(
            HEADERS["cursisten.csv"].split(";"),
            (
                f"{number};Öztürk;;Ayşe;A.;;V;00-00-1985;Izmir;Turkse;999900006;Kerkplein 24-II;1060ab;Alkmaar;"
                "A.Ozturk@EXAMPLE.org;0031 (0)610000008;NL69 TEST 0000 0000 01;asiel bepaalde tijd;28-07-2029;tr;Hoorn"
            ).split(";"),
            strict=True,
        )
    )
    return list((cells | changes).values())


def programme(
    number: str = "C1", code: str = "T1", start: str = "01-02-2025", end: str = "", cost: str = "5489,00"
) -> list[str]:
    return (
        f"{number};{code};Inburgering B1-route;werk;ja;A1-;5;{start};{end};werkgever;HOO-08;di/do 19:00-21:30;{cost};"
        "DUO-lening;76;;basisschool;11;kok".split(";")
    )


def write_csv(
    path: Path,
    header: str,
    rows: Sequence[Sequence[str]],
    *,
    encoding: str = "utf-8",
    delimiter: str = ";",
    end: str = "\r\n",
) -> None:
    import csv

    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerows([header.split(";"), *rows])
    path.write_bytes(text.getvalue().encode(encoding))


def write_xlsx(path: Path, rows: Sequence[Sequence[object]], header: Sequence[str] = EXAM_HEADER) -> None:
    book = openpyxl.Workbook()
    for row in (header, *rows):
        book.active.append(list(row))
    book.save(path)


def write_export(folder: Path, exams: Sequence[Sequence[object]] = (), **rows: Sequence[Sequence[str]]) -> Path:
    """A whole export; `rows` by file name without ending. One good student with a running programme by default."""
    folder.mkdir(exist_ok=True)
    (folder / "schermafbeeldingen").mkdir(exist_ok=True)
    rows = {"cursisten": [person()], "trajecten": [programme()], **rows}
    for name, header in HEADERS.items():
        write_csv(folder / name, header, rows.get(name.removesuffix(".csv"), ()))
    write_xlsx(folder / "examens.xlsx", exams)
    return folder


def as_zip(folder: Path, top: str = "") -> bytes:
    """The folder as an office packs it: with the folder itself on `top`, or without."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{top}{file.relative_to(folder)}")
    return out.getvalue()


def read(folder: Path, **options: object) -> tuple[list[Row], list[Finding], list[PastTerm], ExportReader]:
    reader = read_export(folder, mapping(), policy(), TODAY, **options)  # type: ignore[arg-type]
    items = list(reader)
    return (
        [item for item in items if isinstance(item, Row)],
        [item for item in items if isinstance(item, Finding)],
        [item for item in items if isinstance(item, PastTerm)],
        reader,
    )


def picture(kind: str = "PNG", size: tuple[int, int] = (20, 10), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(body, zlib.crc32(kind)).to_bytes(4)
