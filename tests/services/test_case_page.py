"""The page of a case: within reach only, logged as a view, with the next thing to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Level, Outcome, RequestKind, Role, StepState, TargetKind
from portal.records.db import db
from portal.records.tables.cases import CaseStep
from portal.records.tables.people import View
from portal.records.tables.proof import Audit
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out, finish_step
from portal.services.case_page import case_page, colleagues
from portal.services.case_view import CasePage
from portal.services.casework import Asked, Contact, NotFound
from portal.services.change_list import confirm_changes, open_changes
from portal.services.deliver_mail import deliver
from portal.services.erasures import COOLING
from portal.services.extend_case import extend, mark_told
from portal.services.limits_of_processing import place_meanwhile
from portal.services.send_message import send_message
from portal.services.take_case import take
from portal.services.unit import writing
from portal.services.write_note import write_note
from tests import factories
from tests.mail.posts import Line
from tests.services.cases import case_of, decided, director, field_of, officer, opened, version_of, within
from tests.services.test_queue import statements

pytestmark = pytest.mark.slow


@pytest.fixture
def handler(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        here = factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))


def views() -> list[View]:
    db.session.rollback()
    return list(db.session.execute(select(View).order_by(View.id)).scalars())


def finish_all(actor: Actor, clock: FixedClock, page: CasePage) -> None:
    for step in page.open_steps:
        finish_step(actor, clock, page.reference, step.id, StepState.DONE, "Nagekeken.")


def test_opening_a_case_is_a_view_with_role_and_reason_and_stands_in_the_log(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    reference = opened(RequestKind.ACCESS, student)
    page = case_page(handler, clock, reference)
    assert page.name == "Hanan Al Hassan"
    assert page.birth_year == "1990"
    [view] = views()
    assert (view.student_id, view.staff_id, view.role, view.reason) == (student, handler.id, "case_handler", "case")
    assert view.case_id == case_of(reference).id
    db.session.rollback()
    acts = db.session.execute(select(Audit.act).where(Audit.actor_id == handler.id)).scalars().all()
    assert acts == ["view_case"]


def test_an_unmatched_case_shows_what_was_given_and_is_nobodys_view(handler: Actor, clock: FixedClock) -> None:
    contact = Contact(name="Omar Aziz", email="omar@example.org")
    page = case_page(handler, clock, opened(RequestKind.ACCESS, None, contact=contact, taken=False))
    assert page.contact == {"name": "Omar Aziz", "email": "omar@example.org"}
    assert page.name == "Omar Aziz"
    assert page.next == "match"
    assert views() == []


def test_another_branch_and_a_made_up_reference_look_alike(handler: Actor, clock: FixedClock) -> None:
    foreign = opened(RequestKind.ACCESS, factories.make_student(factories.make_branch("hoorn")))
    for reference in (foreign, "V-2026-0000000"):
        with pytest.raises(NotFound):
            case_page(handler, clock, reference)
    administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises(NotFound):
        case_page(administrator, clock, foreign)
    assert views() == []


def test_a_hidden_remark_is_not_shown_to_staff(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    hidden = factories.add_record(student, "attendance", hidden=("remark",), lesson_date="2026-03-03", remark="griep")
    open_one = factories.add_record(student, "attendance", lesson_date="2026-03-04", remark="te laat")
    asked = [
        Asked(TargetKind.FIELD, "attendance", item, "remark", asked="weg", current=value)
        for item, value in ((hidden, "griep"), (open_one, "te laat"))
    ]
    first, second = case_page(handler, clock, opened(RequestKind.RECTIFICATION, student, asked)).items
    assert (first.hidden, first.current) == (True, None)
    assert (second.hidden, second.current) == (False, "te laat")


def test_a_rectification_leads_from_taking_to_closing(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    asked = [field_of(student, "street", "Dorpsstraat 1")]
    reference = opened(RequestKind.RECTIFICATION, student, asked, taken=False, level=Level.NONE)

    def next_one() -> str:
        return case_page(handler, clock, reference).next

    assert next_one() == "take"
    take(handler, clock, reference)
    assert next_one() == "decide"
    decided(reference, handler, checked="Dorpsstraat 1")
    assert next_one() == "confirm_identity"
    assure(reference, Level.KNOWLEDGE)
    assert next_one() == "carry_out"
    carry_out(handler, clock, reference, version_of(reference))
    assert next_one() == "steps"
    finish_all(handler, clock, case_page(handler, clock, reference))
    page = case_page(handler, clock, reference)
    assert page.next == ""
    assert page.state.value == "closed"
    assert page.outcome is Outcome.GRANTED


def test_a_case_waits_for_the_administration_before_it_says_that_it_closes_by_itself(
    handler: Actor, clock: FixedClock
) -> None:
    student = factories.make_student(student_number="C10001")
    reference = opened(RequestKind.RECTIFICATION, student, [field_of(student, "town", "Alkmaar")])
    decided(reference, handler, checked="Alkmaar")
    carry_out(handler, clock, reference, version_of(reference))
    for step in case_page(handler, clock, reference).open_steps:
        if step.target != "student_administration":
            finish_step(handler, clock, reference, step.id, StepState.DONE, "Nagekeken.")
    assert case_page(handler, clock, reference).next == "steps"
    with writing(factories.SYSTEM, clock) as work:  # the step is ticked, a line came after it
        left = case_page(handler, clock, reference).open_steps
        assert [step.target for step in left] == ["student_administration"]
        row = work.session.get_one(CaseStep, left[0].id)
        row.state = StepState.DONE.value
    page = case_page(handler, clock, reference)
    assert (page.next, page.state.value) == ("changes", "decided")
    confirm_changes(handler, clock, [line.id for line in open_changes(handler, clock)], StepState.DONE)
    assert case_page(handler, clock, reference).state.value == "closed"


def test_only_the_case_that_restricts_offers_to_lift_that(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    contested, other = (
        opened(RequestKind.RECTIFICATION, student, [field_of(student, field, "Anders")]) for field in ("street", "town")
    )
    with writing(factories.SYSTEM, clock) as work:
        place_meanwhile(work, within(work, contested))
    assert case_page(handler, clock, contested).restricted
    assert not case_page(handler, clock, other).restricted


def assure(reference: str, level: Level) -> None:
    with writing(factories.SYSTEM, factories.current_app.extensions["clock"]) as work:
        from portal.records.tables.cases import Case

        case = work.session.execute(select(Case).where(Case.reference == reference)).scalar_one()
        case.assured_level = int(level)


def test_a_copy_waits_for_the_search_of_every_place(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student())
    take(handler, clock, reference)
    decided(reference, handler)
    page = case_page(handler, clock, reference)
    assert page.next == "search"
    finish_all_but_own(handler, clock, page)
    assert case_page(handler, clock, reference).next == "carry_out"


def finish_all_but_own(actor: Actor, clock: FixedClock, page: CasePage) -> None:
    for step in page.open_steps:
        if step.kind.value != "own":
            finish_step(actor, clock, page.reference, step.id, StepState.DONE, "Niets gevonden.")


def test_an_erasure_waits_for_somebody_else_than_who_decided(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        decider, second = officer(), director()
        student = factories.make_student(last_programme_ended=date(2020, 1, 1))
        reference = opened(RequestKind.ERASURE, student)
        take(decider, clock, reference)
        decided(reference, decider)
        own = case_page(decider, clock, reference)
        assert own.next == "approve_by_other"
        assert own.refused[Act.APPROVE_ERASURE] == "second_person_needed"
        assert case_page(second, clock, reference).next == "approve"
        long_ago = replace(second, fresh_sign_in=False)
        assert case_page(long_ago, clock, reference).next == "approve", "the page asks for the password again"
        approve(second, clock, reference, version_of(reference))
        assert case_page(decider, clock, reference).next == "tell_first"
        deliver(clock, Line())
        assert case_page(decider, clock, reference).next == "cooling_off"
        clock.advance(COOLING)
        assert case_page(decider, clock, reference).next == "carry_out"


def test_the_dates_say_why(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student(), received_on=date(2026, 11, 9))
    dates = case_page(handler, clock, reference).dates
    assert dates.due_on == date(2026, 12, 7)
    assert dates.days_left == 14
    assert dates.internal_target == date(2026, 12, 7)
    assert dates.law_limit == date(2026, 12, 9)
    assert dates.law_limit_extended == date(2027, 2, 9)
    extend(handler, clock, reference, version_of(reference), 18, "complexity")
    untold = case_page(handler, clock, reference).dates
    assert not untold.extension_counts
    assert untold.due_on == date(2026, 12, 7)
    with writing(factories.SYSTEM, clock) as work:
        mark_told(work, case_of(reference).id, clock.today())
    told = case_page(handler, clock, reference).dates
    assert told.extension_counts
    assert told.due_on == date(2026, 12, 25)
    assert told.internal_target == date(2026, 12, 24)  # Christmas Day is no working day


def test_names_of_staff_stand_in_the_timeline_newest_first(handler: Actor, clock: FixedClock) -> None:
    reference = opened(RequestKind.ACCESS, factories.make_student(), taken=False)
    clock.advance(timedelta(minutes=1))
    take(handler, clock, reference)
    taken, received = case_page(handler, clock, reference).events
    assert (taken.kind.value, taken.actor) == ("taken", "Handler")
    assert (received.kind.value, received.actor) == ("received", "")


def test_a_case_goes_to_those_who_may_handle_it(handler: Actor, clock: FixedClock) -> None:
    factories.make_staff("far", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    factories.make_staff("officer", Role.PRIVACY_OFFICER)
    factories.make_staff("admin", Role.ADMINISTRATOR)
    reference = opened(RequestKind.ACCESS, factories.make_student(), taken=False)
    assert [each.name for each in colleagues(handler, clock, reference)] == ["Handler", "Officer"]


def test_who_decided_may_not_handle_the_complaint_about_it(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    about = opened(RequestKind.ACCESS, student)
    decided(about, handler)
    case_id: UUID = case_of(about).id
    complaint = opened(
        RequestKind.COMPLAINT, student, [Asked(TargetKind.WORDS, words="Niet goed")], taken=False, about=case_id
    )
    page = case_page(handler, clock, complaint)
    assert Act.TAKE_CASE not in page.allowed
    assert page.refused[Act.TAKE_CASE] == "own_decision"
    assert page.about_reference == about


MOST = 10  # of them five to write the view and its entry in the log, one of those the lock of PostgreSQL


def test_the_page_of_a_case_asks_as_often_for_much_as_for_little(handler: Actor, clock: FixedClock) -> None:
    def grown(amount: int) -> tuple[str, int]:
        student = factories.make_student()
        asked = []
        for day in range(1, amount + 1):
            item = factories.add_record(student, "attendance", lesson_date=f"2026-03-{day:02d}", remark="te laat")
            asked.append(Asked(TargetKind.FIELD, "attendance", item, "remark", asked="weg", current="te laat"))
        reference = opened(RequestKind.RECTIFICATION, student, asked)
        for number in range(amount):
            opened(RequestKind.ACCESS, student)
            write_note(handler, clock, reference, f"Notitie {number}")
            send_message(handler, clock, reference, f"Bericht {number}")
        with statements() as seen:
            page = case_page(handler, clock, reference)
        assert (len(page.items), len(page.notes), len(page.messages), len(page.others)) == (amount,) * 4
        return reference, len(seen)

    _, few = grown(1)
    _, many = grown(9)
    print(f"case page: {few} statements with 1 of each, {many} with 9 of each")
    assert many == few <= MOST


def test_a_complaint_about_a_decision_of_the_director_says_so(handler: Actor, clock: FixedClock) -> None:
    student = factories.make_student()
    about = opened(RequestKind.ACCESS, student)
    decided(about, director())
    complaint = opened(RequestKind.COMPLAINT, student, about=case_of(about).id)
    assert case_page(handler, clock, complaint).about_director
    assert not case_page(handler, clock, about).about_director
