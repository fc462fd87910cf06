"""The asker's side of a case: list, messages both ways, taking it back."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.events import EventKind
from portal.domain.lifecycle import Action, CaseState, NotPossible
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Level, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Case, CaseMessage
from portal.records.tables.people import Limit
from portal.services.casework import Asked, ChangedMeanwhile, NotFound, move
from portal.services.limits import LIMITS
from portal.services.own_cases import own_case, own_cases, take_back, write_message
from portal.services.recognise import SignedIn
from portal.services.unit import writing
from tests.factories import SYSTEM, make_staff, make_student, student_actor, vault
from tests.services.cases import opened, person_of
from tests.web.visitor import mails

ONCE = b"1" * 32


def signed_in(clock: FixedClock, actor: Actor, digest: bytes | None = None) -> SignedIn:
    return SignedIn(uuid4(), "student", actor, "nl", "full", clock.now(), clock.now(), digest)


def move_case(clock: FixedClock, reference: str, action: Action) -> None:
    with writing(SYSTEM, clock) as work:
        move(work.session.execute(select(Case).where(Case.reference == reference)).scalar_one(), action)


def objection(student: UUID, taken: bool = True) -> str:
    return opened(
        RequestKind.OBJECTION, student, [Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")], taken=taken
    )


def test_the_list_holds_the_own_cases_only(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student, other = make_student(), make_student()
        mine, theirs = opened(RequestKind.ACCESS, student), opened(RequestKind.ACCESS, other)
        lines, shared = own_cases(signed_in(clock, student_actor(student)), clock)
        assert ([line.reference for line in lines], shared) == ([mine], False)
        assert lines[0].kind is RequestKind.ACCESS
        assert lines[0].days_left == 14
        with pytest.raises(NotFound):
            own_case(student_actor(student), clock, theirs)
        with pytest.raises(NotFound):
            own_case(student_actor(student), clock, "V-2026-0000000")


def test_a_shared_address_shows_status_and_dates_of_all_and_nothing_else(app: Flask, clock: FixedClock) -> None:
    email = "samen@example.org"
    with app.app_context():
        students = [make_student(email=email), make_student(email=email)]
        references = {opened(RequestKind.ACCESS, student) for student in students}
        opened(RequestKind.ACCESS, make_student())
        nobody = Actor(ActorKind.STUDENT, level=Level.ADDRESS, level_at=clock.now())
        lines, shared = own_cases(signed_in(clock, nobody, vault().digest("email", email)), clock)
        assert shared
        assert {line.reference for line in lines} == references
        assert {(line.kind, line.outcome) for line in lines} == {(None, None)}
        with pytest.raises(NotFound):
            own_case(nobody, clock, lines[0].reference)


def test_the_timeline_holds_what_a_student_may_see_newest_first(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        reference = opened(RequestKind.ACCESS, student)
        write_message(student_actor(student), clock, reference, "Hoe lang duurt het?", ONCE)
        page = own_case(student_actor(student), clock, reference)
        assert [each.kind for each in page.happened] == [EventKind.MESSAGE_RECEIVED, EventKind.RECEIVED]
        assert [(each.from_staff, each.text) for each in page.said] == [(False, "Hoe lang duurt het?")]


def test_a_message_is_written_once_and_the_handlers_hear_of_it(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        make_staff("anna", Role.CASE_HANDLER)
        reference = opened(RequestKind.ACCESS, student)
        for _ in range(2):
            write_message(student_actor(student), clock, reference, "Hallo", ONCE)
        assert db.session.execute(select(func.count()).select_from(CaseMessage)).scalar_one() == 1
    assert [mail["to"] for mail in mails(app, "staff_reply")] == ["anna@school.example.org"]


@pytest.mark.parametrize(
    ("text", "code"), [("", "message_empty"), (" \n ", "message_empty"), ("x" * 4001, "message_too_long")]
)
def test_an_empty_or_endless_message_is_refused(app: Flask, clock: FixedClock, text: str, code: str) -> None:
    with app.app_context():
        student = make_student()
        with pytest.raises(Refused) as refused:
            write_message(student_actor(student), clock, opened(RequestKind.ACCESS, student), text, ONCE)
        assert refused.value.code == code


def test_nobody_writes_in_anothers_case_nor_uses_up_what_they_may_write(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        reference = opened(RequestKind.ACCESS, student)
        stranger = student_actor(make_student())
        for _ in range(LIMITS["message"].count + 1):
            with pytest.raises(NotFound):
                write_message(stranger, clock, reference, "Hallo", ONCE)
        write_message(student_actor(student), clock, reference, "Hallo", ONCE)


def test_taking_back_ends_the_case_and_what_it_limited(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student(email="hanan@example.org")
        reference = objection(student)
        case = db.session.execute(select(Case).where(Case.reference == reference)).scalar_one()
        version, case_id = case.version, case.id
        with writing(SYSTEM, clock) as work:
            work.session.add(
                Limit(
                    student_id=student,
                    kind="objection",
                    activity="lesson_screenshots",
                    case_id=case_id,
                    provisional=True,
                    since=work.now,
                )
            )
        for _ in range(2):
            take_back(student_actor(student), clock, reference, version)
        page = own_case(student_actor(student), clock, reference)
        assert page.state is CaseState.TAKEN_BACK
        assert not page.may_take_back
        assert [each.kind for each in page.happened].count(EventKind.TAKEN_BACK) == 1
        assert db.session.execute(select(Limit.ended_at)).scalar_one() == clock.now()
    assert len(mails(app, "taken_back")) == 1


def test_a_case_that_changed_meanwhile_is_not_taken_back(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        reference = opened(RequestKind.ACCESS, student, taken=False)
        version = own_case(student_actor(student), clock, reference).version
        move_case(clock, reference, Action.TAKE)
        with pytest.raises(ChangedMeanwhile):
            take_back(student_actor(student), clock, reference, version)


def test_a_decided_case_is_not_taken_back(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        reference = opened(RequestKind.ACCESS, student)
        move_case(clock, reference, Action.DECIDE)
        page = own_case(student_actor(student), clock, reference)
        assert not page.may_take_back
        with pytest.raises(NotPossible):
            take_back(student_actor(student), clock, reference, page.version)


def test_whoever_holds_the_code_alone_takes_nothing_back(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        reference = opened(RequestKind.ACCESS, make_student())
        case_id = db.session.execute(select(Case.id)).scalar_one()
        holder = Actor(ActorKind.CASE_CODE, case_id=case_id)
        with pytest.raises(NotAllowed):
            take_back(holder, clock, reference, 1)


@pytest.mark.parametrize(
    ("level", "seen"), [(Level.ADDRESS, False), (Level.KNOWLEDGE, False), (Level.SECOND_CHANNEL, True)]
)
def test_what_was_asked_is_shown_to_whoever_may_see_such_a_value(
    app: Flask, clock: FixedClock, level: Level, seen: bool
) -> None:
    with app.app_context():
        student = make_student()
        item = Asked(TargetKind.FIELD, "person", person_of(student), "bsn", asked="999900018")
        reference = opened(RequestKind.RECTIFICATION, student, [item])
        actor = Actor(ActorKind.STUDENT, student_id=student, level=level, level_at=clock.now())
        assert [line.value for line in own_case(actor, clock, reference).items] == ["999900018" if seen else None]
