"""A new mail address: at once at the desk, a week later from afar; told, stoppable, and nothing released meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.assurance import Way
from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Outcome, RequestKind, Role
from portal.mail.transports import Refused as Refuses
from portal.records.db import db
from portal.records.tables.access import Login
from portal.records.tables.people import Student, View
from portal.records.tables.proof import Audit
from portal.records.tables.representation import EmailChange
from portal.services import sign_in
from portal.services.apply_email_changes import apply_email_changes
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out
from portal.services.casework import NotFound
from portal.services.change_email import ask_change, contact_of, own_contact, record_change
from portal.services.deliver_mail import deliver
from portal.services.erasures import COOLING
from portal.services.export import download
from portal.services.no_email import record_no_email
from portal.services.sign_in import LinkState, add_login
from portal.services.stop_email_change import StopState, look, stop_by_link, stop_own
from portal.services.unit import writing
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.web.visitor import mails

pytestmark = pytest.mark.slow

OLD, NEW = "old@example.org", "new@example.org"
WEEK = timedelta(days=7)


@pytest.fixture
def school(app: Flask):
    with app.app_context():
        yield app


def l3(student, app):
    return factories.student_actor(student, Level.SECOND_CHANNEL)


def moved(app: Flask, by: timedelta) -> FixedClock:
    app.extensions["clock"] = FixedClock(app.extensions["clock"].now() + by)
    return app.extensions["clock"]


def address(student) -> object:
    return cases.values_of(student, "person")[0].get("email")


def found_by(address: str) -> list:
    return factories.vault().find("email", address)


def token(app: Flask) -> str:
    arguments = mails(app, "email_change_asked")[-1]["arguments"]
    return str(arguments["page"]).removeprefix("stop-email/")


def audited(act: str) -> int:
    db.session.rollback()
    return len(db.session.execute(select(Audit).where(Audit.act == act)).all())


def test_from_afar_it_takes_effect_after_seven_days_and_not_a_moment_sooner(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    told = ask_change(l3(student, school), clock, "  NEW@example.org ")
    assert told.from_on == (clock.now() + WEEK).date()
    deliver(clock, Line())
    later = moved(school, WEEK - timedelta(seconds=1))
    assert apply_email_changes(later) == {"addresses": 0}
    assert (address(student), found_by(OLD), found_by(NEW)) == (OLD, [student], [])
    later = moved(school, timedelta(seconds=1))
    assert apply_email_changes(later) == {"addresses": 1}
    assert apply_email_changes(later) == {"addresses": 0}
    assert str(address(student)).casefold() == NEW
    assert (found_by(OLD), found_by(NEW)) == ([], [student])
    assert audited("email_changed") == 1


def test_the_week_counts_from_the_moment_at_which_the_notice_left_however_late_that_is(
    school: Flask, clock: FixedClock
):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    later = moved(school, 2 * WEEK)  # the mail server is down
    assert apply_email_changes(later) == {"addresses": 0}
    deliver(later, line := Line())
    assert OLD in {mail["To"] for mail in line.accepted}
    assert apply_email_changes(moved(school, WEEK - timedelta(seconds=1))) == {"addresses": 0}
    assert apply_email_changes(moved(school, timedelta(seconds=1))) == {"addresses": 1}


def test_a_notice_that_nobody_can_receive_holds_nothing_up(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    deliver(clock, Line(*[Refuses("smtp_550")] * 9))
    assert apply_email_changes(moved(school, WEEK)) == {"addresses": 1}


def test_both_addresses_are_told_and_only_the_old_one_can_stop_it(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    assert [each["to"] for each in mails(school, "email_change_asked")] == [OLD]
    new = mails(school, "email_new")
    assert [each["to"] for each in new] == [NEW]
    assert "stop-email" not in str(new)


@pytest.mark.parametrize("level", [Level.ADDRESS, Level.KNOWLEDGE])
def test_below_level_three_nobody_changes_an_address_from_afar(school: Flask, clock: FixedClock, level: Level):
    student = factories.make_student(email=OLD)
    with pytest.raises(NotAllowed, match="level"):
        ask_change(factories.student_actor(student, level), clock, NEW)
    assert mails(school) == []


def test_a_level_three_of_yesterday_is_not_enough(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    stale = factories.student_actor(student, Level.SECOND_CHANNEL, clock.now() - timedelta(days=1))
    with pytest.raises(NotAllowed, match="level"):
        ask_change(stale, clock, NEW)


def test_opening_the_stop_link_changes_nothing_and_the_button_stops_it_for_good(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    with writing(factories.SYSTEM, clock) as work:
        add_login(work, student, None, Level.SECOND_CHANNEL)
    link = token(school)
    assert look(clock, link) is look(clock, link) is StopState.WAITING
    assert stop_by_link(clock, link, "192.0.2.1") is StopState.STOPPED
    assert stop_by_link(clock, link, "192.0.2.1") is StopState.STOPPED
    assert db.session.execute(select(Login)).all() == []
    assert apply_email_changes(moved(school, WEEK)) == {"addresses": 0}
    assert address(student) == OLD
    assert stop_by_link(clock, "guessed", "192.0.2.1") is StopState.UNKNOWN


def test_after_it_took_effect_the_link_only_says_that_it_is_too_late(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    link = token(school)
    deliver(clock, Line())
    later = moved(school, WEEK)
    apply_email_changes(later)
    assert look(later, link) is stop_by_link(later, link, "192.0.2.1") is StopState.TOO_LATE
    assert address(student) == NEW


def test_the_student_stops_the_own_change_at_level_one_and_stays_signed_in(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    actor = factories.student_actor(student, Level.ADDRESS)
    assert own_contact(actor, clock).pending.new == NEW
    assert stop_own(actor, clock) is True
    assert stop_own(actor, clock) is False
    assert own_contact(actor, clock).pending is None


def test_at_the_desk_it_works_at_once_and_kills_links_and_sessions_of_the_old_address(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    officer = cases.officer()
    sign_in.ask(clock, OLD, "nl", "browser", "192.0.2.1")
    link = str(mails(school, "sign_in")[-1]["arguments"]["path"]).rsplit("/", 1)[-1]
    with writing(factories.SYSTEM, clock) as work:
        add_login(work, student, None, Level.ADDRESS)
    told = record_change(officer, clock, student, NEW, Way.SHOW_ID_AT_DESK, at_desk=True)
    assert told.from_on == clock.today()
    assert (address(student), found_by(OLD), found_by(NEW)) == (NEW, [], [student])
    assert sign_in.enter_by_link(clock, link, "browser", "192.0.2.1").state is LinkState.REPLACED
    assert db.session.execute(select(Login)).all() == []
    assert [each["to"] for each in mails(school, "email_changed")] == [OLD]
    assert mails(school, "email_change_asked") == []


def test_at_the_desk_the_change_that_waits_is_over(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, "hijacker@example.org")
    record_change(cases.officer(), clock, student, NEW, Way.SHOW_ID_AT_DESK, at_desk=True)
    assert apply_email_changes(moved(school, WEEK)) == {"addresses": 0}
    assert address(student) == NEW


def test_a_way_to_level_two_is_not_enough_for_staff_either(school: Flask, clock: FixedClock):
    student, officer = factories.make_student(email=OLD), cases.officer()
    with pytest.raises(Refused, match="way_too_light"):
        record_change(officer, clock, student, NEW, Way.RECOGNISED_BY_STAFF, at_desk=True)
    with pytest.raises(Refused, match="bad_way"):
        record_change(officer, clock, student, NEW, "because", at_desk=True)


def test_the_notice_is_left_out_only_with_a_reason_and_the_log_keeps_it(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    officer = cases.officer()
    with pytest.raises(Refused, match="reason_missing"):
        record_change(officer, clock, student, NEW, Way.CALL_BACK, at_desk=False, silent=True, reason="  ")
    record_change(officer, clock, student, NEW, Way.CALL_BACK, at_desk=False, silent=True, reason="De ex leest mee.")
    assert {each["to"] for each in mails(school)} == {NEW}
    assert audited("suppress_notice") == 1
    db.session.rollback()
    assert db.session.execute(select(EmailChange.notice_left_out)).scalar_one() is True


def test_staff_of_another_branch_find_no_such_student_and_administrators_neither(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    elsewhere = factories.staff_actor(
        factories.make_staff("other", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    )
    admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    for actor in (elsewhere, admin):
        with pytest.raises(NotFound):
            record_change(actor, clock, student, NEW, Way.SHOW_ID_AT_DESK, at_desk=True)
        with pytest.raises(NotFound):
            contact_of(actor, clock, student, "call")


def test_reading_the_address_is_a_view_with_its_reason(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    handler = cases.handler()
    with pytest.raises(NotAllowed, match="reason_missing"):
        contact_of(handler, clock, student, "")
    assert contact_of(handler, clock, student, "student_asked").email == OLD
    rows = db.session.execute(select(View.what, View.reason).where(View.student_id == student)).all()
    assert [tuple(row) for row in rows] == [("contact", "student_asked")]


@pytest.mark.parametrize("typed", ["", "nobody", "a@b", "a b@example.org", "a@example.org\r\nBcc: x@example.org"])
def test_what_is_no_address_is_refused_and_changes_nothing(school: Flask, clock: FixedClock, typed: str):
    student = factories.make_student(email=OLD)
    with pytest.raises(Refused, match="email_invalid"):
        ask_change(l3(student, school), clock, typed)
    assert (address(student), mails(school)) == (OLD, [])


def test_the_same_address_and_a_second_change_are_refused(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    with pytest.raises(Refused, match="same_address"):
        ask_change(l3(student, school), clock, "OLD@Example.org")
    ask_change(l3(student, school), clock, NEW)
    with pytest.raises(Refused, match="change_waiting"):
        ask_change(l3(student, school), clock, "third@example.org")


def test_an_address_that_others_read_is_allowed_and_staff_are_told_how_many(school: Flask, clock: FixedClock):
    factories.make_student(email=NEW)
    student = factories.make_student(email=OLD)
    told = record_change(cases.officer(), clock, student, NEW, Way.SHOW_ID_AT_DESK, at_desk=True)
    assert told.others == 1
    assert len(found_by(NEW)) == 2


def test_while_it_waits_no_copy_is_released_or_read_and_nothing_is_erased(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD, last_programme_ended=date(2020, 1, 31))
    officer, director = cases.officer(), cases.director()
    released = cases.opened(RequestKind.PORTABILITY, student)
    cases.decided(released, officer)
    carry_out(officer, clock, released, cases.version_of(released))
    waiting = cases.opened(RequestKind.PORTABILITY, student)
    cases.decided(waiting, officer)
    erasure = cases.opened(RequestKind.ERASURE, student)
    cases.decided(erasure, officer)
    approve(director, clock, erasure, cases.version_of(erasure))
    deliver(clock, Line())
    clock.advance(COOLING)
    ask_change(l3(student, school), clock, NEW)
    until = (clock.now() + WEEK).date()
    for act in (
        lambda: download(l3(student, school), clock, released, "json"),
        lambda: download(officer, clock, released, "json"),
        lambda: carry_out(officer, clock, waiting, cases.version_of(waiting)),
        lambda: carry_out(director, clock, erasure, cases.version_of(erasure)),
    ):
        with pytest.raises(Refused, match="address_change_pending") as refused:
            act()
        assert refused.value.params["until"] == until
    stop_own(factories.student_actor(student), clock)
    assert download(l3(student, school), clock, released, "json").content
    carry_out(director, clock, erasure, cases.version_of(erasure))
    assert cases.values_of(student, "person") == []


def test_without_a_usable_address_sign_in_dies_and_open_cases_go_by_post(school: Flask, clock: FixedClock):
    student = factories.make_student(email=OLD)
    reference = cases.opened(RequestKind.ACCESS, student)
    officer = cases.officer()
    with pytest.raises(Refused, match="reason_missing"):
        record_no_email(officer, clock, student, " ")
    record_no_email(officer, clock, student, "Het postvak is weg.")
    assert (address(student), found_by(OLD)) == (None, [])
    assert cases.case_of(reference).by_post is True
    assert db.session.get(Student, student).has_email is False
    record_change(officer, clock, student, NEW, Way.SHOW_ID_AT_DESK, at_desk=True)
    assert cases.case_of(reference).by_post is False


def test_a_run_that_broke_between_the_strokes_is_finished_by_the_next(school: Flask, clock: FixedClock, monkeypatch):
    student = factories.make_student(email=OLD)
    ask_change(l3(student, school), clock, NEW)
    deliver(clock, Line())
    later = moved(school, WEEK)
    with monkeypatch.context() as broken:
        broken.setattr("portal.services.apply_email_changes.reindex", lambda *_: (_ for _ in ()).throw(OSError("lost")))
        with pytest.raises(OSError, match="lost"):
            apply_email_changes(later)
    assert (address(student), found_by(NEW)) == (NEW, [])
    assert apply_email_changes(later) == {"addresses": 1}
    assert (found_by(OLD), found_by(NEW)) == ([], [student])


def test_a_granted_decision_is_untouched_by_all_this(school: Flask, clock: FixedClock):
    """Deciding itself releases nothing, so it goes on."""
    student = factories.make_student(email=OLD)
    reference = cases.opened(RequestKind.PORTABILITY, student)
    ask_change(l3(student, school), clock, NEW)
    assert cases.decided(reference, cases.officer()).outcome is Outcome.GRANTED
