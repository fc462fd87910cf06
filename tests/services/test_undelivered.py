"""A notice that did not arrive waits until somebody told it otherwise."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.vocabulary import Level, RequestKind, Role
from portal.mail import messages
from portal.mail.transports import Refused as Refuses
from portal.records.db import db
from portal.records.tables.proof import Audit, OutMail
from portal.services.add_representative import record_representative
from portal.services.casework import NotFound
from portal.services.change_email import ask_change
from portal.services.deliver_mail import deliver
from portal.services.undelivered import record_told, undelivered
from portal.services.unit import writing
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.services.test_representatives import asked


@pytest.fixture
def school(app: Flask):
    with app.app_context():
        yield app


def all_refused() -> None:
    deliver(cases.clock(), Line(*[Refuses("smtp_550")] * 99))


def test_a_refused_notice_waits_for_the_own_branch_until_it_was_told(school: Flask) -> None:
    handler = cases.handler()
    student = factories.make_student(email="old@example.org")
    ask_change(factories.student_actor(student, Level.SECOND_CHANNEL), cases.clock(), "new@example.org")
    assert undelivered(handler, cases.clock()) == []
    all_refused()
    found = undelivered(handler, cases.clock())
    assert {(each.kind, each.student_id, each.name) for each in found} == {
        ("email_change_asked", student, "Hanan Al Hassan"),
        ("email_new", student, "Hanan Al Hassan"),
    }
    elsewhere = factories.staff_actor(
        factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    )
    assert undelivered(elsewhere, cases.clock()) == []
    for mail in (found[0].mail_id, uuid4()):
        with pytest.raises(NotFound):
            record_told(elsewhere, cases.clock(), mail)
    for _ in range(2):
        record_told(handler, cases.clock(), found[0].mail_id)
    assert undelivered(handler, cases.clock()) == found[1:]
    db.session.rollback()
    assert len(db.session.execute(select(Audit).where(Audit.act == "told_otherwise")).all()) == 1


def test_who_has_no_mail_address_is_told_by_somebody_too(school: Flask) -> None:
    student, officer = factories.make_student(email=None), cases.officer()
    record_representative(officer, cases.clock(), student, asked())
    found = undelivered(officer, cases.clock())
    assert [(each.kind, each.student_id) for each in found] == [("represented", student)]
    deliver(cases.clock(), line := Line())
    assert [mail["To"] for mail in line.accepted] == ["lawyer@example.org"]
    record_told(officer, cases.clock(), found[0].mail_id)
    assert undelivered(officer, cases.clock()) == []


def test_what_has_a_list_of_its_own_is_not_on_this_one(school: Flask) -> None:
    student = factories.make_student(email="hanan@example.org")
    officer = cases.officer()
    record_representative(officer, cases.clock(), student, asked())
    cases.opened(RequestKind.ACCESS, student)
    closes = cases.clock().today() + timedelta(days=9)
    with writing(factories.SYSTEM, cases.clock()) as work:
        for again in (False, True):
            work.send(messages.consent_asked("hanan@example.org", "nl", student, uuid4(), closes, again))
        work.send(messages.retention_notice("hanan@example.org", "nl", student, uuid4(), closes))
    all_refused()
    kinds = sorted(each.kind for each in undelivered(officer, cases.clock()))
    assert kinds == ["consent_asked", "representative_added", "represented"]
    assert set(db.session.execute(select(OutMail.state)).scalars()) == {"failed"}
    case_mail = db.session.execute(select(OutMail.id).where(OutMail.case_id.is_not(None))).scalars().first()
    db.session.rollback()
    with pytest.raises(NotFound):
        record_told(officer, cases.clock(), case_mail)
