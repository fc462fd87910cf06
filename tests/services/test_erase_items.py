"""Erasing: by the plan, with a second person, in an order that no crash can spoil."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Outcome, RequestKind, StepState
from portal.letters.retention import Going
from portal.records import files, sealing
from portal.records.db import begin_write, db
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import Record, SealedFile, Student, Tombstone
from portal.services.add_representative import Asked, record_representative
from portal.services.answer import answer_of
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out, finish_step
from portal.services.deliver_mail import deliver
from portal.services.erasures import COOLING
from portal.services.issue_letter import contents_of, issue_retention_notice
from portal.services.representing import Relation
from portal.services.unit import reading, writing
from portal.services.write_letters import bytes_of, write_waiting
from portal.vault.envelope import Holder, Place
from portal.vault.normal import normal_number
from portal.vault.tables import data_key, lookup
from portal.vault.vault import Shredded
from tests import factories
from tests.mail.posts import Line
from tests.services import cases

pytestmark = pytest.mark.slow

ENDED = date(2021, 6, 30)  # the standard term of three years is over, that of an exemption (six) is not


def picture(student):
    begin_write()
    file = files.store(
        db.session,
        factories.vault(),
        Holder.student(student),
        "standard",
        "screenshot",
        "image/png",
        b"picture " * 20,
        factories.CREATED,
    )
    file_id = file.id
    db.session.commit()
    return file_id


def former_student(**person):
    """Somebody whose programme ended long ago, with an exemption that is kept longer."""
    student = factories.make_student(last_programme_ended=ENDED, **person)
    factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    factories.add_record(student, "exemption", kind="medical", application_date="2020-01-05")
    factories.add_record(
        student, "screenshot", lesson_date="2021-03-02", class_group="A", number="1", image=str(picture(student))
    )
    return student


def approved(student, items=(cases.EVERYTHING,), **more):
    reference = cases.opened(RequestKind.ERASURE, student, items, **more)
    officer, director = cases.officer(), cases.director()
    cases.granted_erasure(reference, officer)
    approve(director, cases.clock(), reference, cases.version_of(reference))
    deliver(cases.clock(), Line())  # the mail with the link that stops it
    cases.clock().advance(COOLING)
    return reference, officer, director


def carried_out(reference, actor):
    carry_out(actor, cases.clock(), reference, cases.version_of(reference))


def rows_of(student):
    db.session.rollback()
    return db.session.execute(select(func.count()).where(Record.student_id == student)).scalar_one()


def keys_of(student):
    with db.engines["keys"].connect() as connection:
        rows = connection.execute(
            select(data_key.c.retention, data_key.c.version).where(data_key.c.holder_id == student)
        ).all()
    found = {}
    for retention, version in rows:
        found.setdefault(retention, []).append(version)
    return found


def lookups_of(student):
    with db.engines["keys"].connect() as connection:
        return sorted(connection.execute(select(lookup.c.kind).where(lookup.c.holder_id == student)).scalars())


def sealed_of(student):
    db.session.rollback()
    return {row.id: (row.retention, row.sealed) for row in db.session.query(Record).filter_by(student_id=student)}


def opens(student, rows):
    """Which of these rows, as a backup would hold them, can still be opened."""
    vault = factories.vault()
    from portal.records.items import open_part

    found = []
    for row, (retention, sealed) in rows.items():
        try:
            found.append(open_part(vault, student, row, retention, sealed))
        except Shredded:
            continue
    return found


def test_an_erasure_needs_a_second_person_with_a_fresh_sign_in(context):
    reference = cases.opened(RequestKind.ERASURE, former_student())
    officer, director = cases.officer(), cases.director()
    cases.granted_erasure(reference, officer)
    version = cases.version_of(reference)
    with pytest.raises(NotAllowed, match="second_person_needed"):
        approve(officer, cases.clock(), reference, version)
    with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
        approve(replace(director, fresh_sign_in=False), cases.clock(), reference, version)
    with pytest.raises(NotAllowed):
        approve(cases.handler(), cases.clock(), reference, version)
    with pytest.raises(NotAllowed, match="approval_missing"):
        carried_out(reference, officer)
    approve(director, cases.clock(), reference, version)
    with pytest.raises(Refused, match="already_approved"):
        approve(director, cases.clock(), reference, cases.version_of(reference))
    assert "approved" in cases.events_of(reference)


def test_only_a_decided_erasure_with_something_to_erase_is_approved(context):
    restriction = cases.opened(RequestKind.RESTRICTION, factories.make_student())
    officer, director = cases.officer(), cases.director()
    cases.decided(restriction, officer)
    with pytest.raises(Refused, match="not_an_erasure"):
        approve(director, cases.clock(), restriction, cases.version_of(restriction))


def test_below_level_three_an_erasure_is_not_carried_out(context):
    reference, officer, _ = approved(former_student(), level=Level.KNOWLEDGE)
    with pytest.raises(Refused, match="identity_needed") as caught:
        carried_out(reference, officer)
    assert caught.value.params["level"] is Level.SECOND_CHANNEL


def test_a_whole_class_goes_with_its_key_and_what_the_law_keeps_stays(context):
    student = former_student()
    backup = sealed_of(student)
    reference, officer, _ = approved(student)
    carried_out(reference, officer)

    assert {item.dataset for item in records(student)} == {"exemption"}
    assert "standard" not in keys_of(student)
    assert keys_of(student)["exemption"] == [1]
    assert lookups_of(student) == []
    assert db.session.query(SealedFile).filter_by(holder_id=student).count() == 0
    assert {part.retention for part in opens(student, backup)} == {"exemption"}
    assert "erased" in cases.events_of(reference)
    assert cases.steps_of(reference)["erase", "portal"].state == "done"


def records(student):
    from portal.records.items import items_of

    found = items_of(db.session, factories.vault(), student)
    db.session.rollback()
    return found


def test_part_of_a_class_is_sealed_anew_so_that_a_backup_loses_what_went(context):
    student = former_student()
    kept_picture = db.session.query(SealedFile).filter_by(holder_id=student).one().id
    backup = sealed_of(student)
    reference, officer, _ = approved(student, [cases.field_of(student, "phone", None)])
    carried_out(reference, officer)

    person = cases.values_of(student, "person")[0]
    assert "phone" not in person
    assert person["town"] == "Noord-Scharwoude"
    assert {part.retention for part in opens(student, backup)} == {"exemption"}  # no old copy of the class opens
    assert keys_of(student)["standard"] == [2]
    assert "phone" not in lookups_of(student)
    assert "email" in lookups_of(student)
    assert db.session.get(Student, student).has_email
    file = db.session.get(SealedFile, kept_picture)
    assert files.content(factories.vault(), file) == b"picture " * 20


def test_what_else_lies_under_the_students_key_is_sealed_anew_with_its_class(context):
    """A notice that waits to be printed, a notice on paper, somebody who acts: all still open, no older copy does."""
    student = former_student()
    going = (Going(("Telefoon",), "Reglement artikel 5", date(2026, 12, 23)),)
    with writing(factories.SYSTEM, cases.clock()) as work:
        printed = issue_retention_notice(work, student, going).id
    write_waiting(cases.clock(), lambda: False)
    with writing(factories.SYSTEM, cases.clock()) as work:
        waiting = issue_retention_notice(work, student, going).id
    lawyer = Asked(
        "mr. Jansen",
        "lawyer@example.org",
        Relation.LAWYER,
        frozenset({RequestKind.ACCESS}),
        cases.clock().today() + timedelta(days=90),
        cases.clock().today(),
    )
    acting = record_representative(cases.handler(), cases.clock(), student, lawyer)
    before = beside(student)
    assert {each.row for each in before} == {printed, waiting, acting}
    backup = {row: db.session.get(IssuedLetter, row).sealed for row in (printed, waiting)}
    reference, officer, _ = approved(student, [cases.field_of(student, "phone", None)])
    carried_out(reference, officer)

    assert keys_of(student)["standard"] == [2]
    assert beside(student) == before
    with reading(factories.SYSTEM, cases.clock()) as work:
        assert contents_of(work, work.session.get(IssuedLetter, printed))["sha256"]
        assert bytes_of(work, work.session.get(IssuedLetter, printed)).startswith(b"%PDF")
    for row, blob in backup.items():
        with pytest.raises(Shredded):
            factories.vault().open(Holder.student(student), "standard", Place("letter", "sealed", row), blob)
    assert write_waiting(cases.clock(), lambda: False)["letters_failed"] == 0


def beside(student):
    found = sealing.open_beside(db.session, factories.vault(), student, {"standard"})
    db.session.rollback()
    return found


def test_without_its_address_a_student_gets_no_mail_any_more(context):
    student = former_student()
    reference, officer, _ = approved(student, [cases.field_of(student, "email", None)])
    carried_out(reference, officer)
    db.session.rollback()
    assert not db.session.get(Student, student).has_email
    assert "email" not in lookups_of(student)


def test_who_has_nothing_left_is_ended_but_can_read_the_answer(context):
    student = factories.make_student(last_programme_ended=ENDED)
    address = cases.values_of(student, "person")[0]["email"]
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    for step in cases.steps_of(reference).values():
        if step.state == "open":
            finish_step(officer, cases.clock(), reference, step.id, StepState.DONE, "Gewist.")

    assert rows_of(student) == 0
    db.session.rollback()
    assert db.session.get(Student, student).state == "erased"
    assert set(keys_of(student)) <= {"audit"}
    assert cases.case_of(reference).state == "closed"
    assert "carried_out" in cases.mails_of(reference)
    assert address_of_last_mail(reference) == address
    with reading(factories.SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, reference))
    assert answer is not None
    assert answer.items[0].erased


def address_of_last_mail(reference):
    from portal.records.tables.proof import OutMail
    from portal.vault.envelope import Place

    mail = db.session.query(OutMail).filter_by(case_id=cases.case_of(reference).id, kind="carried_out").one()
    holder = Holder(mail.holder_kind, mail.holder_id)
    return factories.vault().open(holder, "mail", Place("outbox", "sealed", mail.id), mail.sealed)["to"]


def test_what_was_erased_is_remembered_without_saying_what_it_was(context):
    student = former_student(student_number="C12345")
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    db.session.rollback()
    graves = {grave.digest: grave.kind for grave in db.session.query(Tombstone)}
    digest = factories.vault().digest
    number = normal_number("C12345")
    assert graves[digest("erased_record", json.dumps([number, "bank"]))] == "record"
    assert graves[digest("erased_record", json.dumps([number, "screenshot", "2021-03-02", "A", "1"]))] == "record"
    assert digest("erased_student", number) not in graves  # the exemption is kept


def test_the_answer_says_what_stays_until_when_and_why(context):
    student = factories.make_student(last_programme_ended=date(2026, 6, 30))
    factories.add_record(student, "education", programme_number="1", courses_followed="NT2")
    reference = cases.opened(RequestKind.ERASURE, student)
    cases.granted_erasure(reference, cases.officer())
    with reading(factories.SYSTEM, cases.clock()) as work:
        answer = answer_of(work, cases.within(work, reference))
    assert answer is not None
    (item,) = answer.items
    policy = context.extensions["policy"]
    assert policy.field("education", "courses_followed").label in {each for line in item.erased for each in line.fields}
    bsn = next(line for line in item.kept if policy.field("person", "bsn").label in line.fields)
    assert bsn.until == date(2029, 6, 30)
    assert bsn.article == "AVG artikel 17 lid 3 onder b"
    assert bsn.law


def test_a_refused_erasure_has_nothing_to_approve(context):
    student = former_student()
    reference = cases.opened(RequestKind.ERASURE, student)
    officer, director = cases.officer(), cases.director()
    cases.decided(reference, officer, Outcome.REFUSED, ground="legal_duty", reason=cases.CHECK_REASON)
    with pytest.raises(Refused):
        approve(director, cases.clock(), reference, cases.version_of(reference))
    assert rows_of(student) > 0
