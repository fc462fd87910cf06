"""Terms that end: nothing unconfirmed, told a month before, kept for a case or a hold, held by a doubted clock."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import RequestKind, StepState, TargetKind
from portal.mail.transports import Refused as Refuses
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.records.tables.erasure import Erasure, OutsideStep, TermEnd
from portal.records.tables.people import Student
from portal.records.tables.proof import AuditDetail, OutMail
from portal.services import clock_guard, resume_erasures, retention, retention_pages, retention_terms, sweep_classes
from portal.services.casework import Asked
from portal.services.deliver_mail import deliver
from portal.services.place_hold import end_hold, place_hold
from portal.vault.envelope import Holder
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.services.test_erase_items import keys_of, opens, records, sealed_of

pytestmark = pytest.mark.slow

ENDED = date(2023, 12, 1)  # three years on: 1 December 2026, eight days after the tests' now
LAST = date(2026, 12, 1)


def confirmed(*codes):
    boss = cases.director()
    for code in codes or ("standard", "exemption"):
        retention_terms.confirm(boss, cases.clock(), code)
    return boss


def former(**more):
    student = factories.make_student(last_programme_ended=ENDED, **more)
    factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    factories.add_record(student, "exemption", kind="medical", application_date="2020-01-05")
    return student


def nights(until: date, mailed: bool = True):
    """A run each night up to and including that day, after the mails of the day before; the last one's numbers."""
    clock, ran = cases.clock(), None
    while clock.today() < until:
        clock.advance(timedelta(days=1))
        if mailed:
            deliver(clock, Line())
        ran = retention.run(clock)
    return ran


def terms():
    db.session.rollback()
    return {(row.student_id, row.retention): row for row in db.session.query(TermEnd)}


def notices():
    db.session.rollback()
    return db.session.execute(select(func.count()).where(OutMail.kind == "retention_notice")).scalar_one()


def test_a_class_goes_a_month_after_the_student_was_told_and_not_before_its_term_is_over(context):
    student = former()
    confirmed()
    backup = sealed_of(student)
    ran = retention.run(cases.clock())
    assert (ran.listed, ran.told, ran.erased) == (1, 1, 0)
    assert retention.run(cases.clock()).as_dict() == retention.Ran().as_dict()  # nothing twice
    assert notices() == 1
    term = terms()[student, "standard"]
    assert (term.kept_until, term.told_on) == (LAST, cases.clock().today())
    told = cases.clock().today()
    nights(told + timedelta(days=29))
    assert {item.dataset for item in records(student)} == {"person", "bank", "exemption"}
    assert nights(told + timedelta(days=30)).erased == 1

    assert {item.dataset for item in records(student)} == {"exemption"}  # six years
    assert "standard" not in keys_of(student)
    assert {part.retention for part in opens(student, backup)} == {"exemption"}
    term = terms()[student, "standard"]
    erasure = db.session.get(Erasure, term.erasure_id)
    assert (erasure.cause, erasure.state, erasure.case_id) == ("retention", "done", None)
    assert erasure.certificate is not None
    assert term.done_at == cases.clock().now()
    assert nights(cases.clock().today() + timedelta(days=3)).erased == 0


def test_told_long_before_it_goes_the_day_after_its_term(small):
    student = former()
    confirmed()
    cases.clock().set(cases.clock().now() - timedelta(days=22))  # 1 November: a month before
    retention.run(cases.clock())
    assert terms()[student, "standard"].told_on == date(2026, 11, 1)
    nights(LAST)
    assert len(records(student)) == 3
    nights(LAST + timedelta(days=1))
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_nothing_is_told_or_erased_in_a_class_that_nobody_confirmed(context):
    student = former()
    assert retention.run(cases.clock()).as_dict() | {"listed": 1} == retention.Ran(listed=1).as_dict()
    nights(date(2027, 1, 20))
    assert notices() == 0
    assert len(records(student)) == 3
    found = retention_pages.preview(factories.SYSTEM, cases.clock())
    assert [line.state for line in found.lines] == ["unconfirmed"]


def test_only_the_director_confirms_and_other_terms_must_be_confirmed_anew(small):
    from dataclasses import replace

    for actor in (cases.officer(), cases.handler()):
        with pytest.raises(NotAllowed):
            retention_terms.confirm(actor, cases.clock(), "standard")
    boss = confirmed("standard")
    with pytest.raises(Refused, match="unknown_class"):
        retention_terms.confirm(boss, cases.clock(), "nonsense")
    policy = small.extensions["policy"]
    longer = {**policy.retention, "standard": replace(policy.retention["standard"], years=5)}
    found = {each.retention.code: each for each in retention_terms.all_terms(boss, cases.clock())}
    assert (found["standard"].confirmed, found["standard"].by) == (True, "Director")
    assert not found["exemption"].confirmed
    small.extensions["policy"] = replace(policy, retention=longer)
    found = {each.retention.code: each for each in retention_terms.all_terms(boss, cases.clock())}
    assert not found["standard"].confirmed


