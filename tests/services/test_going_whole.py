"""A student of whom nothing stays: planned without opening what rows tell, and to the same end."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.permissions import SYSTEM
from portal.records import importing, items
from portal.records.db import db
from portal.records.tables.erasure import ChangeLine, Erasure
from portal.records.tables.people import Record, SealedFile, Student, Tombstone
from portal.services import erasing, going_whole
from portal.services.doomed import DIGEST, Doomed, doomed_classes
from portal.services.import_students import import_folder
from portal.services.unit import Work, reading, writing
from tests.services.test_import_students import CLOCK, HANAN, OMAR, Export, export, person, programme

__all__ = ["export"]  # a fixture
pytestmark = pytest.mark.slow
EVERY = frozenset({"standard", "exemption"})


def opened(work: Work, student: UUID) -> Doomed:
    """The plan as it is made by opening everything."""
    return doomed_classes(work.policy, EVERY, items.items_of(work.session, work.vault, student))


def counted(work: Work, student: UUID) -> Doomed:
    assert going_whole.goes_whole(work, student, EVERY)
    return going_whole.planned(work, student)[0]


def erased(student: UUID, classes: frozenset[str] = EVERY) -> dict[str, object]:
    with writing(SYSTEM, CLOCK) as work:
        erasure = erasing.new_erasure(work, student, erasing.RETENTION, work.now)
        erasing.begin(work, erasure, classes)
        erasure_id = erasure.id
    assert erasing.run(CLOCK, erasure_id)
    certificate = db.session.get_one(Erasure, erasure_id).certificate
    db.session.rollback()
    found: dict[str, object] = json.loads(str(certificate))
    return found


def count(*where: object) -> int:
    found = db.session.execute(select(func.count()).select_from(Tombstone).where(*where)).scalar_one()  # type: ignore[arg-type]  # conditions
    db.session.rollback()
    return found


def forget() -> None:
    """As an older version left the rows, but for programmes."""
    with writing(SYSTEM, CLOCK) as work:
        old = update(Record).where(Record.dataset != "programme").values(value_count=None)
        work.session.execute(old, execution_options={"synchronize_session": False})


def test_what_rows_tell_is_what_opening_them_tells(app: Flask, export: Export) -> None:
    """Also where some say nothing yet."""
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        students = [person(number).student_id for number in ("c1", "c2")]
        for older in (False, True):
            forget() if older else None
            for student in students:
                with reading(SYSTEM, CLOCK) as work:
                    by_opening, by_counting = opened(work, student), counted(work, student)
                assert by_counting.records.each == by_opening.records.each
                assert len(by_counting.records) == len(by_opening.records) > 2
                for name in ("whole", "partly", "fields", "rows", "files", "address", "values", "everything"):
                    assert getattr(by_counting, name) == getattr(by_opening, name), name
                assert by_counting.files


def test_only_the_person_is_opened_where_rows_tell_the_rest(sqlite_app: Flask, export: Export) -> None:
    with sqlite_app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        with reading(SYSTEM, CLOCK) as work:
            student = person("c1").student_id
            assert {held.dataset for held in items.untold_of(work.session, work.vault, student)} == {"person"}


def test_an_import_counts_what_rows_of_an_older_version_do_not(sqlite_app: Flask, export: Export) -> None:
    with sqlite_app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        told = select(Record.id, Record.value_count, Record.sealed).order_by(Record.id)
        before = db.session.execute(told).all()
        assert all(each.value_count for each in before)
        forget()
        assert import_folder(SYSTEM, CLOCK, export()).changed == 0
        assert db.session.execute(told).all() == before


def test_a_changed_record_tells_how_many_values_it_holds_now(sqlite_app: Flask, export: Export) -> None:
    with sqlite_app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        held = person("c1")
        with writing(SYSTEM, CLOCK) as work:
            items.remove_fields(work.session, work.vault, held, ["nationality", "phone"], work.now)
        counts = select(func.sum(Record.value_count)).where(Record.item_id == held.id)
        assert db.session.execute(counts).scalar_one() == len(held.values) - 2


def test_nothing_of_a_student_is_left_and_the_administration_hears_it_in_one_line(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        student, other = (person(number).student_id for number in ("c1", "c2"))
        with reading(SYSTEM, CLOCK) as work:
            expected = opened(work, student)
        told = erased(student)
        assert {name: told[name] for name in ("values", "records", "files", "classes")} == erasing.counts_of(expected)
        assert db.session.execute(select(Record.id).where(Record.student_id == student)).first() is None
        assert db.session.execute(select(SealedFile.id).where(SealedFile.holder_id == student)).first() is None
        assert db.session.get_one(Student, student).state == "erased"
        (line,) = db.session.query(ChangeLine)
        assert (line.kind, line.dataset) == ("erased", None)
        assert person("c2").student_id == other


def test_who_enrols_anew_comes_without_what_was_erased(app: Flask, export: Export) -> None:
    """Neither with the import that admits the student nor with one after it, nor erased and admitted a second time."""
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        erased(person("c1").student_id)
        assert count(Tombstone.kind == importing.STUDENT) == count() == 1
        assert import_folder(SYSTEM, CLOCK, export()).new == 0
        programmes = [programme("C1"), programme("C2")]
        for number, year in enumerate((2027, 2028), 1):
            programmes.append(programme("C1").replace("TC1", f"TC1-{number}").replace("01-02-2025", f"01-02-{year}"))
            folder = export(programmes=tuple(programmes))
            assert import_folder(SYSTEM, CLOCK, folder).new == 0  # nobody admitted the student
            import_folder(SYSTEM, CLOCK, folder, dry_run=True, admit={"C1"})
            for admitted in ({"C1"}, set()):
                import_folder(SYSTEM, CLOCK, folder, admit=admitted)
                held = records_of("c1")
                found = [each.values["programme_number"] for each in held if each.dataset == "programme"]
                assert found == [f"TC1-{number}"]
                assert not {"attendance", "exam", "consent"} & {each.dataset for each in held}
                assert {"person", "bank"} <= {each.dataset for each in held}  # of which everybody has one
            assert count(Tombstone.kind == importing.PAST) == count() == 1
            erased(person("c1").student_id)
        assert import_folder(SYSTEM, CLOCK, export()).new == 0


def records_of(number: str) -> tuple[items.Item, ...]:
    student = person(number).student_id
    with reading(SYSTEM, CLOCK) as work:
        return items.items_of(work.session, work.vault, student)


def test_a_student_who_is_remembered_stays_so_with_what_went_before(app: Flask) -> None:
    with app.app_context():
        first, second = (bytes([number]) * DIGEST for number in (1, 2))
        ids = UUID(int=1), UUID(int=2)
        for student, records in ((ids[0], first), (ids[0], first), (ids[1], second)):
            with writing(SYSTEM, CLOCK) as work:
                importing.entomb_student(work.session, bytes(DIGEST), student, records, work.now)
        (grave,) = db.session.query(Tombstone)
        assert (grave.ids, grave.records) == (ids[0].bytes + ids[1].bytes, first + second)
        with writing(SYSTEM, CLOCK) as work:  # told again of the first, as after a restore, once admitted anew
            work.session.execute(update(Tombstone).values(kind=importing.PAST))
            importing.entomb_student(work.session, bytes(DIGEST), ids[0], first, work.now)
        assert count(Tombstone.kind == importing.PAST) == 1


def test_what_came_in_after_the_plan_was_made_is_kept(app: Flask, export: Export) -> None:
    with app.app_context():
        import_folder(SYSTEM, CLOCK, export())
        student = person("c2").student_id
        with writing(SYSTEM, CLOCK) as work:
            erasure = erasing.new_erasure(work, student, erasing.RETENTION, work.now)
            erasing.begin(work, erasure, EVERY)
            erasure_id = erasure.id
        late = programme("C2").replace("TC2", "TC2b")
        with writing(SYSTEM, CLOCK) as work:  # an import that had begun before saw no tombstone yet
            work.session.query(Tombstone).delete()
        import_folder(SYSTEM, CLOCK, export(people=(HANAN, OMAR), programmes=(programme("C1"), programme("C2"), late)))
        assert erasing.run(CLOCK, erasure_id)
        with reading(SYSTEM, CLOCK) as work:
            held = items.items_of(work.session, work.vault, student)
        assert {each.values.get("programme_number") for each in held if each.dataset == "programme"} == {"TC2b"}
        assert "person" not in {each.dataset for each in held}
