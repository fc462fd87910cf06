"""A little more proof: birth date with postcode or student number (regulation, level 2)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.birth_date import parse
from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import ActorKind, Level, RequestKind
from portal.records.db import db
from portal.records.tables.access import Login
from portal.services import limits
from portal.services.recognise import SignedIn, recognise
from portal.services.step_up import Proof, confirm
from tests.factories import make_student, vault
from tests.services import cases

EMAIL = "samen@example.org"


def session_of(clock: FixedClock, student_id: UUID | None, shared: bool = False) -> SignedIn:
    """A session of level 1, as after a mailed link."""
    actor = Actor(ActorKind.STUDENT, student_id, level=Level.ADDRESS, level_at=clock.now(), student_id=student_id)
    digest = vault().digest("email", EMAIL) if shared else None
    return SignedIn(uuid4(), "student", actor, "nl", "full", clock.now(), clock.now(), digest)


@pytest.mark.parametrize("typed", ["1723 AB", "1723ab", "١٧٢٣ ab", "1723\u200f-AB", "C-7001", "c 7001"])
def test_the_postcode_or_the_student_number_is_enough_however_it_is_typed(
    app: Flask, clock: FixedClock, typed: str
) -> None:
    with app.app_context():
        student = make_student(student_number="C7001")
        outcome = confirm(session_of(clock, student), clock, parse("2 4 1990"), typed)
        assert outcome.proof is Proof.RIGHT
        assert outcome.session_id
        signed_in = recognise(outcome.session_id, clock)
        assert signed_in is not None
        assert (signed_in.actor.level, signed_in.actor.student_id) == (Level.KNOWLEDGE, student)


@pytest.mark.parametrize(
    ("held", "typed", "right"),
    [
        ("1985-00-00", "1985", True),
        ("1985-00-00", "1-7-1985", True),
        ("1985-01-01", "1985", True),
        ("1985-06-07", "1985", False),
        ("1985-00-00", "1986", False),
    ],
)
def test_an_unknown_birth_day_locks_nobody_out_and_opens_no_door_for_others(
    app: Flask, clock: FixedClock, held: str, typed: str, right: bool
) -> None:
    with app.app_context():
        student = make_student(birth_date=held)
        outcome = confirm(session_of(clock, student), clock, parse(typed), "1723 AB")
        assert (outcome.session_id is not None) is right


@pytest.mark.parametrize(("born", "place"), [("3-4-1990", "1723 AB"), ("2-4-1990", "1724 AB"), ("2-4-1990", "")])
def test_a_wrong_answer_leaves_no_session_and_does_not_say_what_was_wrong(
    app: Flask, clock: FixedClock, born: str, place: str
) -> None:
    with app.app_context():
        student = make_student(postcode="1723 AB", student_number="")
        outcome = confirm(session_of(clock, student), clock, parse(born), place)
        assert (outcome.proof, outcome.session_id) == (Proof.WRONG, None)
        assert db.session.execute(select(Login.id)).first() is None


def test_at_a_shared_address_the_answer_chooses_who_it_is(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        make_student(email=EMAIL, birth_date="1985-00-00")
        child = make_student(email=EMAIL, birth_date="2008-05-06")
        stranger = make_student(birth_date="2001-01-09")
        shared = session_of(clock, None, shared=True)
        chosen = confirm(shared, clock, parse("6-5-2008"), "1723 AB")
        assert chosen.session_id
        signed_in = recognise(chosen.session_id, clock)
        assert signed_in is not None
        assert signed_in.actor.student_id == child != stranger
        assert signed_in.address_digest is not None
        assert confirm(shared, clock, parse("9-1-2001"), "1723 AB").proof is Proof.WRONG


def test_twins_with_one_postcode_are_told_apart_by_their_student_number(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        make_student(email=EMAIL, student_number="C7101")
        second = make_student(email=EMAIL, student_number="C7102")
        shared = session_of(clock, None, shared=True)
        assert confirm(shared, clock, parse("2-4-1990"), "1723AB").proof is Proof.SEVERAL
        chosen = confirm(shared, clock, parse("2-4-1990"), "C7102")
        assert chosen.session_id
        signed_in = recognise(chosen.session_id, clock)
        assert signed_in is not None
        assert signed_in.actor.student_id == second


def test_five_answers_an_hour_are_the_most_in_one_session(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        session = session_of(clock, make_student())
        for _ in range(5):
            confirm(session, clock, parse("1-1-1999"), "1723 AB")
        with pytest.raises(limits.TooMany):
            confirm(session, clock, parse("2-4-1990"), "1723 AB")


def test_a_new_session_does_not_reset_the_count_for_the_same_student(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        session = session_of(clock, make_student())
        with pytest.raises(limits.TooMany):
            for _ in range(limits.LIMITS["step_up_subject"].count + 1):
                confirm(replace(session, login_id=uuid4()), clock, parse("1-1-1999"), "1723 AB")


def test_more_proof_raises_the_open_requests_that_were_filed_signed_in(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        signed = cases.opened(RequestKind.ACCESS, student, level=Level.ADDRESS)
        unsigned = cases.opened(RequestKind.ACCESS, student, level=Level.NONE)
        assert confirm(session_of(clock, student), clock, parse("2 4 1990"), "1723 AB").session_id
        assert cases.case_of(signed).assured_level == Level.KNOWLEDGE
        assert cases.case_of(unsigned).assured_level == Level.NONE


@pytest.mark.parametrize("typed", ["٢-٤-١٩٩٠", "۲/۴/۱۹۹۰", "２-４-１９９０", "2\u200f-4\u200e-1990", "02 04 1990"])
def test_the_birth_date_is_read_in_digits_of_any_script(app: Flask, clock: FixedClock, typed: str) -> None:
    with app.app_context():
        assert confirm(session_of(clock, make_student()), clock, parse(typed), "1723 AB").session_id


@pytest.mark.parametrize("typed", ["۱۷۲۳ ab", "１７２３ＡＢ", "1723\u00a0AB", "1723−AB"])
def test_the_postcode_is_read_in_digits_and_spaces_of_any_script(app: Flask, clock: FixedClock, typed: str) -> None:
    with app.app_context():
        assert confirm(session_of(clock, make_student()), clock, parse("2-4-1990"), typed).session_id
