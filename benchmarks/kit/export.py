"""A made-up export of a school's administration, as large as wanted, in the form that the shipped mapping reads."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

from openpyxl import Workbook

from benchmarks.kit.school import GIVEN, family_name
from portal.services.demo.export import (
    AANWEZIGHEID,
    CURSISTEN,
    ONTHEFFINGEN,
    SCHERMAFBEELDINGEN,
    TOESTEMMINGEN,
    TRAJECTEN,
    VERSTREKKINGEN,
    account_number,
)

LESSONS = 5
EMPTY = {
    "ontheffingen": ONTHEFFINGEN,
    "toestemmingen": TOESTEMMINGEN,
    "verstrekkingen": VERSTREKKINGEN,
    "schermafbeeldingen": SCHERMAFBEELDINGEN,
}
EXAMS = ("Cursistnummer", "Onderdeel", "Datum", "Uitslag", "Cijfer")
BRANCHES = ("Alkmaar", "Hoorn", "Langedijk", "Den Helder")


def write_export(folder: Path, students: int, today: date) -> None:
    """Writes the files, a line at a time."""
    lessons = ((number, today - timedelta(days=7 * week)) for number in range(students) for week in range(LESSONS))
    people = zip(range(students), citizen_numbers(), strict=False)
    _csv(folder / "cursisten.csv", CURSISTEN, (_student(number, citizen) for number, citizen in people))
    _csv(folder / "trajecten.csv", TRAJECTEN, (_programme(number, today) for number in range(students)))
    _csv(folder / "aanwezigheid.csv", AANWEZIGHEID, (_lesson(number, day) for number, day in lessons))
    for name, headings in EMPTY.items():
        _csv(folder / f"{name}.csv", headings, iter(()))
    book = Workbook()
    book.active.append(EXAMS)
    book.save(folder / "examens.xlsx")


def citizen_numbers() -> Iterator[str]:
    """Numbers that pass the eleven test, from a range that is given to nobody, over and over."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    good = [
        str(number)
        for number in range(999_900_000, 999_910_000)
        if sum(int(digit) * weight for digit, weight in zip(str(number), weights, strict=True)) % 11 == 0
    ]
    while True:
        yield from good


def _csv(path: Path, headings: str, rows: Iterator[Sequence[str]]) -> None:
    with path.open("w", encoding="cp1252", errors="replace", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(headings.split(";"))
        writer.writerows(rows)


def _student(number: int, citizen: str) -> list[str]:
    name, given = family_name(number), GIVEN[number % len(GIVEN)].title()
    born = f"{1 + number % 28:02}-{1 + number % 12:02}-{1960 + number % 45}"
    return [
        *(f"C{1_000_000 + number}", name, "", given, "H.", "", "V", born, "Homs", "Syrische", citizen),
        *(f"Kerkplein {1 + number % 300}", "1811 AB", "Alkmaar", f"student{number}@example.org"),
        *(f"06 {10_000_000 + number % 80_000_000}", account_number(number), "onbepaalde tijd", "01-01-2030"),
        *(("nl", "ar", "ti", "uk")[number % 4], BRANCHES[number % 4]),
    ]


def _programme(number: int, today: date) -> list[str]:
    began = today - timedelta(days=200)
    return [
        *(f"C{1_000_000 + number}", f"T{number:06}", "Inburgering B1-route", "inburgeringsplicht", "ja", "A1", "3"),
        *(f"{began:%d-%m-%Y}", "", "Gemeente Alkmaar", "ALK-01", "ma/wo 09:00-11:30", "4500,00", "DUO-lening", "40"),
        *("nee", "middelbaar", "9", ""),
    ]


def _lesson(number: int, day: date) -> list[str]:
    return [f"C{1_000_000 + number}", f"T{number:06}", f"{day:%d-%m-%Y}", "aanwezig", "", ""]
