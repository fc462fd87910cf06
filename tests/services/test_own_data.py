"""Own data: everything held, each value with why, from whom, to whom and until when; masked where more proof is due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask, current_app
from sqlalchemy import event, select

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Level
from portal.records.db import begin_write, db
from portal.records.tables.people import Limit, View
from portal.records.tables.proof import Audit
from portal.services import own_views
from portal.services.casework import NotFound
from portal.services.own_data import OwnData, Value, own_data, own_value, records_of, reveal
from portal.services.own_views import views
from tests.factories import add_record, make_student, student_actor

SENSITIVE = {"person.bsn", "bank.iban", "attendance.reason", "attendance.remark"}
AT_LEVEL_2 = {"person.birth_date", "person.postcode", "person.student_number"}


def full_student(lessons: int = 2) -> UUID:
    student = make_student(last_programme_ended=date(2026, 6, 30), email="hanan@example.org")
    add_record(student, "bank", iban="NL91ABNA0417164300")
    for number in range(lessons):
        add_record(
            student,
            "attendance",
            ("remark",),
            programme_number="T1",
            lesson_date=(date(2026, 1, 5) + timedelta(days=number)).isoformat(),
            status="absent" if number % 2 else "present",
            reason="illness",
            remark="griep",
        )
    add_record(student, "disclosure", recipient="duo", date="2026-02-01", what="Aanmelding")
    add_record(student, "disclosure", recipient="duo", date="2026-03-01", what="Uitslag")
    return student


def values_of(found: OwnData) -> dict[str, Value]:
    return {
        f"{value.field.dataset}.{value.field.code}": value
        for group in found.groups
        for series in group.series
        for entry in series.entries
        for value in entry.values
    }


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that both databases see meanwhile."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    engines = list(db.engines.values())
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_all_ten_groups_and_the_own_section_are_there_also_when_they_are_empty(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        found = own_data(student_actor(full_student()), clock, shared_address=False)
        assert [group.group.number for group in found.groups] == list(range(1, 12))
        empty = {group.group.number for group in found.groups if group.empty}
        assert {5, 6, 10} <= empty
        assert not {1, 2, 3, 8, 11} & empty


def test_every_value_says_why_from_whom_and_until_when(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        for value in values_of(own_data(student_actor(full_student()), clock, shared_address=False)).values():
            assert value.activities
            assert value.until == date(2029, 6, 30)


def test_the_term_has_no_date_while_a_programme_runs(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        found = values_of(own_data(student_actor(make_student()), clock, shared_address=False))
        assert {value.until for value in found.values()} == {None}


def test_the_last_actual_disclosure_stands_beside_what_it_may_concern(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        found = values_of(own_data(student_actor(full_student()), clock, shared_address=False))
        shared = {each.code: each.on for each in found["person.family_name"].shared}
        assert shared["duo"] == date(2026, 3, 1)
        assert shared["municipality"] is None


@pytest.mark.parametrize(
    ("level", "masked"),
    [(Level.ADDRESS, SENSITIVE | AT_LEVEL_2), (Level.KNOWLEDGE, SENSITIVE), (Level.SECOND_CHANNEL, SENSITIVE)],
)
def test_each_level_shows_what_it_is_enough_for_and_what_is_sensitive_waits_for_a_press(
    app: Flask, clock: FixedClock, level: Level, masked: set[str]
) -> None:
    with app.app_context():
        found = values_of(own_data(student_actor(full_student(), level), clock, shared_address=False))
        assert {code for code, value in found.items() if value.masked} == masked
        assert all(found[code].value is None for code in masked)


def test_level_three_ages_back_within_the_session(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(full_student(), Level.SECOND_CHANNEL)
        item = values_of(own_data(actor, clock, shared_address=False))["person.bsn"].item_id
        clock.advance(timedelta(minutes=29))
        assert reveal(actor, clock, False, item, "bsn").value == "999900006"
        clock.advance(timedelta(minutes=1))
        with pytest.raises(NotAllowed) as refused:
            reveal(actor, clock, False, item, "bsn")
        assert refused.value.params["needs"] == 3


def test_a_remark_that_is_hidden_from_staff_is_shown_to_its_student(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(full_student(), Level.SECOND_CHANNEL)
        remark = values_of(own_data(actor, clock, shared_address=False))["attendance.remark"]
        assert reveal(actor, clock, False, remark.item_id, "remark").value == "griep"


def test_at_a_shared_address_own_data_ask_for_level_two(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = full_student()
        with pytest.raises(NotAllowed) as refused:
            own_data(student_actor(student), clock, shared_address=True)
        assert refused.value.params["needs"] == 2
        assert own_data(student_actor(student, Level.KNOWLEDGE), clock, shared_address=True).groups
        with pytest.raises(NotAllowed):
            own_data(replace(student_actor(student), student_id=None), clock, shared_address=True)


def test_a_long_list_comes_down_to_counts_and_has_pages_of_its_own(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(full_student(lessons=9))
        (lessons,) = own_data(actor, clock, shared_address=False).groups[7].series
        assert (lessons.total, lessons.entries) == (9, ())
        assert {(way.field.code, choice): times for way, choice, times in lessons.counts} == {
            ("status", "present"): 5,
            ("status", "absent"): 4,
        }, "a masked reason is not counted out loud"
        assert len(records_of(actor, clock, False, "attendance", 8).entries) == 9
        for dataset, group in (("no_such", 8), ("exam", 9), ("attendance", 3)):
            with pytest.raises(NotFound):
                records_of(actor, clock, False, dataset, group)


def test_a_restricted_value_is_shown_as_such(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = full_student()
        begin_write()
        db.session.add(
            Limit(student_id=student, kind="restriction", dataset="person", field="street", since=clock.now())
        )
        db.session.commit()
        found = values_of(own_data(student_actor(student), clock, shared_address=False))
        assert [code for code, value in found.items() if value.restricted] == ["person.street"]


def test_a_reveal_asks_the_level_again_and_is_logged(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = full_student()
        item = values_of(own_data(student_actor(student), clock, shared_address=False))["person.bsn"].item_id
        for level in (Level.ADDRESS, Level.KNOWLEDGE):
            with pytest.raises(NotAllowed) as refused:
                reveal(student_actor(student, level), clock, False, item, "bsn")
            assert refused.value.params["needs"] == 3
        shown = reveal(student_actor(student, Level.SECOND_CHANNEL), clock, False, item, "bsn")
        assert shown.value == "999900006"
        acts = db.session.execute(select(Audit.act)).scalars().all()
        assert acts == ["reveal_own"]


def test_another_students_value_is_not_found(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        theirs = values_of(own_data(student_actor(full_student()), clock, shared_address=False))
        actor = student_actor(make_student(), Level.SECOND_CHANNEL)
        for item in (theirs["person.bsn"].item_id, uuid4()):
            with pytest.raises(NotFound):
                own_value(actor, clock, False, item, "bsn")
            with pytest.raises(NotFound):
                reveal(actor, clock, False, item, "bsn")


def test_a_page_asks_the_databases_as_often_for_much_data_as_for_little(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        little, much = student_actor(full_student(1)), student_actor(full_student(80))
        counts = []
        for actor in (little, much):
            with statements() as seen:
                own_data(actor, clock, shared_address=False)
            counts.append(len([statement for statement in seen if statement.startswith("SELECT")]))
        assert counts == [3, 3], "about the student, the records, the keys"


def test_equal_views_of_one_person_on_one_day_are_one_line_with_every_moment(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student, first, second = make_student(), uuid4(), uuid4()
        seen_at = [(clock.now() - timedelta(minutes=number), first) for number in range(20)]
        seen_at += [(clock.now() - timedelta(minutes=5), second), (clock.now() - timedelta(days=1), first)]
        begin_write()
        for at, staff in seen_at:
            db.session.add(
                View(student_id=student, at=at, staff_id=staff, role="case_handler", reason="case", what="file")
            )
        db.session.commit()
        found, following = views(student_actor(student), clock)
        assert [len(each.moments) for each in found] == [20, 1, 1]
        assert following is None
        shown = [moment for each in found for moment in each.moments]
        assert sorted(shown) == sorted(at for at, _staff in seen_at), "every view of the record is shown"


def test_a_page_of_views_ends_with_a_whole_day(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_views, "VIEWS_PAGE", 2)
    with app.app_context():
        student = make_student()
        begin_write()
        for number in range(30):
            at = clock.now() - timedelta(days=number // 10, minutes=number % 10)
            reason = ("lesson_planning", "case")[number % 2]
            db.session.add(View(student_id=student, at=at, role="case_handler", reason=reason, what="file"))
        db.session.commit()
        pages, following = [], None
        while not pages or following:
            page, following = views(student_actor(student), clock, following)
            pages.append([len(each.moments) for each in page])
        assert pages == [[5, 5]] * 3


def test_views_come_newest_first_a_page_at_a_time_in_words_of_the_policy(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student, other = make_student(), make_student()
        begin_write()
        for number in range(60):
            db.session.add(
                View(
                    student_id=student,
                    at=clock.now() - timedelta(days=number),
                    role="case_handler",
                    reason="lesson_planning",
                    what="file",
                )
            )
        db.session.add(View(student_id=other, at=clock.now(), role="director", reason="case", what="file"))
        db.session.commit()
        policy = current_app.extensions["policy"]
        first, following = views(student_actor(student), clock)
        assert len(first) == 50
        assert following is not None
        rest, end = views(student_actor(student), clock, following)
        assert (len(rest), end) == (10, None)
        assert {each.role for each in first + rest} == {"Medewerker van uw vestiging"}
        assert {each.reason for each in first} == {policy.reasons["lesson_planning"].label}
