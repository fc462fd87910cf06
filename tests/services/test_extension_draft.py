"""The filled-in draft of an extension: from day 24 on, as long as it can be sent, and it never sends itself."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.jobs import JOBS, run
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.case_page import case_page
from portal.services.casework import Asked, NewCase, Opened, open_case
from portal.services.extend_case import extend
from portal.services.unit import writing
from tests import factories
from tests.services.test_warn import RECEIVED, at


def file_request(clock: FixedClock, student: UUID, kind: RequestKind = RequestKind.ACCESS) -> Opened:
    clock.set(at(RECEIVED, 9))
    new = NewCase(kind, Channel.LETTER, "nl", RECEIVED, (Asked(TargetKind.EVERYTHING),), student_id=student)
    with writing(SYSTEM, clock) as work:
        return open_case(work, new)


@pytest.fixture
def student(app: Flask) -> UUID:
    with app.app_context():
        return factories.make_student(factories.make_branch("alkmaar"))


@pytest.fixture
def officer(app: Flask):
    with app.app_context():
        return factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))


def test_it_is_there_from_day_24_to_the_due_date(app: Flask, clock: FixedClock, student: UUID, officer):
    with app.app_context():
        reference = file_request(clock, student).reference
        days = []
        for number in range(33):
            clock.set(at(RECEIVED + timedelta(days=number)))
            if case_page(officer, clock, reference).extension:
                days.append(number)
        assert days == [24, 25, 26, 27, 28]


def test_it_is_filled_in_so_that_a_press_sends_it(app: Flask, clock: FixedClock, student: UUID, officer):
    with app.app_context():
        opened = file_request(clock, student)
        clock.set(at(RECEIVED + timedelta(days=24)))
        draft = case_page(officer, clock, opened.reference).extension
        assert draft is not None
        assert (draft.reason, draft.days, draft.until) == ("complexity", 28, date(2026, 11, 2))
        version = db.session.execute(select(Case.version).where(Case.reference == opened.reference)).scalar_one()
        assert extend(officer, clock, opened.reference, version, draft.days, draft.reason) == draft.until
        assert case_page(officer, clock, opened.reference).extension is None, "once"


def test_who_asked_several_things_is_told_so(app: Flask, clock: FixedClock, student: UUID, officer):
    with app.app_context():
        file_request(clock, student, RequestKind.PORTABILITY)
        reference = file_request(clock, student).reference
        clock.set(at(RECEIVED + timedelta(days=24)))
        draft = case_page(officer, clock, reference).extension
        assert draft is not None
        assert draft.reason == "number_of_requests"


@pytest.mark.parametrize("values", [{"state": "decided"}, {"state": "closed"}, {"kind": "withdrawal"}])
def test_what_cannot_be_extended_has_none(
    app: Flask, clock: FixedClock, student: UUID, officer, values: dict[str, str]
):
    with app.app_context():
        reference = file_request(clock, student).reference
        begin_write()
        db.session.execute(update(Case).where(Case.reference == reference).values(**values))
        db.session.commit()
        clock.set(at(RECEIVED + timedelta(days=25)))
        assert case_page(officer, clock, reference).extension is None


@pytest.mark.slow
def test_no_job_ever_sends_it(app: Flask, clock: FixedClock, student: UUID, officer):
    with app.app_context():
        case_id = file_request(clock, student).case_id
        for number in (24, 26, 28, 29):
            clock.set(at(RECEIVED + timedelta(days=number)))
            for job in JOBS:
                run(app, job)
        db.session.rollback()
        assert db.session.get_one(Case, case_id).extended_days is None
        assert not db.session.execute(select(OutMail.id).where(OutMail.kind == "extended")).first()
