"""The demonstration school's export, as its student administration would write it: the real import reads it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from portal.services.demo.people import STUDENTS, Person

PERMITS = ("asiel bepaalde tijd", "regulier bepaalde tijd", "onbepaalde tijd", "tijdelijke bescherming")
STREETS = ("Kerkplein", "Dorpsstraat", "Stationsweg", "Molenlaan", "Westerkade")
TOWNS = {"Alkmaar": ("1811 AB", "Alkmaar"), "Hoorn": ("1621 CD", "Hoorn")}
COLOURS = ((38, 84, 124), (120, 60, 90), (40, 110, 80), (150, 90, 30), (70, 70, 130), (100, 50, 50))


def write_export(folder: Path, today: date) -> None:
    """All nine files, with dates that count back from today."""
    _csv(folder / "cursisten.csv", CURSISTEN, (_student(place, each, today) for place, each in enumerate(STUDENTS)))
    _csv(folder / "trajecten.csv", TRAJECTEN, (_programme(each, today) for each in STUDENTS))
    _csv(folder / "aanwezigheid.csv", AANWEZIGHEID, (row for each in STUDENTS for row in _attendance(each, today)))
    _csv(folder / "ontheffingen.csv", ONTHEFFINGEN, (_exemption(each, today) for each in STUDENTS if each.exemption))
    _csv(folder / "toestemmingen.csv", TOESTEMMINGEN, (row for each in STUDENTS for row in _consents(each, today)))
    _csv(folder / "verstrekkingen.csv", VERSTREKKINGEN, (row for each in STUDENTS for row in _disclosures(each, today)))
    _exams(folder / "examens.xlsx", today)
    _screenshots(folder, today)


CURSISTEN = (
    "Cursistnummer;Achternaam;Tussenvoegsel;Voornamen;Voorletters;Titel;Geslacht;Geboortedatum;Geboorteplaats;"
    "Nationaliteit;BSN;Adres;Postcode;Woonplaats;E-mail;Telefoon;IBAN;Verblijfsvergunning;Vergunning geldig tot;"
    "Voorkeurstaal;Vestiging"
)
TRAJECTEN = (
    "Cursistnummer;Trajectnummer;Opleiding;Doel;Inburgeringsplichtig;Niveau intake;Leerprofiel;Startdatum;Einddatum;"
    "Opdrachtgever;Groep;Lestijden;Kosten;Betaalwijze;Verblijfsduur NL (maanden);Voorinburgering AZC;"
    "Opleiding land van herkomst;Jaren scholing;Werkervaring"
)
AANWEZIGHEID = "Cursistnummer;Trajectnummer;Lesdatum;Status;Reden;Opmerking"
ONTHEFFINGEN = "Cursistnummer;Soort ontheffing;Datum aanvraag;Besluit;Medisch adviseur"
TOESTEMMINGEN = "Cursistnummer;Waarvoor;Datum;Versie reglement;Bewijs"
VERSTREKKINGEN = "Cursistnummer;Aan;Datum;Wat"
SCHERMAFBEELDINGEN = "Bestand;Lesdatum;Groep;Cursistnummers"


def _csv(path: Path, headings: str, rows: Iterable[Sequence[str]]) -> None:
    """In cp1252, as the old system writes: a letter that it lacks becomes a question mark."""
    with path.open("w", encoding="cp1252", errors="replace", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(headings.split(";"))
        writer.writerows(rows)


def _day(day: date) -> str:
    return f"{day:%d-%m-%Y}"


def citizen_number(place: int) -> str:
    """The `place`-th number from 999900000 on that passes the eleven test: a range that is given to nobody."""
    found = -1
    for number in range(999900000, 999910000):
        digits = [int(digit) for digit in str(number)]
        weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
        if sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11 == 0:
            found += 1
            if found == place:
                return str(number)
    raise LookupError(place)


def account_number(place: int) -> str:
    """An IBAN of the bank TEST, which is none, with right check digits (ISO 13616)."""
    tail = f"TEST{place + 1:010d}"
    digits = "".join(str(int(character, 36)) for character in f"{tail}NL00")
    return f"NL{98 - int(digits) % 97:02d}{tail}"


def _student(place: int, each: Person, today: date) -> list[str]:
    postcode, town = TOWNS[each.branch]
    initials = "".join(f"{name[0]}." for name in each.given.split())
    return [
        each.number,
        each.family,
        each.prefix,
        each.given,
        initials,
        "",
        each.sex,
        each.born,
        each.place,
        each.nationality,
        citizen_number(place),
        f"{STREETS[place % len(STREETS)]} {place * 7 + 3}",
        postcode,
        town,
        each.email,
        f"06 100{place:05d}",
        account_number(place),
        "" if each.nationality == "Nederlandse" else PERMITS[place % len(PERMITS)],
        "" if each.nationality == "Nederlandse" else _day(today + timedelta(days=200 + place * 30)),
        each.language,
        each.branch,
    ]


def _traject(each: Person) -> str:
    return f"T{each.number[1:]}0"


def _group(each: Person) -> str:
    return f"{each.branch[:3].upper()}-0{int(each.number[-2:]) % 3 + 1}"


def _dates(each: Person, today: date) -> tuple[date, date | None]:
    end = today - timedelta(days=each.ended) if each.ended is not None else None
    return (end or today) - timedelta(days=each.began), end


def _programme(each: Person, today: date) -> list[str]:
    place = int(each.number[-2:])
    start, end = _dates(each, today)
    return [
        each.number,
        _traject(each),
        ("Inburgering B1-route", "Inburgering Z-route", "Onderwijsroute")[place % 3],
        ("inburgeringsplicht", "naturalisatie", "werk")[place % 3],
        "ja" if place % 3 == 0 else "nee",
        ("A1-", "A1", "A2", "A0")[place % 4],
        str(place % 6 + 1),
        _day(start),
        _day(end) if end else "",
        f"Gemeente {each.branch}" if place % 2 else "cursist zelf",
        _group(each),
        "ma/wo 09:00-11:30",
        f"{2400 + place * 120},50",
        ("DUO-lening", "factuur gemeente", "incasso", "factuur")[place % 4],
        str(12 + place),
        "ja" if place % 4 == 0 else "nee",
        ("geen", "basisschool", "middelbaar", "beroepsopleiding", "universiteit")[place % 5],
        str(place % 14 + 2),
        ("", "kapper", "verpleegkundige", "timmerman", "")[place % 5],
    ]


def _attendance(each: Person, today: date) -> list[list[str]]:
    _, end = _dates(each, today)
    rows = []
    for number in range(8):
        day = (end or today) - timedelta(days=3 + number * 7)
        away = (int(each.number[-2:]) + number) % 7 == 0
        reason = ("vakantie", "ziekte")[number % 2] if away else ""
        remark = "hoge bloeddruk, moest rusten" if each.number == "C90014" and reason == "ziekte" else ""
        rows.append([each.number, _traject(each), _day(day), "afwezig" if away else "aanwezig", reason, remark])
    return rows


def _exemption(each: Person, today: date) -> list[str]:
    adviser = "Argonaut" if each.exemption == "medisch" else ""
    return [each.number, each.exemption, _day(today - timedelta(days=160)), "in behandeling", adviser]


def _consents(each: Person, today: date) -> list[list[str]]:
    start, _ = _dates(each, today)
    signed = [each.number, "cursusovereenkomst en privacyreglement", _day(start), "5.0", "overeenkomst, ondertekend"]
    rows = [signed]
    if each.diploma_consent:
        rows.append([each.number, "diplomawaardering", _day(start), "5.0", "formulier"])
    if each.exemption == "medisch":
        rows.append([each.number, "medisch advies ontheffing", _day(start), "5.0", "formulier"])
    return rows


def _disclosures(each: Person, today: date) -> list[list[str]]:
    start, _ = _dates(each, today)
    rows = [[each.number, "DUO", _day(start + timedelta(days=20)), "aanmelding examen: BSN, naam, geboortedatum"]]
    if int(each.number[-2:]) % 2:
        rows.append([each.number, "Gemeente", _day(start + timedelta(days=60)), "voortgang en aanwezigheid"])
    if each.diploma_consent:
        rows.append([each.number, "IDW", _day(start + timedelta(days=30)), "diploma en vertaling"])
    return rows


def _exams(path: Path, today: date) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Examens"
    sheet.append(["Cursistnummer", "Onderdeel", "Datum", "Uitslag", "Cijfer"])
    for each in STUDENTS:
        place = int(each.number[-2:])
        _, end = _dates(each, today)
        for number, part in enumerate(("Lezen", "Luisteren", "Spreken")[: place % 3 + 1]):
            day = (end or today) - timedelta(days=30 + number * 25)
            mark = (place + number * 3) % 5 + 4
            sheet.append([each.number, part, day, "geslaagd" if mark > 5 else "gezakt", mark])
    book.save(path)


def _screenshots(folder: Path, today: date) -> None:
    """One picture of an online lesson a group, with a tile and initials for each who took part."""
    pictures = folder / "schermafbeeldingen"
    pictures.mkdir()
    groups: dict[str, list[Person]] = {}
    for each in STUDENTS:
        if each.ended is None:
            groups.setdefault(_group(each), []).append(each)
    rows = []
    for number, (group, people) in enumerate(sorted(groups.items())):
        day = today - timedelta(days=10 + number)
        name = f"les_{day:%Y%m%d}_{group}.png"
        _picture(pictures / name, group, people)
        rows.append([name, _day(day), group, ",".join(each.number for each in people)])
    _csv(folder / "schermafbeeldingen.csv", SCHERMAFBEELDINGEN, rows)


def _picture(path: Path, group: str, people: Sequence[Person]) -> None:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (480, 270), (24, 26, 30))
    draw = ImageDraw.Draw(picture)
    font, small = ImageFont.load_default(26), ImageFont.load_default(13)
    for place, each in enumerate(people[:6]):
        left, top = 10 + place % 3 * 156, 10 + place // 3 * 120
        draw.rounded_rectangle((left, top, left + 146, top + 110), 8, fill=COLOURS[place])
        draw.text((left + 73, top + 46), f"{each.given[0]}{each.family[0]}", font=font, fill="white", anchor="mm")
        draw.text((left + 73, top + 96), each.given, font=small, fill="white", anchor="mm")
    draw.text((470, 262), group, font=small, fill=(170, 170, 170), anchor="rs")
    picture.save(path, optimize=True)
