"""Whose request it is: just enough shown, only within reach, and what begins as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.people import Limit
from portal.records.tables.proof import Audit
from portal.services.casework import Asked, ChangedMeanwhile, Contact, NotFound
from portal.services.match_case import match, search
from portal.services.take_case import take
from tests import factories
from tests.services.cases import case_of, events_of, mails_of, opened, steps_of, values_of, version_of

GIVEN = Contact(name="Hanan Al Hassan", email="other@example.org")


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def unmatched(kind: RequestKind = RequestKind.ACCESS, *items: Asked, contact: Contact = GIVEN) -> str:
    return opened(kind, None, items or (Asked(TargetKind.EVERYTHING),), taken=False, contact=contact, level=Level.NONE)


def limits(student: UUID) -> list[tuple[str, str | None, bool]]:
    db.session.rollback()
    rows = db.session.execute(select(Limit).where(Limit.student_id == student)).scalars()
    return [(row.kind, row.activity, row.provisional) for row in rows]


def test_the_surest_of_what_was_given_suggests_who_it_is(handler: Actor, clock: FixedClock) -> None:
    by_name = factories.make_student(student_number="C700001", phone="+31612345678", email="hanan@example.org")
    by_number = factories.make_student(student_number="C700002", given_names="Omar", birth_date="1985-00-00")
    reference = unmatched(contact=Contact(name="Hanan Al Hassan", student_number="c700 002"))
    assert [each.id for each in search(handler, clock, reference)] == [by_number]
    [found] = search(handler, clock, reference, "hanan")
    assert (found.id, found.name, found.birth_year, found.branch) == (by_name, "Hanan Al Hassan", "1990", "Langedijk")
    for typed in ("C700001", "hanan@example.org", "06 1234 5678", "HASSAN hanan", "٠٦١٢٣٤٥٦٧٨"):
        assert [each.id for each in search(handler, clock, reference, typed)] == [by_name], typed
    assert [each.birth_year for each in search(handler, clock, reference, "omar")] == ["1985"]
    assert search(handler, clock, reference, "nobody") == ()


def test_a_search_shows_only_own_branches_and_is_logged_without_words(handler: Actor, clock: FixedClock) -> None:
    factories.make_student(factories.make_branch("hoorn"))
    own = factories.make_student()
    reference = unmatched()
    assert [each.id for each in search(handler, clock, reference)] == [own]
    db.session.rollback()
    assert "search_students" in db.session.execute(select(Audit.act)).scalars().all()


def test_a_matched_case_belongs_to_the_students_branch(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = unmatched()
    match(handler, clock, reference, version_of(reference), student)
    case = case_of(reference)
    assert case.student_id == student
    assert case.branch_id == factories.make_branch("langedijk")
    assert case.assured_level == 0  # who was found is not yet who asked
    assert "matched" in events_of(reference)
    far = factories.staff_actor(factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn")))
    with pytest.raises(NotFound):
        search(far, clock, reference)


def test_a_foreign_or_made_up_student_is_not_found(handler: Actor, clock: FixedClock) -> None:
    foreign = factories.make_student(factories.make_branch("hoorn"))
    reference = unmatched()
    for student in (foreign, UUID(int=1)):
        with pytest.raises(NotFound):
            match(handler, clock, reference, version_of(reference), student)


def test_matching_twice_changes_nothing_and_another_student_is_refused(handler: Actor, clock: FixedClock) -> None:
    student, other = factories.make_student(), factories.make_student()
    reference = unmatched()
    version = version_of(reference)
    match(handler, clock, reference, version, student)
    match(handler, clock, reference, version, student)
    assert events_of(reference).count("matched") == 1
    with pytest.raises(Refused, match="already_matched"):
        match(handler, clock, reference, version_of(reference), other)


def test_a_case_that_changed_meanwhile_is_not_matched(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = unmatched()
    seen = version_of(reference)
    take(handler, clock, reference)
    with pytest.raises(ChangedMeanwhile):
        match(handler, clock, reference, seen, student)
    assert case_of(reference).student_id is None


def test_a_withdrawal_takes_effect_as_soon_as_its_student_is_known(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    factories.add_record(student, "consent", activity="lesson_screenshots", date="2026-01-10")
    reference = unmatched(RequestKind.WITHDRAWAL, Asked(TargetKind.ACTIVITY, activity="lesson_screenshots"))
    assert case_of(reference).state == "received"
    match(handler, clock, reference, version_of(reference), student)
    assert case_of(reference).state == "decided"
    assert ("withdrawal", "lesson_screenshots", False) in limits(student)
    assert values_of(student, "consent")[0]["withdrawn_on"] == date(2026, 11, 9).isoformat()
    assert "took_effect" in events_of(reference)
    assert "consent_withdrawn" in mails_of(reference)
    assert steps_of(reference)


def test_an_objection_suspends_the_activity_while_it_is_weighed(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = unmatched(RequestKind.OBJECTION, Asked(TargetKind.ACTIVITY, activity="lesson_screenshots"))
    match(handler, clock, reference, version_of(reference), student)
    assert limits(student) == [("objection", "lesson_screenshots", True)]
    assert "suspended" in events_of(reference)
