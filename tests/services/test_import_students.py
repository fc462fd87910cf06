"""An import adds, updates, lists conflicts, and is all or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from openpyxl import Workbook
from PIL import Image
from sqlalchemy import func, insert, select

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.vocabulary import Level, Role
from portal.intake.faults import BadStructure
from portal.records import items
from portal.records.db import db
from portal.records.tables.access import Login
from portal.records.tables.people import ImportFinding, Record, SealedFile, Student, Tombstone
from portal.records.tables.proof import Audit
from portal.services import import_rows, tombstones
from portal.services.import_students import Stopped, import_folder
from portal.services.sign_in import add_login
from portal.services.unit import reading, writing
from portal.vault.envelope import Holder, Place
from tests import factories
from tests.conftest import NOW
from tests.services import backups

pytestmark = pytest.mark.slow

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "school-export"
CLOCK = FixedClock(NOW)
EXAM = datetime(2025, 6, 2)
Export = Callable[..., Path]


PERSON = (
    "Cursistnummer;Achternaam;Tussenvoegsel;Voornamen;Voorletters;Titel;Geslacht;Geboortedatum;Geboorteplaats;"
    "Nationaliteit;BSN;Adres;Postcode;Woonplaats;E-mail;Telefoon;IBAN;Verblijfsvergunning;Vergunning geldig tot;"
    "Voorkeurstaal;Vestiging"
)
PROGRAMME = (
    "Cursistnummer;Trajectnummer;Opleiding;Doel;Inburgeringsplichtig;Niveau intake;Leerprofiel;Startdatum;Einddatum;"
    "Opdrachtgever;Groep;Lestijden;Kosten;Betaalwijze;Verblijfsduur NL (maanden);Voorinburgering AZC;"
    "Opleiding land van herkomst;Jaren scholing;Werkervaring"
)
HANAN = (
    "C1;Al Hassan;;Hanan;H.;;V;00-00-1985;Damascus;Syrische;999900006;Kerkplein 24;1723 AB;Alkmaar;"
    "family@example.org;06-10000001;NL69TEST0000000001;onbepaalde tijd;11-01-2029;ar;Langedijk"
)
OMAR = (
    "C2;Al Hassan;;Omar;O.;;M;01-01-1983;Damascus;Syrische;999900018;Kerkplein 24;1723 AB;Alkmaar;"
    "family@example.org;06-10000002;NL42TEST0000000002;onbepaalde tijd;11-01-2029;ar;Langedijk"
)


def programme(number: str, ended: str = "") -> str:
    return (
        f"{number};T{number};Inburgering B1-route;werk;nee;A2;5;01-02-2025;{ended};Gemeente Alkmaar;LAN-01;"
        "ma/wo 09:00-11:30;4426,50;DUO-lening;55;nee;universiteit;7;kapper"
    )


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Writes a small export: a family of two, who stand together on one screenshot."""
    folder = tmp_path / "export"
    (folder / "schermafbeeldingen").mkdir(parents=True)
    Image.new("RGB", (64, 48), "teal").save(folder / "schermafbeeldingen" / "les.png")

    def write(
        people: tuple[str, ...] = (HANAN, OMAR), programmes: tuple[str, ...] = (programme("C1"), programme("C2"))
    ) -> Path:
        files = {
            "cursisten.csv": [PERSON, *people],
            "trajecten.csv": [PROGRAMME, *programmes],
            "aanwezigheid.csv": [
                "Cursistnummer;Trajectnummer;Lesdatum;Status;Reden;Opmerking",
                "C1;TC1;03-03-2025;afwezig;ziekte;heeft diabetes, moet naar internist",
                "C1;TC1;05-03-2025;aanwezig;;",
            ],
            "ontheffingen.csv": [
                "Cursistnummer;Soort ontheffing;Datum aanvraag;Besluit;Medisch adviseur",
                "C1;medisch;14-12-2025;in behandeling;Argonaut",
            ],
            "toestemmingen.csv": [
                "Cursistnummer;Waarvoor;Datum;Versie reglement;Bewijs",
                "C1;diplomawaardering;01-02-2025;5.0;formulier",
            ],
            "verstrekkingen.csv": ["Cursistnummer;Aan;Datum;Wat", "C1;DUO;14-12-2025;aanmelding examen"],
            "schermafbeeldingen.csv": ["Bestand;Lesdatum;Groep;Cursistnummers", "les.png;03-03-2025;LAN-01;C1,C2"],
        }
        for name, lines in files.items():
            (folder / name).write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))
        book = Workbook()
        for row in (["Cursistnummer", "Onderdeel", "Datum", "Uitslag", "Cijfer"], ["C1", "Lezen", EXAM, "geslaagd", 8]):
            book.active.append(row)
        book.save(folder / "examens.xlsx")
        return folder

    return write


