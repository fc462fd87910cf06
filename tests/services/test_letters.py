"""Letters of a case: issued with the act, printed once, the same bytes for the student, staff and the post."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.audit.log import verify_chain
from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Level, Outcome, RequestKind, Role, StepState, TargetKind
from portal.letters.notice import Notice
from portal.letters.retention import Going, RetentionNotice
from portal.records.db import db
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import SealedFile, View
from portal.services.carry_out import carry_out, finish_step
from portal.services.casework import Asked, NotFound
from portal.services.extend_case import extend
from portal.services.issue_letter import contents_of, issue_retention_notice
from portal.services.read_letters import letters_of, own_letters, take_letter, take_own_letter
from portal.services.to_post import print_letter
from portal.services.unit import reading, writing
from portal.services.withdraw_consent import withdraw
from portal.services.write_letters import write_waiting
from tests import factories
from tests.letters.paper import missing
from tests.services import cases

pytestmark = pytest.mark.slow


def write_all():
    return write_waiting(cases.clock(), lambda: False)


def rows(reference):
    case_id = cases.case_of(reference).id
    found = select(IssuedLetter).where(IssuedLetter.case_id == case_id)
    return list(db.session.execute(found.order_by(IssuedLetter.issued_at, IssuedLetter.id)).scalars())


def kinds(reference):
    return [row.kind for row in rows(reference)]


def notices(reference):
    with reading(factories.SYSTEM, cases.clock()) as work:
        return {row.target: Notice.of(contents_of(work, row)) for row in rows(reference) if row.target}


def corrected(field="town", asked="Alkmaar", **student):
    who = factories.make_student(**student)
    factories.add_record(who, "disclosure", recipient="duo", date="2026-02-01", what="gegevens")
    reference = cases.opened(RequestKind.RECTIFICATION, who, [cases.field_of(who, field, asked)])
    return who, reference


def test_each_act_issues_its_letter_in_the_same_unit_of_work(context):
    student, reference = corrected()
    handler = cases.handler()
    assert kinds(reference) == ["receipt"]
    extend(handler, cases.clock(), reference, cases.version_of(reference), 14, "complexity", "Wij zoeken nog.")
    cases.decided(reference, handler, checked="Alkmaar")
    assert kinds(reference) == ["receipt", "extension", "answer", "notice"]
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    for step in cases.steps_of(reference).values():
        if step.state == "open":
            finish_step(handler, cases.clock(), reference, step.id, StepState.DONE, "Gedaan.")
    assert kinds(reference) == ["receipt", "extension", "answer", "notice", "done"]
    assert write_all() == {"letters": 5, "letters_failed": 0}
    assert write_all() == {"letters": 0, "letters_failed": 0}
    seen = letters_of(factories.student_actor(student, Level.ADDRESS), cases.clock(), reference)
    assert [(each.title, each.ready) for each in seen] == [
        ("Wij zijn klaar", True),
        ("Ons antwoord", True),
        ("Wij hebben meer tijd nodig", True),
        ("Wij hebben uw vraag", True),
    ]


def test_the_bytes_are_the_same_for_everybody_and_later_and_their_hash_is_in_the_chain(context):
    student, reference = corrected(email=None)
    handler = cases.handler()
    cases.decided(reference, handler, checked="Alkmaar")
    write_all()
    answer = next(row for row in rows(reference) if row.kind == "answer")
    actor = factories.student_actor(student, Level.SECOND_CHANNEL)
    first = take_letter(actor, cases.clock(), reference, answer.id)
    assert first.name == f"{reference}-answer.pdf"
    assert missing(first.content, ["Alkmaar", reference, "binnen zes weken"]) == []
    assert print_letter(handler, cases.clock(), reference, Letter.ANSWER).content == first.content
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))  # the address on file is another now
    context.extensions["clock"] = FixedClock(cases.clock().now() + timedelta(days=400))
    later = factories.student_actor(student, Level.SECOND_CHANNEL)
    assert take_letter(later, cases.clock(), reference, answer.id).content == first.content
    assert take_letter(handler, cases.clock(), reference, answer.id).content == first.content
    digest = hashlib.sha256(first.content).hexdigest()
    (line,) = [each for each in letters_of(handler, cases.clock(), reference) if each.id == answer.id]
    assert line.sha256 == digest
    with reading(factories.SYSTEM, cases.clock()) as work:
        assert contents_of(work, work.session.get(IssuedLetter, answer.id))["sha256"] == digest
    db.session.rollback()
    file = db.session.get(SealedFile, answer.file_id)
    assert (file.holder_kind, file.retention, file.expires_at) == ("case", "case", None)
    assert b"%PDF" not in file.sealed
    assert verify_chain(db.session)[1] is None


def test_a_letter_for_the_post_goes_to_the_address_of_today(context):
    _, reference = corrected(email=None)
    handler = cases.handler()
    cases.decided(reference, handler, checked="Alkmaar")
    old = print_letter(handler, cases.clock(), reference, Letter.ANSWER).content
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    new = print_letter(handler, cases.clock(), reference, Letter.ANSWER).content
    assert [missing(each, ["1723 AB  Noord-Scharwoude"]) for each in (old, new)] == [
        [],
        ["1723 AB  Noord-Scharwoude"],
    ]
    assert print_letter(handler, cases.clock(), reference, Letter.ANSWER).content == new
    assert kinds(reference).count("answer") == 2


def test_a_letter_says_what_held_when_it_was_issued(context):
    student, reference = corrected()
    handler = cases.handler()
    cases.decided(reference, handler, checked="Alkmaar")
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    write_all()  # only now: the town was Noord-Scharwoude when the answer was given
    answer = next(row for row in rows(reference) if row.kind == "answer")
    actor = factories.student_actor(student, Level.SECOND_CHANNEL)
    pdf = take_letter(actor, cases.clock(), reference, answer.id).content
    assert missing(pdf, ["Kerkplein", "Noord-Scharwoude", "Alkmaar"]) == []


def test_a_letter_with_a_sensitive_value_asks_for_more_and_another_student_finds_none(context):
    student, reference = corrected("bsn", "111222333")
    cases.decided(reference, cases.handler(), checked="111222333")
    write_all()
    answer = next(row for row in rows(reference) if row.kind == "answer")
    with pytest.raises(Refused, match="level") as caught:
        take_letter(factories.student_actor(student, Level.KNOWLEDGE), cases.clock(), reference, answer.id)
    assert caught.value.params["needs"] is Level.SECOND_CHANNEL
    sure = factories.student_actor(student, Level.SECOND_CHANNEL)
    assert missing(take_letter(sure, cases.clock(), reference, answer.id).content, ["111222333"]) == []
    other, own = corrected()
    write_all()
    with pytest.raises(NotFound):
        take_letter(factories.student_actor(other, Level.SECOND_CHANNEL), cases.clock(), reference, answer.id)
    with pytest.raises(NotFound):
        take_letter(factories.student_actor(other, Level.SECOND_CHANNEL), cases.clock(), own, answer.id)
    admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
    with pytest.raises((NotAllowed, NotFound)):
        take_letter(admin, cases.clock(), reference, answer.id)


def test_staff_who_take_a_letter_are_seen_by_the_student(context):
    student, reference = corrected()
    take_letter(cases.handler(), cases.clock(), reference, rows(reference)[0].id)
    db.session.rollback()
    assert [view.what for view in db.session.query(View).filter_by(student_id=student)] == ["letter"]


def test_a_recipient_is_told_only_what_it_was_given_with_name_and_birth_date(context):
    student, _ = corrected()
    asked = [cases.field_of(student, "town", "Alkmaar"), cases.field_of(student, "phone", "+31612345678")]
    both = cases.opened(RequestKind.RECTIFICATION, student, asked)
    handler = cases.handler()
    town, phone = cases.items_of(both)
    from portal.services.decide_case import ItemDecision, decide

    decisions = [
        ItemDecision(town.id, Outcome.GRANTED, checked="Alkmaar"),
        ItemDecision(phone.id, Outcome.GRANTED, checked="+31612345678"),
    ]
    decide(handler, cases.clock(), both, cases.version_of(both), decisions)
    (notice,) = notices(both).values()
    assert [(change.label, change.value) for change in notice.changes] == [("Woonplaats", "Alkmaar")]
    assert (notice.recipient, notice.given_on) == ("DUO", (date(2026, 2, 1),))
    assert (notice.name, notice.birth_date) == ("Hanan Al Hassan", "02-04-1990")
    write_all()
    row = next(row for row in rows(both) if row.target)
    made = take_letter(handler, cases.clock(), both, row.id).content
    assert missing(made, ["Alkmaar", "DUO", "Al Hassan", "02-04-1990"]) == []
    for never in ("999900006", "Kerkplein", "12345678", "C9"):
        assert missing(made, [never]) == [never]
    with pytest.raises(NotFound):
        take_letter(factories.student_actor(student, Level.SECOND_CHANNEL), cases.clock(), both, row.id)


def test_a_restriction_and_a_withdrawal_make_notices_too(context):
    student, _ = corrected()
    restriction = cases.opened(RequestKind.RESTRICTION, student, [Asked(TargetKind.GROUP, group=3)])
    cases.decided(restriction, cases.handler())
    assert [(change.label, change.value) for change in notices(restriction)["duo"].changes] == [
        ("Burgerservicenummer (BSN)", "")
    ]
    factories.add_record(student, "disclosure", recipient="diploma_body", date="2026-03-01", what="diploma")
    factories.add_record(student, "consent", activity="diploma_valuation", date="2026-01-05")
    done = withdraw(factories.student_actor(student), cases.clock(), "diploma_valuation", "tr")
    assert "answer" in kinds(done.reference)
    assert set(notices(done.reference)) == {"diploma_body"}
    assert notices(done.reference)["diploma_body"].kind == "withdrawal"


def test_one_letter_that_cannot_be_printed_keeps_no_other_from_it(context, monkeypatch):
    _, reference = corrected()
    _, other = corrected()
    from portal.services import write_letters

    broken, real = rows(reference)[0].id, write_letters.write
    db.session.rollback()

    def write(clock, letter_id):
        if letter_id == broken:
            raise ValueError("no ink")
        real(clock, letter_id)

    monkeypatch.setattr(write_letters, "write", write)
    assert write_all() == {"letters": 1, "letters_failed": 1}
    assert [row.written_at is not None for row in rows(other)] == [True]
    assert rows(reference)[0].attempts == 1
    monkeypatch.undo()
    assert write_all() == {"letters": 1, "letters_failed": 0}


def test_the_notice_before_retention_lies_under_the_students_own_key(context):
    student = factories.make_student(language="uk")
    going = (Going(("Examens",), "Reglement artikel 5, AVG artikel 5 lid 1 onder e", date(2026, 12, 23)),)
    with writing(factories.SYSTEM, cases.clock()) as work:
        row = issue_retention_notice(work, student, going)
        notice = RetentionNotice.of(contents_of(work, row))
    assert (notice.language, notice.address[1]) == ("uk", "Kerkplein 24")
    assert write_all()["letters"] == 1
    db.session.rollback()
    file = db.session.get(SealedFile, db.session.get(IssuedLetter, row.id).file_id)
    assert (file.holder_kind, file.holder_id, file.retention) == ("student", student, "standard")
    actor = factories.student_actor(student)
    (line,) = own_letters(actor, cases.clock())
    assert (line.title, line.ready) == ("Wij gaan uw gegevens wissen", True)
    assert take_own_letter(actor, cases.clock(), line.id).content.startswith(b"%PDF")
    with pytest.raises(NotFound):
        take_own_letter(factories.student_actor(factories.make_student()), cases.clock(), line.id)
