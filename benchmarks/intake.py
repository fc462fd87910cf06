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
from email_validator import validate_email
from sqlalchemy import insert, select
from stdnum import iban
from stdnum.nl import bsn, postcode
from uuid_utils.compat import uuid7

from benchmarks.kit.estate import Estate, estate
from benchmarks.kit.export import write_export
from benchmarks.kit.meter import own_cpu
from benchmarks.kit.telling import sizes, tell, tell_bar
from portal.domain.permissions import SYSTEM
from portal.records.db import begin_write, db
from portal.records.tables.people import Record, Student
from portal.services.import_students import import_folder
from portal.vault.envelope import Holder, Place
from portal.vault.tables import data_key, lookup
from portal.vault.vault import Key, Vault, key_binding

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
    with estate("sqlite") as place:
        folder = place.folder / "export"
        (folder / "schermafbeeldingen").mkdir(parents=True)
        clock = place.app.extensions["clock"]
        rows = write_export(folder, students, clock.today())
        with place.app.app_context():
            spent = own_cpu(lambda: import_folder(SYSTEM, clock, folder))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            found = db.session.execute(select(Record.id).limit(1)).first()
            db.session.rollback()
            assert found
            parts = {"reading": own_cpu(lambda: read(folder)), "validating": own_cpu(lambda: validate(folder))}
            parts |= writing(place, rows)
    for name, seconds in parts.items():
        tell("intake", f"of it: {name}", engine="sqlite", students=students, ms=round(seconds * 1000))
    figures = {"engine": "sqlite", "students": students, "ms": round(spent * 1000), "rows": len(rows)}
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
            phonenumbers.is_valid_number(phonenumbers.parse(row["Telefoon"], "NL"))
            validate_email(row["E-mail"], check_deliverability=False)
            _day(row["Geboortedatum"])
    for name, column in (("trajecten", "Startdatum"), ("aanwezigheid", "Lesdatum")):
        with (folder / f"{name}.csv").open(encoding="cp1252", newline="") as file:
            for row in csv.DictReader(file, delimiter=";"):
                _day(row[column])


def _day(text: str) -> date:
    day, month, year = text.split("-")
    return date(int(year), int(month), int(day))


def writing(place: Estate, rows: list[tuple[int, str, dict[str, str]]]) -> dict[str, float]:
    """Sealing and executemany of the same rows: students, keys, records, look-ups."""
    made: dict[str, list[dict[str, object]]] = {"student": [], "key": [], "record": [], "lookup": []}

    def seal() -> None:
        vault = Vault(db.engines["keys"], place.app.extensions["master_key"])
        keys: dict[int, tuple[Holder, Key]] = {}
        now = place.app.extensions["clock"].now()
        for student, dataset, values in rows:
            if student not in keys:
                holder, raw = Holder.student(uuid7()), os.urandom(32)
                keys[student] = holder, Key(holder, "standard", 1, raw)
                master, wrapped = place.app.extensions["master_key"].wrap(raw, key_binding(holder, "standard", 1))
                owner = {"holder_kind": holder.kind, "holder_id": holder.id, "retention": "standard"}
                made["key"].append({"id": uuid7(), **owner, "version": 1, "master_id": master, "wrapped": wrapped})
                made["student"].append({"id": holder.id, "branch_id": None, "language": "nl", "created_at": now})
                for kind in ("student_number", "email", "phone", "name", "name_2"):
                    digest = vault.digest(kind, f"{student} again")
                    made["lookup"].append({"kind": kind, "digest": digest, **owner})
            holder, key = keys[student]
            row = uuid7()
            natural = vault.digest("record", f"{student}{dataset}{sorted(values.items())}")
            content = vault.digest("import", f"{sorted(values.items())}")
            sealed = key.seal(Place("record", "sealed", row), {"values": values, "hidden": [], "imported": {}})
            made["record"].append(
                {
                    "id": row,
                    "item_id": uuid7(),
                    "student_id": holder.id,
                    "dataset": dataset,
                    "retention": "standard",
                    "natural_key": natural,
                    "import_digest": content,
                    "sealed": sealed,
                    "created_at": now,
                    "updated_at": now,
                }
            )

    def write() -> None:
        branch = db.session.execute(select(Student.branch_id).limit(1)).scalar_one()
        with db.engines["keys"].begin() as connection:
            connection.execute(insert(data_key), made["key"])
            connection.execute(insert(lookup), made["lookup"])
        begin_write()
        db.session.execute(insert(Student), [{**each, "branch_id": branch} for each in made["student"]])
        db.session.execute(insert(Record), made["record"])
        db.session.commit()

    return {"sealing": own_cpu(seal), "executemany": own_cpu(write)}


if __name__ == "__main__":
    main()
