"""The demonstration school: made through the real services, with a case at every stage and dates that are real."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import SystemClock
from portal.domain.refusal import Refused
from portal.records.db import db
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseEvent, CaseStep
from portal.records.tables.people import Student
from portal.records.tables.proof import OutMail
from portal.services import passwords
from portal.services.demo.people import FAMILY, PASSWORD, STAFF, STUDENTS
from portal.services.demo.school import NotEmpty, open_school
from portal.services.demo.sign_ins import sign_ins
from portal.services.verify_audit import verify_audit
from portal.services.warn import sweep
from tests import engines
from tests.conftest import build

CLOCK = SystemClock()


@pytest.fixture
def school(app: Flask, tmp_path: object) -> Flask:
    settings = replace(app.config["SETTINGS"], mail_url=f"file:{tmp_path}/mail")
    app.config["SETTINGS"] = settings
    with app.app_context():
        open_school(CLOCK, with_years=False)
    return app


def test_it_holds_every_language_role_and_stage(school: Flask):
    with school.app_context():
        languages = set(db.session.execute(select(Student.language)).scalars())
        assert languages == {"nl", "en", "ar", "fa", "ti", "tr", "uk"}
        assert {role for each in STAFF for role in each.roles} == {
            "case_handler",
            "privacy_officer",
            "director",
            "administrator",
        }
        cases = db.session.execute(select(Case)).scalars().all()
        states = Counter(case.state for case in cases)
        assert set(states) == {"received", "in_progress", "decided", "closed", "taken_back"}
        assert {case.outcome for case in cases} >= {"granted", "partly", "refused"}
        assert len({case.kind for case in cases}) == 8, "all seven rights and the complaint"
        today = CLOCK.today()
        waiting = [case for case in cases if case.state in {"received", "in_progress"}]
        assert any(case.due_on < today for case in waiting), "one is overdue"
        assert any(case.due_on == today for case in waiting), "one is due today"
        assert any(case.extended_days and case.due_on > case.original_due_on for case in waiting), "an extension counts"
        assert any(case.student_id is None for case in waiting), "one waits to be matched"
        assert any(case.by_post for case in waiting), "one goes by post"
        assert any(case.state == "closed" and case.kind == "erasure" and case.approver_id for case in cases)
        steps = set(db.session.execute(select(CaseStep.state)).scalars())
        assert steps >= {"open", "done"}


def test_its_dates_lie_in_the_past_and_its_mails_have_gone_to_the_folder(school: Flask):
    with school.app_context():
        now = CLOCK.now()
        assert max(db.session.execute(select(CaseEvent.at)).scalars()) <= now
        assert min(db.session.execute(select(CaseEvent.at)).scalars()) < now - timedelta(days=50)
        kinds = Counter(db.session.execute(select(OutMail.kind)).scalars())
        assert {"receipt", "decided", "carried_out", "extended", "message", "late", "taken_back"} <= set(kinds)
        assert kinds["staff_warning"] > 5
        assert set(db.session.execute(select(OutMail.state)).scalars()) == {"sent"}
        assert sweep(CLOCK).cases == 0, "nothing was left unsaid"
        assert verify_audit(CLOCK).whole


def test_its_staff_can_sign_in_and_its_people_are_listed(school: Flask):
    with school.app_context():
        hashes = db.session.execute(select(Staff.password_hash, Staff.must_change_password)).all()
        assert all(passwords.verify(row.password_hash, PASSWORD) for row in hashes[:1])
        assert not any(row.must_change_password for row in hashes)
        assert all(row.totp_sealed for row in db.session.execute(select(Staff.totp_sealed)))
        known = sign_ins(CLOCK)
        assert known is not None
        assert len(known.staff) == len(STAFF)
        assert any(each.email == FAMILY for each in known.students)


def test_it_is_opened_in_empty_databases_only(sqlite_app: Flask):
    with sqlite_app.app_context():
        open_school(CLOCK, with_years=False)
        with pytest.raises(NotEmpty):
            open_school(CLOCK)
    kept = sqlite_app.test_cli_runner().invoke(args=["demo", "--first-run"])
    assert kept.exit_code == 0
    assert "kept as they are" in kept.output
    assert sqlite_app.test_cli_runner().invoke(args=["demo"]).exit_code == 1


def test_it_is_refused_where_mail_would_leave_the_house():
    with engines.sqlite_settings(MAIL_URL="smtp://127.0.0.1:9") as settings:
        for app in build(settings):
            with app.app_context():
                with pytest.raises(Refused, match="demonstration_mail_would_leave"):
                    open_school(CLOCK)
                assert sign_ins(CLOCK) is None


def test_every_name_and_number_of_it_is_made_up():
    assert all(each.email.endswith("@example.org") for each in STUDENTS if each.email)
    assert len({each.number for each in STUDENTS}) == len(STUDENTS)
    assert sum(each.email == FAMILY for each in STUDENTS) >= 2
    assert any(not each.email for each in STUDENTS)
