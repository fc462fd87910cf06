"""Withdrawing a consent: one press, at once, no decision (GDPR 7(3); regulation, art. 9.7)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.events import EventKind
from portal.domain.lifecycle import CaseState
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.cases import Case, CaseStep
from portal.records.tables.people import Limit
from portal.services.withdraw_consent import consents, withdraw
from tests.factories import add_record, make_student, student_actor
from tests.web.visitor import mails

CONSENT = "diploma_valuation"


def student_with_consents() -> UUID:
    student = make_student(email="hanan@example.org")
    for number, activity in enumerate(("training", CONSENT, "medical_advice")):
        add_record(student, "consent", activity=activity, date=f"2025-08-2{number}", regulation_version="5.0")
    return student


def test_a_consent_ends_at_once_and_opens_the_steps_of_staff(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = student_with_consents()
        done = withdraw(student_actor(student), clock, CONSENT, "nl")
        case = db.session.execute(select(Case)).scalar_one()
        assert (case.kind, case.state, case.outcome) == (RequestKind.WITHDRAWAL, CaseState.DECIDED, "granted")
        assert case.reference == done.reference
        limit = db.session.execute(select(Limit)).scalar_one()
        assert (limit.kind, limit.activity, limit.provisional) == ("withdrawal", CONSENT, False)
        kinds = {event.kind for event in casebook.events_of(db.session, case.id)}
        assert EventKind.TOOK_EFFECT in kinds
        assert db.session.execute(select(func.count()).select_from(CaseStep)).scalar_one() > 0
        by_code = {each.activity.code: each for each in consents(student_actor(student), clock)}
        assert by_code[CONSENT].withdrawn_on == date(2026, 11, 23)
        assert by_code[CONSENT].reference == done.reference
        assert not by_code[CONSENT].withdrawable
        assert by_code["medical_advice"].withdrawable
    assert len(mails(app, "consent_withdrawn")) == 1


def test_the_contract_is_no_consent(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = student_with_consents()
        by_code = {each.activity.code: each for each in consents(student_actor(student), clock)}
        assert not by_code["training"].withdrawable
        for activity in ("training", "duo_financing", "no such activity", ""):
            with pytest.raises(Refused):
                withdraw(student_actor(student), clock, activity, "nl")
        assert db.session.execute(select(Case.id)).first() is None


def test_a_consent_that_was_never_given_cannot_end(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student_with_consents()
        with pytest.raises(Refused):
            withdraw(student_actor(make_student()), clock, CONSENT, "nl")


def test_withdrawing_twice_gives_the_same_answer_and_one_case(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(student_with_consents())
        assert withdraw(actor, clock, CONSENT, "nl") == withdraw(actor, clock, CONSENT, "nl")
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_of_parallel_presses_there_is_one_withdrawal(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(student_with_consents())

    def press(_number: int) -> str:
        with app.app_context():
            return withdraw(actor, clock, CONSENT, "nl").reference

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(press, range(8)))) == 1