def test_who_still_studies_or_began_again_is_not_listed(small):
    running, again = factories.make_student(), former()
    factories.add_record(running, "programme", programme_number="1", start_date="2020-01-01")
    confirmed()
    retention.run(cases.clock())
    assert set(terms()) == {(again, "standard")}
    begin_write()
    db.session.get(Student, again).last_programme_ended = None
    db.session.commit()
    factories.add_record(again, "programme", programme_number="2", start_date="2026-11-01")
    cases.clock().advance(timedelta(days=1))
    retention.run(cases.clock())
    assert terms() == {}
    assert db.session.query(OutsideStep).count() == 0


def test_who_never_had_a_programme_is_kept_no_longer_than_from_the_registration(small):
    student = factories.make_student()  # registered on 5 January 2026
    confirmed()
    cases.clock().set(cases.clock().now().replace(year=2028, month=12, day=20))
    retention.run(cases.clock())
    assert terms()[student, "standard"].kept_until == date(2029, 1, 5)


def test_a_running_case_keeps_what_it_is_about_and_the_rest_goes(context):
    student = former()
    confirmed()
    reference = cases.opened(RequestKind.RECTIFICATION, student, [cases.field_of(student, "town", "Alkmaar")])
    retention.run(cases.clock())
    backup = sealed_of(student)
    nights(cases.clock().today() + timedelta(days=31))
    assert cases.values_of(student, "person") == [{"town": "Noord-Scharwoude"}]
    assert cases.values_of(student, "bank") == []
    assert keys_of(student)["standard"] == [2]  # sealed anew: a backup loses the rest
    assert {part.retention for part in opens(student, backup)} == {"exemption"}
    assert terms()[student, "standard"].done_at is None
    begin_write()
    case_row(reference).state = "closed"
    db.session.commit()
    nights(cases.clock().today() + timedelta(days=1))
    assert cases.values_of(student, "person") == []
    assert terms()[student, "standard"].done_at is not None


def case_row(reference):
    return db.session.execute(select(Case).where(Case.reference == reference)).scalar_one()


@pytest.mark.parametrize("asked", [Asked(TargetKind.WORDS, words="alles?"), Asked(TargetKind.EVERYTHING)])
def test_a_case_about_everything_or_in_own_words_keeps_everything(small, asked):
    student = former()
    confirmed()
    cases.opened(RequestKind.ACCESS, student, [asked])
    retention.run(cases.clock())
    nights(cases.clock().today() + timedelta(days=32))
    assert len(records(student)) == 3
    assert retention_pages.preview(factories.SYSTEM, cases.clock()).lines[0].state == "kept"


def test_a_hold_keeps_until_its_last_day_and_needs_the_officer_a_reason_and_an_end(context):
    student = former()
    boss, officer = confirmed(), cases.officer()
    until = cases.clock().today() + timedelta(days=40)
    with pytest.raises(NotAllowed):
        place_hold(boss, cases.clock(), student, (), until, "court_case")
    with pytest.raises(Refused, match="reason_missing"):
        place_hold(officer, cases.clock(), student, (), until, "complexity")
    with pytest.raises(Refused, match="hold_over"):
        place_hold(officer, cases.clock(), student, (), cases.clock().today(), "court_case")
    place_hold(officer, cases.clock(), student, (2,), until, "court_case")  # the bank account
    retention.run(cases.clock())
    nights(until)
    assert {item.dataset for item in records(student)} == {"bank", "exemption"}
    nights(until + timedelta(days=1))
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_a_hold_that_is_lifted_holds_no_longer(small):
    student = former()
    confirmed()
    officer = cases.officer()
    place_hold(officer, cases.clock(), student, (), cases.clock().today() + timedelta(days=400), "inspection")
    retention.run(cases.clock())
    nights(cases.clock().today() + timedelta(days=31))
    assert len(records(student)) == 3
    end_hold(officer, cases.clock(), student)
    nights(cases.clock().today() + timedelta(days=1))
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_a_clock_that_jumps_holds_deletions_until_somebody_says_that_it_is_right(context, caplog):
    student = former()
    boss = confirmed()
    retention.run(cases.clock())
    deliver(cases.clock(), Line())
    cases.clock().advance(timedelta(days=40))
    for _ in range(2):
        assert retention.run(cases.clock()).held == 1
    assert "the clock jumped" in caplog.text
    assert len(records(student)) == 3
    assert resume_erasures.resume(cases.clock()).begun == 0
    mails = db.session.execute(
        select(func.count()).where(OutMail.kind == "staff_retention", OutMail.dedupe.like("%clock%"))
    ).scalar_one()
    assert mails == 1
    with pytest.raises(NotAllowed):
        clock_guard.trust(cases.handler(), cases.clock())
    assert retention.run(cases.clock()).held == 1
    clock_guard.trust(boss, cases.clock())
    assert retention.run(cases.clock()).erased == 1