def person(number: str) -> items.Item:
    with reading(SYSTEM, CLOCK) as work:
        (student_id,) = work.vault.find("student_number", number)
        return items.persons(work.session, work.vault, [student_id])[student_id]


def count(table: type) -> int:
    found = db.session.execute(select(func.count()).select_from(table)).scalar_one()
    db.session.rollback()
    return found


def test_an_import_keeps_every_field_sealed_and_found_by_look_up(app: Flask, export: Export) -> None:
    with app.app_context():
        outcome = import_folder(SYSTEM, CLOCK, export())
        assert (outcome.new_students, outcome.report.bad, outcome.conflicts) == (2, 0, [])
        hanan = person("c1")
        assert hanan.values["birth_date"] == "1985-00-00"
        assert hanan.values["phone"] == "+31610000001"
        everything = db.session.execute(select(Record.sealed)).scalars().all()
        assert all(b"Hanan" not in sealed and b"999900006" not in sealed for sealed in everything)
        student = db.session.get(Student, hanan.student_id)
        assert student is not None
        assert (student.language, student.last_programme_ended, student.has_email) == ("ar", None, True)


def test_importing_twice_changes_nothing(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export()
        first = import_folder(SYSTEM, CLOCK, folder)
        before = db.session.execute(select(Record.id, Record.sealed).order_by(Record.id)).all()
        again = import_folder(SYSTEM, CLOCK, folder)
        assert (again.new_students, again.new, again.changed) == (0, 0, 0)
        assert again.unchanged == first.new
        assert db.session.execute(select(Record.id, Record.sealed).order_by(Record.id)).all() == before
        assert count(SealedFile) == 2


def test_a_dry_run_reports_the_same_and_writes_nothing(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export()
        trial = import_folder(SYSTEM, CLOCK, folder, dry_run=True)
        assert [count(table) for table in (Student, Record, SealedFile, Audit)] == [0, 0, 0, 0]
        real = import_folder(SYSTEM, CLOCK, folder)
        assert {**trial.as_json(), "dry_run": False} == real.as_json()


def test_what_the_school_changed_is_taken_over(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        moved = HANAN.replace("Kerkplein 24", "Dorpsstraat 1").replace("family@", "hanan@")
        outcome = import_folder(SYSTEM, CLOCK, export(people=(moved, OMAR)))
        assert (outcome.changed, outcome.conflicts) == (1, [])
        assert person("c1").values["street"] == "Dorpsstraat 1"
        with reading(SYSTEM, CLOCK) as work:
            assert len(work.vault.find("email", "family@example.org")) == 1
            assert len(work.vault.find("email", "hanan@example.org")) == 1


def test_whoever_read_an_address_that_the_school_replaced_is_out(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with writing(SYSTEM, CLOCK) as work:
            for number in ("C1", "C2"):
                add_login(work, work.vault.find("student_number", number.lower())[0], None, Level.ADDRESS)
        import_folder(SYSTEM, CLOCK, export((HANAN.replace("family@", "hanan@"), OMAR.replace("Kerkplein", "Plein"))))
        left = db.session.execute(select(Login.student_id)).scalars().all()
        with reading(SYSTEM, CLOCK) as work:
            assert left == work.vault.find("student_number", "c2"), "whose address stayed stays signed in"


def test_a_corrected_value_stays_and_is_listed_as_a_conflict_once(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export()
        import_folder(SYSTEM, CLOCK, folder)
        with writing(SYSTEM, CLOCK) as work:
            items.change_value(work.session, work.vault, person("c1"), "given_names", "Hanane", "standard", work.now)
        for _ in range(2):
            outcome = import_folder(SYSTEM, CLOCK, folder)
            assert outcome.conflicts == [("cursisten.csv", 2, "person.given_names")]
            assert person("c1").values["given_names"] == "Hanane"
        finding = db.session.execute(select(ImportFinding)).scalar_one()
        db.session.rollback()
        assert (finding.kind, finding.field, finding.state) == ("conflict", "given_names", "open")
        assert b"Hanan" not in (finding.sealed or b"")


def test_a_conflict_ends_when_the_school_corrects_its_own_record(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with writing(SYSTEM, CLOCK) as work:
            items.change_value(work.session, work.vault, person("c1"), "given_names", "Hanane", "standard", work.now)
        outcome = import_folder(SYSTEM, CLOCK, export(people=(HANAN.replace(";Hanan;", ";Hanane;"), OMAR)))
        assert outcome.conflicts == []


def test_people_past_their_term_wait_apart_until_they_are_admitted(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export(programmes=(programme("C1"), programme("C2", ended="01-06-2021")))
        outcome = import_folder(SYSTEM, CLOCK, folder)
        assert outcome.new_students == 1
        assert [past.line for past in outcome.report.past_term] == [3]
        finding = db.session.execute(select(ImportFinding.kind, ImportFinding.line)).one()
        assert tuple(finding) == ("past_term", 3)
        assert import_folder(SYSTEM, CLOCK, folder, admit={"C2"}).new_students == 1


def test_a_shared_screenshot_is_sealed_apart_for_each_student(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with reading(SYSTEM, CLOCK) as work:
            for number in ("c1", "c2"):
                (student_id,) = work.vault.find("student_number", number)
                (shot,) = items.items_of(work.session, work.vault, student_id, ["screenshot"])
                assert shot.values["others_visible"] is True
                row = work.session.get(SealedFile, UUID(str(shot.values["image"])))
                assert row is not None
                assert row.holder_id == student_id
                place = Place("sealed_file", "sealed", row.id)
                picture = work.vault.open_file(Holder.student(student_id), row.retention, place, row.sealed)
                assert picture.startswith(b"\x89PNG")


def test_a_remark_that_names_an_illness_is_hidden_from_staff(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with reading(SYSTEM, CLOCK) as work:
            (student_id,) = work.vault.find("student_number", "c1")
            lessons = items.items_of(work.session, work.vault, student_id, ["attendance"])
        hidden = {code for lesson in lessons for code in lesson.hidden}
        assert "remark" in hidden


def test_a_strict_import_with_a_bad_row_writes_nothing(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export(people=(HANAN.replace("999900006", "999900007"), OMAR))
        with pytest.raises(Stopped) as stopped:
            import_folder(SYSTEM, CLOCK, folder, strict=True)
        assert next((f.file, f.line, f.column) for f in stopped.value.outcome.report.findings) == (
            "cursisten.csv",
            2,
            "BSN",
        )
        assert count(Student) == 0
        assert import_folder(SYSTEM, CLOCK, folder).new_students == 1


def test_a_missing_column_stops_before_anything_is_written(app: Flask, export: Export) -> None:
    with app.app_context():
        folder = export()
        text = (folder / "cursisten.csv").read_text("cp1252").replace("Achternaam", "Anders")
        (folder / "cursisten.csv").write_text(text, "cp1252")
        with pytest.raises(BadStructure):
            import_folder(SYSTEM, CLOCK, folder)
        assert count(Student) == 0


def test_a_fault_in_the_middle_leaves_nothing_behind(
    app: Flask, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        folder = export()
        real, calls = import_rows.importing.known_records, []

        def failing(*args: object) -> object:
            calls.append(1)
            if len(calls) == 4:
                raise OSError("disk")
            return real(*args)  # type: ignore[arg-type]

        monkeypatch.setattr(import_rows.importing, "known_records", failing)
        with pytest.raises(OSError, match="disk"):
            import_folder(SYSTEM, CLOCK, folder)
        assert [count(table) for table in (Student, Record, SealedFile)] == [0, 0, 0]
        monkeypatch.undo()
        assert import_folder(SYSTEM, CLOCK, folder).new_students == 2


@pytest.mark.parametrize("which", [0, 1])
def test_what_was_erased_does_not_come_back(app: Flask, export: Export, which: int) -> None:
    with app.app_context():
        folder = export()
        with writing(SYSTEM, CLOCK) as work:
            graves = (tombstones.of_student(work, "C2"), tombstones.of_record(work, "C2", "person", ()))
            grave = graves[which]
            work.session.execute(insert(Tombstone).values(digest=grave, kind="student", erased_at=work.now))
        outcome = import_folder(SYSTEM, CLOCK, folder)
        assert ("cursisten.csv", 3) in outcome.erased
        assert outcome.new_students == 1


def test_an_erased_value_of_a_record_does_not_come_back_with_a_changed_row(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with writing(SYSTEM, CLOCK) as work:
            items.remove_fields(work.session, work.vault, person("c1"), ["nationality"], work.now)
            grave = tombstones.of_field(work, "C1", "person", (), "nationality")
            work.session.execute(insert(Tombstone).values(digest=grave, kind="field", erased_at=work.now))
        outcome = import_folder(SYSTEM, CLOCK, export(people=(HANAN.replace("Kerkplein 24", "Dorpsstraat 1"), OMAR)))
        assert outcome.changed == 1
        assert person("c1").values["street"] == "Dorpsstraat 1"
        assert "nationality" not in person("c1").values


def test_only_who_may_import_imports(app: Flask, export: Export) -> None:
    with app.app_context():
        handler = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER))
        with pytest.raises(NotAllowed):
            import_folder(handler, CLOCK, export())


def test_the_report_is_plain_json_and_text(app: Flask, export: Export) -> None:
    with app.app_context():
        outcome = import_folder(SYSTEM, CLOCK, export(people=(HANAN.replace(";1723 AB;", ";17 AB;"), OMAR)))
        text = outcome.as_text()
        assert "regel 2" in text
        assert "Postcode" in text
        assert json.loads(json.dumps(outcome.as_json()))["new_students"] == 1
        assert "Hassan" not in text + json.dumps(outcome.as_json())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared export is not beside this checkout")
def test_the_shared_export_loads_whole(app: Flask) -> None:
    with app.app_context():
        outcome = import_folder(SYSTEM, CLOCK, SHARED)
        assert (outcome.new_students, outcome.report.past_term_count, outcome.report.bad) == (197, 203, 0)
        assert import_folder(SYSTEM, CLOCK, SHARED).new == 0


def test_an_erased_student_who_enrolled_anew_comes_in_when_staff_name_them(app: Flask, export: Export) -> None:
    with app.app_context():
        old = programme("C2")
        import_folder(SYSTEM, CLOCK, export(programmes=(programme("C1"), old)))
        with reading(SYSTEM, CLOCK) as work:
            (student_id,) = work.vault.find("student_number", "c2")
        backups.erase(student_id)
        fresh = old.replace("TC2", "TC2b").replace("01-02-2025", "01-02-2027")
        again = export(programmes=(programme("C1"), old, fresh))
        unnamed = import_folder(SYSTEM, CLOCK, again)
        assert unnamed.new_students == 0
        assert {line for file, line in unnamed.erased if file == "trajecten.csv"} == {3, 4}
        before = import_folder(SYSTEM, CLOCK, export(programmes=(programme("C1"), old)), admit={"C2"})
        assert before.new_students == 0, "without a programme that began after the erasure naming is not enough"
        again = export(programmes=(programme("C1"), old, fresh))
        named = import_folder(SYSTEM, CLOCK, again, admit={"C2"})
        assert named.new_students == 1
        assert ("trajecten.csv", 3) in named.erased
        with reading(SYSTEM, CLOCK) as work:
            (admitted,) = work.vault.find("student_number", "c2")
            held = items.items_of(work.session, work.vault, admitted)
        assert admitted != student_id
        assert [item.values["programme_number"] for item in held if item.dataset == "programme"] == ["TC2b"]
        later = import_folder(SYSTEM, CLOCK, again)
        assert (later.new_students, later.new) == (0, 0), "and from then on like any other"
        assert ("cursisten.csv", 3) not in later.erased
