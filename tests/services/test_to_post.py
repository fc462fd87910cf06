"""Letters for whoever reads no mail: what is due, printed with an address, and told on the day it was posted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Outcome, RequestKind, Role
from portal.records.db import db
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import View
from portal.services.casework import Contact, NotFound
from portal.services.extend_case import extend
from portal.services.match_case import match
from portal.services.post_letter import record_posted
from portal.services.send_message import send_message
from portal.services.to_post import letters_to_post, print_letter
from tests import factories
from tests.services import cases
from tests.web.visitor import mails

TODAY = date(2026, 11, 23)


@pytest.fixture
def school(app: Flask):
    with app.app_context():
        yield app


def due(actor) -> list[str]:
    return [each.letter.value for each in letters_to_post(actor, cases.clock())]


def posted(actor, reference: str, letter: Letter) -> None:
    record_posted(actor, cases.clock(), reference, cases.version_of(reference), letter, TODAY)


def test_each_thing_to_tell_becomes_one_letter_until_it_is_posted(school: Flask):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(email=None))
    officer = cases.officer()
    assert due(officer) == ["receipt"]
    posted(officer, reference, Letter.RECEIPT)
    assert due(officer) == []
    send_message(officer, cases.clock(), reference, "Kunt u langskomen?")
    assert due(officer) == ["message"]
    posted(officer, reference, Letter.MESSAGE)
    reason = next(each.code for each in school.extensions["policy"].reasons.values() if each.use == "extension")
    extend(officer, cases.clock(), reference, cases.version_of(reference), 14, reason)
    assert due(officer) == ["extension"]
    posted(officer, reference, Letter.EXTENSION)
    assert (cases.case_of(reference).extension_told_on, due(officer)) == (TODAY, [])
    grounds = school.extensions["policy"].grounds_for(RequestKind.ACCESS)
    cases.decided(reference, officer, Outcome.REFUSED, ground=grounds[0].code, reason=cases.CHECK_REASON)
    assert due(officer) == ["answer"]
    posted(officer, reference, Letter.ANSWER)
    assert (cases.case_of(reference).state, due(officer)) == ("closed", [])
    assert {str(each["kind"]) for each in mails(school)} <= {"staff_new_case"}


def test_once_the_term_is_over_a_letter_says_so_and_tells_it_on_the_timeline(school: Flask):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student(email=None))
    officer = cases.officer()
    posted(officer, reference, Letter.RECEIPT)
    school.extensions["clock"] = FixedClock(cases.clock().now() + timedelta(days=20))
    assert due(officer) == ["late"]
    posted(officer, reference, Letter.LATE)
    assert "told_late" in cases.events_of(reference)
    assert due(officer) == []


def test_who_reads_mail_gets_no_letter(school: Flask):
    cases.opened(RequestKind.ACCESS, factories.make_student())
    assert due(cases.officer()) == []


def test_a_request_that_turns_out_to_be_of_somebody_without_mail_goes_on_by_post(school: Flask):
    given = Contact(name="Hanan", email="somebody@example.org")
    reference = cases.opened(RequestKind.ACCESS, None, contact=given, taken=False)
    student = factories.make_student(email=None)
    officer = cases.officer()
    assert due(officer) == []
    match(officer, cases.clock(), reference, cases.version_of(reference), student)
    assert cases.case_of(reference).by_post is True


@pytest.mark.slow
def test_a_printed_letter_is_a_view_and_another_branch_has_none(school: Flask):
    student = factories.make_student(email=None)
    reference = cases.opened(RequestKind.ACCESS, student)
    elsewhere = factories.staff_actor(
        factories.make_staff("other", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    )
    assert due(elsewhere) == []
    with pytest.raises(NotFound):
        print_letter(elsewhere, cases.clock(), reference, Letter.RECEIPT)
    with pytest.raises(Refused, match="nothing_to_post"):
        print_letter(cases.officer(), cases.clock(), reference, Letter.ANSWER)
    made = print_letter(factories.staff_actor(handler_id()), cases.clock(), reference, Letter.RECEIPT)
    assert made.content.startswith(b"%PDF")
    assert made.name == f"{reference}-receipt.pdf"
    assert db.session.execute(select(View.what).where(View.student_id == student)).scalars().all() == ["letter"]


@pytest.mark.slow
def test_a_letter_that_is_issued_for_the_post_is_kept_as_it_was_printed(sqlite_app: Flask):
    with sqlite_app.app_context():
        reference = cases.opened(RequestKind.ACCESS, factories.make_student(email=None))
        officer = cases.officer()
        send_message(officer, cases.clock(), reference, "Kunt u langskomen?")
        first = print_letter(officer, cases.clock(), reference, Letter.MESSAGE).content
        kept = db.session.execute(select(IssuedLetter).where(IssuedLetter.kind == Letter.MESSAGE.value)).scalar_one()
        assert None not in (kept.written_at, kept.file_id)
        assert print_letter(officer, cases.clock(), reference, Letter.MESSAGE).content == first


def handler_id():
    return factories.make_staff("handler", Role.CASE_HANDLER)
