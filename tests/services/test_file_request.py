"""Filing: one case however often the button is pressed; what waits for no decision happens at once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID, uuid4

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.lifecycle import CaseState
from portal.domain.permissions import ANONYMOUS, Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind, Role, TargetKind
from portal.records import casebook
from portal.records.db import db
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.people import Limit
from portal.services import drafts, limits
from portal.services.casework import Asked, Contact, NotFound
from portal.services.file_request import Filing, Receipt, WrongValue, file_request, read_value
from tests.factories import add_record, make_staff, make_student, staff_actor, student_actor, vault
from tests.services.test_own_data import statements
from tests.web.visitor import mails

PLACE = "192.0.2.1"
CONTACT = Contact(name="Hanan Al Hassan", email="new@example.org")
EVERYTHING = (Asked(TargetKind.EVERYTHING),)


def owner(actor: Actor) -> drafts.Owner:
    return drafts.Owner("browser", actor.student_id)


def file(clock: FixedClock, actor: Actor, filing: Filing, draft: UUID | None = None) -> Receipt:
    whose = owner(actor)
    return file_request(actor, clock, filing, draft or drafts.start(clock, whose, {}), whose, PLACE)


def case_of(receipt: Receipt) -> Case:
    return db.session.execute(select(Case).where(Case.reference == receipt.reference)).scalar_one()


def test_a_signed_in_request_is_of_the_student_and_is_answered_in_four_weeks(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student(email="hanan@example.org")
        receipt = file(clock, student_actor(student), Filing(RequestKind.ACCESS, "nl", EVERYTHING))
        case = case_of(receipt)
        assert (case.student_id, case.state) == (student, CaseState.RECEIVED)
        assert (case.received_on, case.due_on, receipt.answer_by) == (
            date(2026, 11, 23),
            date(2026, 12, 21),
            date(2026, 12, 21),
        )
        assert (case.assured_level, case.assured_how) == (1, "mail_link")
        assert casebook.contents(vault(), case)["contact"] == {}
        assert len(receipt.code.replace(" ", "")) == 12
    assert [(mail["kind"], mail["to"]) for mail in mails(app)] == [("receipt", "hanan@example.org")]


def test_a_request_without_signing_in_needs_no_proof_and_is_matched_later(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        make_staff("petra", Role.PRIVACY_OFFICER)
        receipt = file(clock, ANONYMOUS, Filing(RequestKind.ERASURE, "nl", EVERYTHING, contact=CONTACT, helper="Omar"))
        case = case_of(receipt)
        assert (case.student_id, case.branch_id, case.assured_level) == (None, None, 0)
        kept = casebook.contents(vault(), case)
        assert kept["contact"] == {"name": "Hanan Al Hassan", "email": "new@example.org"}
        assert kept["helper"] == "Omar"
    assert {(mail["kind"], mail["to"]) for mail in mails(app)} == {
        ("receipt", "new@example.org"),
        ("staff_new_case", "petra@school.example.org"),
    }


def test_pressing_twice_and_reloading_is_one_case(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(make_student())
        draft = drafts.start(clock, owner(actor), {})
        filing = Filing(RequestKind.ACCESS, "nl", EVERYTHING)
        first, second = (file(clock, actor, filing, draft) for _ in range(2))
        assert first == second
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1
    assert len(mails(app, "receipt")) == 1


def test_of_parallel_presses_there_is_one_case(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(make_student())
        draft = drafts.start(clock, owner(actor), {})

    def press(_number: int) -> str:
        with app.app_context():
            return file(clock, actor, Filing(RequestKind.ACCESS, "nl", EVERYTHING), draft).reference

    with ThreadPoolExecutor(5) as pool:
        assert len(set(pool.map(press, range(10)))) == 1
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_a_contested_value_is_restricted_at_once_and_kept_as_it_was(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        bank = add_record(student, "bank", iban="NL91ABNA0417164300")
        asked = Asked(TargetKind.FIELD, dataset="bank", item_id=bank, field="iban", asked="NL20INGB0001234567")
        receipt = file(clock, student_actor(student), Filing(RequestKind.RECTIFICATION, "nl", (asked,)))
        limit = db.session.execute(select(Limit)).scalar_one()
        assert (limit.kind, limit.item_id, limit.field, limit.provisional) == ("restriction", bank, "iban", True)
        item = db.session.execute(select(CaseItem)).scalar_one()
        kept = casebook.item_contents(vault(), item)
        assert (kept["asked"], kept["current"]) == ("NL20INGB0001234567", "NL91ABNA0417164300")
        assert "restricted" in {event.kind for event in casebook.events_of(db.session, case_of(receipt).id)}


def test_an_activity_that_is_objected_to_is_suspended_at_once(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        student = make_student()
        asked = Asked(TargetKind.ACTIVITY, activity="lesson_screenshots", words="Ik wil niet op de foto")
        file(clock, student_actor(student), Filing(RequestKind.OBJECTION, "nl", (asked,)))
        limit = db.session.execute(select(Limit)).scalar_one()
        assert (limit.kind, limit.activity, limit.provisional) == ("objection", "lesson_screenshots", True)


def test_nothing_is_limited_for_somebody_who_is_not_known(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        asked = Asked(TargetKind.ACTIVITY, activity="lesson_screenshots")
        file(clock, ANONYMOUS, Filing(RequestKind.OBJECTION, "nl", (asked,), contact=CONTACT))
        assert db.session.execute(select(Limit)).first() is None


def test_another_students_item_or_case_is_not_found_and_nothing_is_filed(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        theirs = make_student()
        bank = add_record(theirs, "bank", iban="NL91ABNA0417164300")
        their_case = file(clock, student_actor(theirs), Filing(RequestKind.ACCESS, "nl", EVERYTHING))
        actor = student_actor(make_student())
        for item_id in (bank, uuid4()):
            asked = Asked(TargetKind.FIELD, dataset="bank", item_id=item_id, field="iban", asked="NL20INGB0001234567")
            with pytest.raises(NotFound):
                file(clock, actor, Filing(RequestKind.RECTIFICATION, "nl", (asked,)))
        complaint = (Asked(TargetKind.WORDS, words="Te laat"),)
        with pytest.raises(NotFound):
            file(clock, actor, Filing(RequestKind.COMPLAINT, "nl", complaint, about=their_case.reference))
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 1


def test_a_complaint_may_be_about_an_own_case(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = student_actor(make_student())
        first = file(clock, actor, Filing(RequestKind.ACCESS, "nl", EVERYTHING))
        words = (Asked(TargetKind.WORDS, words="Ik wacht al lang"),)
        second = file(clock, actor, Filing(RequestKind.COMPLAINT, "nl", words, about=first.reference))
        assert case_of(second).about_case_id == case_of(first).id


FOREIGN_FIELD = Asked(TargetKind.FIELD, dataset="bank", item_id=uuid4(), field="iban", asked="x")


@pytest.mark.parametrize(
    ("filing", "code"),
    [
        (Filing(RequestKind.ACCESS, "nl", (), contact=CONTACT), "nothing_asked"),
        (Filing(RequestKind.ACCESS, "nl", EVERYTHING), "contact_missing"),
        (Filing(RequestKind.ACCESS, "nl", EVERYTHING, contact=Contact(name="Hanan")), "contact_missing"),
        (Filing(RequestKind.ACCESS, "nl", EVERYTHING, contact=Contact(email="a@b.nl")), "contact_missing"),
        (Filing(RequestKind.COMPLAINT, "nl", EVERYTHING, contact=CONTACT), "wrong_target"),
        (Filing(RequestKind.RECTIFICATION, "nl", (FOREIGN_FIELD,), contact=CONTACT), "wrong_target"),
        (Filing(RequestKind.COMPLAINT, "nl", (Asked(TargetKind.WORDS, words="  "),), contact=CONTACT), "nothing_asked"),
        (
            Filing(
                RequestKind.OBJECTION, "nl", (Asked(TargetKind.ACTIVITY, activity="duo_financing"),), contact=CONTACT
            ),
            "activity_unknown",
        ),
        (
            Filing(RequestKind.WITHDRAWAL, "nl", (Asked(TargetKind.ACTIVITY, activity="training"),), contact=CONTACT),
            "activity_unknown",
        ),
        (Filing(RequestKind.ERASURE, "nl", (Asked(TargetKind.GROUP, group=99),), contact=CONTACT), "group_unknown"),
        (Filing(RequestKind.ACCESS, "nl", EVERYTHING, words="x" * 4001, contact=CONTACT), "words_too_long"),
    ],
)
def test_what_cannot_be_asked_so_is_refused_with_its_code(sqlite_app: Flask, filing: Filing, code: str) -> None:
    with sqlite_app.app_context():
        with pytest.raises(Refused) as refused:
            file(sqlite_app.extensions["clock"], ANONYMOUS, filing)
        assert refused.value.code == code
        assert db.session.execute(select(Case.id)).first() is None


def test_a_member_of_staff_who_fills_in_the_public_form_asks_as_anybody(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = staff_actor(make_staff("anna", Role.CASE_HANDLER))
        case = case_of(file(clock, actor, Filing(RequestKind.ACCESS, "nl", EVERYTHING, contact=CONTACT)))
        assert (case.student_id, case.assured_level) == (None, 0)


def test_a_request_is_filed_with_as_many_statements_however_many_are_told_of_it(app: Flask, clock: FixedClock) -> None:
    """Two transactions: the new case's keys, then all the rest. PostgreSQL takes the rows of a case in one statement,
    the keys and the code in another, and the draft and all mails with the lock of the log."""
    with app.app_context():
        actor = student_actor(make_student(email="hanan@example.org"))
        counts = []
        for name in ("petra", "pieter", "paula"):
            make_staff(name, Role.PRIVACY_OFFICER)
            whose = owner(actor)
            draft = drafts.start(clock, whose, {})
            with statements() as seen:
                file_request(actor, clock, Filing(RequestKind.ACCESS, "nl", EVERYTHING), draft, whose, PLACE)
            counts.append((len(seen), re.findall(r'INSERT INTO "?(\w+)', " ".join(seen))))
        assert counts[1][0] == counts[2][0], "the first made the installation's key for mails to staff"
        assert counts[1][0] == (18 if db.engine.dialect.name == "sqlite" else 11)
        proof, told = ["audit", "audit_detail"], ["letter", "outbox"]
        kept = ["bucket", "case", "case_event", "case_item", "data_key", "lookup"]
        assert set(counts[1][1]) == {*proof, *kept, *told}


def test_somebody_elses_draft_sends_nothing(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        draft = drafts.start(clock, drafts.Owner("another browser", None), {})
        with pytest.raises(drafts.NoDraft):
            file(clock, ANONYMOUS, Filing(RequestKind.ACCESS, "nl", EVERYTHING, contact=CONTACT), draft)


@pytest.mark.slow
def test_sending_without_end_is_stopped(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        actor = student_actor(make_student(), Level.KNOWLEDGE)
        with pytest.raises(limits.TooMany):
            for _ in range(limits.LIMITS["file_place"].count + 1):
                file(clock, actor, Filing(RequestKind.ACCESS, "nl", EVERYTHING))


@pytest.mark.parametrize(
    ("dataset", "field", "typed", "code"),
    [
        ("person", "postcode", "12345", "bad_postcode"),
        ("person", "bsn", "123456789", "bad_bsn"),
        ("bank", "iban", "NL00BANK0123456789", "bad_iban"),
        ("person", "email", "geen adres", "bad_email"),
        ("person", "birth_date", "31-02-1990", "impossible_date"),
        ("person", "birth_date", "1-1-2090", "birth_date_in_future"),
        ("screenshot", "image", "foto", "image_not_text"),
    ],
)
def test_an_impossible_value_is_refused_with_the_checkers_reason(
    sqlite_app: Flask, dataset: str, field: str, typed: str, code: str
) -> None:
    with sqlite_app.app_context():
        about = current_app.extensions["policy"].field(dataset, field)
        with pytest.raises(WrongValue) as refused:
            read_value(about, typed, date(2026, 11, 23))
        assert refused.value.code == code
        assert refused.value.msgid
