"""Importing an export against the sum of what nobody can leave out, on the same rows: reading the files, the validating
libraries, sealing, and executemany. And whether memory grows with the export. BENCH_IMPORT=1000,100000 names the sizes.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
from datetime import date
from pathlib import Path

import phonenumbers
from click.testing import Result
from email_validator import validate_email
from stdnum import iban
from stdnum.nl import bsn, postcode

from benchmarks.kit.again import Again
from benchmarks.kit.estate import estate
from benchmarks.kit.export import write_export
from benchmarks.kit.meter import own_cpu
from benchmarks.kit.telling import sizes, tell, tell_bar

BAR, FLAT = 1.5, 1.15
MEASURED_HERE = "BENCH_IMPORT_HERE"  # names the size to import in this very process


def main() -> None:
    if here := os.environ.get(MEASURED_HERE):
        measure_here(int(here))
        return
    peaks = {}
    for size in sizes("BENCH_IMPORT", (300, 1_500)):
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.intake"],
            env={**os.environ, MEASURED_HERE: str(size)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        *lines, peak = said.splitlines()
        print("\n".join(lines), flush=True)
        peaks[size] = float(peak)
    smallest, *larger = peaks
    tell("intake", "peak memory, MiB", engine="sqlite", students=smallest, mib=round(peaks[smallest]))
    for size in larger:
        figures = {"engine": "sqlite", "students": size, "mib": round(peaks[size])}
        tell_bar("intake", "peak memory, MiB", peaks[size] / peaks[smallest], most=FLAT, **figures)


def measure_here(students: int) -> None:
    """One import in a process of its own, so that its peak is its own; the last line is the peak."""
    with estate("sqlite") as place, estate("sqlite") as beside:
        folder = place.folder / "export"
        (folder / "schermafbeeldingen").mkdir(parents=True)
        write_export(folder, students, place.app.extensions["clock"].today())
        said: list[Result] = []
        command = ["students", "import", str(folder)]
        spent = own_cpu(lambda: said.append(place.app.test_cli_runner().invoke(args=command)))
        assert said[0].exit_code == 0, said[0].output
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        parts = {"reading": own_cpu(lambda: read(folder)), "validating": own_cpu(lambda: validate(folder))}
        written = Again(place, beside)
        written.write()
        parts |= written.spent
    for name, seconds in parts.items():
        tell("intake", f"of it: {name}", engine="sqlite", students=students, ms=round(seconds * 1000))
    figures = {"engine": "sqlite", "students": students, "ms": round(spent * 1000), "rows": written.records}
    tell_bar("intake", "import", spent / sum(parts.values()), most=BAR, **figures)
    print(peak)


def read(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        with path.open(encoding="cp1252", newline="") as file:
            for _ in csv.DictReader(file, delimiter=";"):
                pass


def validate(folder: Path) -> None:
    """What the libraries take for the values that only they can check, and dates by the standard library."""
    with (folder / "cursisten.csv").open(encoding="cp1252", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            bsn.validate(row["BSN"])
            iban.validate(row["IBAN"])
            postcode.validate(row["Postcode"])
            phone = phonenumbers.parse(row["Telefoon"], "NL")
            phonenumbers.is_valid_number(phone)
            phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)
            validate_email(row["E-mail"], check_deliverability=False)
            _day(row["Geboortedatum"])
    for name, column in (("trajecten", "Startdatum"), ("aanwezigheid", "Lesdatum")):
        with (folder / f"{name}.csv").open(encoding="cp1252", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                _day(row[column])


def _day(text: str) -> date:
    day, month, year = text.split("-")
    return date(int(year), int(month), int(day))


if __name__ == "__main__":
    main()