def test_by_post_the_day_on_which_the_letter_was_posted_counts(small):
    student = former(email=None)
    confirmed()
    officer = cases.officer()
    retention.run(cases.clock())
    (line,) = retention_pages.preview(officer, cases.clock()).lines
    assert (line.state, line.student) == ("to_post", "Hanan Al Hassan")
    assert retention_pages.print_notice(officer, cases.clock(), line.id).startswith(b"%PDF")
    with pytest.raises(Refused, match="posted_in_future"):
        retention_pages.record_told(officer, cases.clock(), line.id, cases.clock().today() + timedelta(days=1))
    retention_pages.record_told(officer, cases.clock(), line.id, cases.clock().today())
    with pytest.raises(Refused, match="already_told"):
        retention_pages.record_told(officer, cases.clock(), line.id, cases.clock().today())
    nights(cases.clock().today() + timedelta(days=30))
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_a_notice_that_did_not_arrive_told_nobody_and_goes_by_post(context):
    student = former()
    confirmed()
    officer, clock = cases.officer(), cases.clock()
    retention.run(clock)
    deliver(clock, Line(*[Refuses("smtp_550")] * 9))
    (line,) = [each for each in retention_pages.preview(officer, clock).lines if each.retention == "standard"]
    assert (line.state, line.told_on) == ("to_post", None)
    nights(LAST + timedelta(days=40))
    assert notices() == 1, "the same address is not tried again"
    assert len(records(student)) == 3, "nothing goes of which nobody was told"
    retention_pages.record_told(officer, clock, line.id, clock.today())
    nights(clock.today() + timedelta(days=30))
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_nothing_goes_on_a_notice_that_has_not_left_yet(small):
    student = former()
    confirmed()
    nights(LAST + timedelta(days=40), mailed=False)
    assert len(records(student)) == 3
    deliver(cases.clock(), Line())
    retention.run(cases.clock())
    assert {item.dataset for item in records(student)} == {"exemption"}


def test_holders_outside_have_steps_that_stay_on_the_list_until_done(small):
    former()
    confirmed()
    officer = cases.officer()
    retention.run(cases.clock())
    (line,) = retention_pages.preview(officer, cases.clock()).lines
    assert line.outside_open == 3
    with pytest.raises(Refused, match="too_early"):
        retention_pages.finish_outside(officer, cases.clock(), line.id, "paper_file", StepState.DONE)
    nights(cases.clock().today() + timedelta(days=30))
    assert [each.state for each in retention_pages.preview(officer, cases.clock()).lines] == ["outside"]
    for holder in ("student_administration", "paper_file", "mailbox"):
        retention_pages.finish_outside(officer, cases.clock(), line.id, holder, StepState.DONE)
    assert retention_pages.preview(officer, cases.clock()).lines == []
    with pytest.raises(Refused, match="step_finished"):
        retention_pages.finish_outside(officer, cases.clock(), line.id, "mailbox", StepState.DONE)


def test_the_student_reads_when_it_goes(small):
    student = former()
    confirmed()
    retention.run(cases.clock())
    (own,) = retention_pages.own_terms(factories.student_actor(student), cases.clock())
    assert (own.retention, own.erased_from) == ("standard", cases.clock().today() + timedelta(days=30))


# --- the portal's own classes


def test_old_requests_mails_views_and_details_go_only_when_their_terms_are_confirmed(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.ACCESS, student)
    kept = cases.opened(RequestKind.ACCESS, student)
    case = cases.case_of(reference).id
    begin_write()
    closed = case_row(reference)
    closed.state, closed.closed_at = "closed", cases.clock().now()
    db.session.query(OutMail).update({"state": "sent"})
    db.session.commit()
    holder = Holder.case(case)
    cases.clock().set(cases.clock().now().replace(year=2029, month=11, day=24))
    assert sweep_classes.sweep(cases.clock()) == dict.fromkeys(("case", "mail", "view", "audit_detail"), 0)
    assert factories.vault().has_key(holder, "case")
    confirmed("case", "mail", "view", "audit_detail")
    gone = sweep_classes.sweep(cases.clock())
    assert gone["case"] == 1
    assert gone["mail"] > 0
    assert gone["audit_detail"] > 0
    assert not factories.vault().has_key(holder, "case")
    db.session.rollback()
    assert db.session.execute(select(OutMail)).first() is None
    assert db.session.query(AuditDetail).filter(AuditDetail.holder_id == case).count() == 0
    assert cases.case_of(kept).state == "in_progress"
    from portal.audit.log import verify_chain

    assert verify_chain(db.session)[1] is None


def test_the_day_before_the_last_one_of_a_term_nothing_is_swept(small):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    confirmed("case")
    begin_write()
    closed = case_row(reference)
    closed.state, closed.closed_at = "closed", cases.clock().now()
    db.session.commit()
    cases.clock().set(cases.clock().now().replace(year=2029, month=11, day=23))
    assert sweep_classes.sweep(cases.clock())["case"] == 0
    cases.clock().advance(timedelta(days=1))
    assert sweep_classes.sweep(cases.clock())["case"] == 1
