"""The named steps of an erasure: a crash before or after each of them is survived by going on."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.cli.terminal import operator
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Letter, Level, RequestKind, StepState
from portal.mail.transports import Refused as Refuses
from portal.records import cleaning
from portal.records.db import db
from portal.records.tables.erasure import Erasure
from portal.records.tables.people import Student
from portal.services import erasing, erasures, resume_erasures
from portal.services.approve_erasure import approve
from portal.services.carry_out import carry_out, finish_step
from portal.services.deliver_mail import deliver
from portal.services.erasures import COOLING, COOLING_BY_POST, StopState
from portal.services.post_letter import record_posted
from portal.services.reconcile import reconcile
from portal.services.to_post import letters_to_post
from tests import factories
from tests.mail.posts import Line
from tests.services import cases
from tests.services.test_erase_items import (
    approved,
    carried_out,
    former_student,
    keys_of,
    opens,
    records,
    rows_of,
    sealed_of,
)

pytestmark = pytest.mark.slow


class Crash(BaseException):
    """As if the process died."""


def erasure_of(reference):
    db.session.rollback()
    return (
        db.session.execute(
            select(Erasure).where(Erasure.case_id == cases.case_of(reference).id).order_by(Erasure.created_at.desc())
        )
        .scalars()
        .first()
    )


def dying(step, when):
    """The same step, which dies before its work or after it, before its mark."""

    def apart():
        if when == "after":
            step.apart()
        raise Crash

    def run(work, erasure, doomed):
        if when == "after":
            step.run(work, erasure, doomed)
            work.session.flush()
        raise Crash

    return replace(step, apart=apart) if step.apart else replace(step, run=run)


def strike(monkeypatch, name, when):
    monkeypatch.setattr(
        erasing, "STEPS", tuple(dying(step, when) if step.name == name else step for step in erasing.STEPS)
    )


NAMES = [step.name for step in erasing.STEPS]


def test_the_steps_are_those_that_were_promised_in_their_order():
    assert [
        *("ledger", "keys", "rows", "files", "older_keys", "lookups", "traces", "cleaning", "done", "certificate"),
    ] == NAMES
    assert [erasing.after(name).name for name in ("intent", *NAMES[:-1])] == NAMES
    assert erasing.after("certificate") is None


@pytest.mark.parametrize("whole", [True, False], ids=["whole class", "part of a class"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_step_is_survived_by_resuming(context, monkeypatch, when, whole):
    """All steps in one walk: each of them dies once, and the command goes on after it."""
    student = former_student()
    backup = sealed_of(student)
    items = (cases.EVERYTHING,) if whole else (cases.field_of(student, "phone", None),)
    reference, officer, _ = approved(student, items)
    for name in NAMES:
        strike(monkeypatch, name, when)
        with pytest.raises(Crash):
            if name == NAMES[0]:
                carried_out(reference, officer)
            else:
                resume_erasures.resume(cases.clock())
        monkeypatch.undo()
        db.session.rollback()
        erasure = erasure_of(reference)
        assert (erasure.state, erasing.after(erasure.step).name) == ("running", name)
    assert resume_erasures.resume(cases.clock()).finished == 1

    assert erasure_of(reference).state == "done"
    assert cases.steps_of(reference)["erase", "portal"].state == "done"
    assert {part.retention for part in opens(student, backup)} == {"exemption"}
    assert len(keys_of(student).get("standard", [])) == (0 if whole else 1)
    assert len(opens(student, sealed_of(student))) == rows_of(student)  # every row that is left opens
    assert cases.events_of(reference).count("erased") == 1
    expected = {"exemption"} if whole else {"exemption", "bank", "person", "screenshot"}
    assert {item.dataset for item in records(student)} == expected
    assert resume_erasures.resume(cases.clock()).as_dict() == dict.fromkeys(
        ("finished", "begun", "hanging", "addresses"), 0
    )


def test_before_the_intent_is_committed_nothing_has_happened(small, monkeypatch):
    student = former_student()
    reference, officer, _ = approved(student)
    before = sealed_of(student)
    monkeypatch.setattr(erasing.change_lines, "list_erased", lambda *_: (_ for _ in ()).throw(Crash()))
    with suppress(Crash):
        carried_out(reference, officer)
    monkeypatch.undo()
    db.session.rollback()
    assert erasure_of(reference).state == "waiting"
    assert sealed_of(student) == before
    carried_out(reference, officer)
    assert erasure_of(reference).state == "done"


def test_what_came_in_after_the_plan_was_made_is_kept(small, monkeypatch):
    student = factories.make_student(last_programme_ended=former_end())
    reference, officer, _ = approved(student)
    strike(monkeypatch, "keys", "before")
    with suppress(Crash):
        carried_out(reference, officer)
    monkeypatch.undo()
    factories.add_record(student, "bank", iban="NL91ABNA0417164300")
    resume_erasures.resume(cases.clock())
    assert {item.dataset for item in records(student)} == {"bank"}
    assert keys_of(student)["standard"] == [2]


def former_end():
    from tests.services.test_erase_items import ENDED

    return ENDED


def test_while_somebody_reads_the_database_the_cleaning_waits_and_nothing_is_lost(small, monkeypatch):
    def busy(*_arguments):
        raise cleaning.StillRead

    student = former_student()
    reference, officer, _ = approved(student)
    monkeypatch.setattr(cleaning, "clean", busy)
    carried_out(reference, officer)
    assert erasure_of(reference).step == "traces"
    assert cases.steps_of(reference)["erase", "portal"].state == "open"
    assert resume_erasures.resume(cases.clock()).hanging == 1
    monkeypatch.undo()
    assert resume_erasures.resume(cases.clock()).finished == 1


def test_the_write_ahead_log_is_empty_after_an_erasure(small):
    student = former_student()
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    step = next(step for step in erasing.STEPS if step.name == "cleaning")
    db.session.rollback()
    step.apart()
    for engine in db.engines.values():
        from pathlib import Path

        log = Path(f"{engine.url.database}-wal")
        assert not log.exists() or log.stat().st_size == 0


def test_the_certificate_tells_how_much_and_when_and_nothing_of_a_person(context):
    student = former_student(student_number="C77777")
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    erasure = erasure_of(reference)
    certificate = json.loads(erasure.certificate)
    assert certificate["records"] == 3
    assert certificate["files"] == 1
    assert certificate["classes"] == 1
    assert certificate["steps"] == NAMES
    for told in ("C77777", "Hassan", "Hanan", student.hex, str(student), reference):
        assert told not in erasure.certificate + erasure.plan.replace(str(erasure.student_id), "")


# --- the time to think it over


def not_thought_over(student, **more):
    reference, officer, director = approved(student, **more)
    cases.clock().advance(-COOLING)
    return reference, officer, director


def test_the_time_to_think_it_over_is_as_long_as_was_promised():
    assert timedelta(hours=72) == COOLING
    assert timedelta(days=7) == COOLING_BY_POST


def test_nothing_is_erased_anywhere_before_the_time_to_think_it_over_has_passed(context):
    student = former_student()
    reference, officer, _ = not_thought_over(student)
    outside = cases.steps_of(reference)["erase", "paper_file"].id
    for wait in (timedelta(), COOLING - timedelta(seconds=1)):
        cases.clock().advance(wait)
        with pytest.raises(Refused, match="cooling_off"):
            carried_out(reference, officer)
        with pytest.raises(Refused, match="cooling_off"):
            finish_step(officer, cases.clock(), reference, outside, StepState.DONE, "gedaan")
        assert resume_erasures.resume(cases.clock()).begun == 0
    cases.clock().advance(timedelta(seconds=1))
    assert resume_erasures.resume(cases.clock()).begun == 1  # by itself, without anybody pressing
    assert {item.dataset for item in records(student)} == {"exemption"}


def planned(student):
    """An approved erasure of which the student was not told yet."""
    reference = cases.opened(RequestKind.ERASURE, student)
    officer = cases.officer()
    cases.granted_erasure(reference, officer)
    approve(cases.director(), cases.clock(), reference, cases.version_of(reference))
    return reference, officer


def to_post(officer, reference):
    found = letters_to_post(officer, cases.clock())
    return {each.letter.value for each in found if each.reference == reference}


@pytest.mark.parametrize("why", ["never had mail", "the mail bounced"])
def test_the_letter_is_posted_first_and_from_that_day_there_is_longer_to_think_it_over(small, why):
    reference, officer = planned(former_student(**({"email": None} if why == "never had mail" else {})))
    if why == "the mail bounced":
        deliver(cases.clock(), Line(*[Refuses("smtp_550")] * 9))
        assert cases.case_of(reference).by_post
    assert "planned" in to_post(officer, reference)
    cases.clock().advance(3 * COOLING_BY_POST)
    assert resume_erasures.resume(cases.clock()).begun == 0
    with pytest.raises(Refused, match="not_told"):
        carried_out(reference, officer)
    yesterday = cases.clock().today() - timedelta(days=1)
    record_posted(officer, cases.clock(), reference, cases.version_of(reference), Letter.PLANNED, yesterday)
    assert "planned" not in to_post(officer, reference)
    cases.clock().advance(COOLING_BY_POST - timedelta(days=1, seconds=1))
    with pytest.raises(Refused, match="cooling_off"):
        carried_out(reference, officer)
    cases.clock().advance(timedelta(seconds=1))
    carried_out(reference, officer)
    with pytest.raises(Refused, match="nothing_to_post"):
        record_posted(officer, cases.clock(), reference, cases.version_of(reference), Letter.PLANNED, yesterday)


def test_the_time_counts_from_the_moment_at_which_the_mail_left_however_late_that_is(context):
    reference, officer = planned(former_student())
    cases.clock().advance(3 * COOLING)  # the mail server is down
    assert resume_erasures.resume(cases.clock()).begun == 0
    with pytest.raises(Refused, match="not_told"):
        carried_out(reference, officer)
    deliver(cases.clock(), line := Line())
    assert any("stop-erasure" in str(mail.get_body(("plain",))) for mail in line.accepted)
    cases.clock().advance(COOLING - timedelta(seconds=1))
    assert resume_erasures.resume(cases.clock()).begun == 0
    with pytest.raises(Refused, match="cooling_off"):
        carried_out(reference, officer)
    cases.clock().advance(timedelta(seconds=1))
    assert resume_erasures.resume(cases.clock()).begun == 1


def test_the_mail_says_how_long_the_student_has():
    assert timedelta(days=3) == COOLING  # mail/erasure_planned.txt
    assert timedelta(days=7) == COOLING_BY_POST  # letters/letter.html


def token_of(reference):
    from portal.records.tables.proof import OutMail
    from portal.vault.envelope import Holder, Place

    db.session.rollback()
    mail = db.session.query(OutMail).filter_by(case_id=cases.case_of(reference).id, kind="erasure_planned").one()
    body = factories.vault().open(
        Holder(mail.holder_kind, mail.holder_id), "mail", Place("outbox", "sealed", mail.id), mail.sealed
    )
    db.session.rollback()
    return body["arguments"]["page"].removeprefix("stop-erasure/")


def test_the_mailed_link_stops_it_once_and_for_all(context):
    student = former_student()
    before = sealed_of(student)
    reference, *_ = not_thought_over(student)
    token = token_of(reference)
    assert erasures.look(cases.clock(), token) is StopState.WAITING
    assert erasures.look(cases.clock(), token + "x") is StopState.UNKNOWN
    assert erasures.stop_by_link(cases.clock(), token, "127.0.0.1") is StopState.STOPPED
    assert erasures.stop_by_link(cases.clock(), token, "127.0.0.1") is StopState.STOPPED
    case = cases.case_of(reference)
    assert (case.state, case.closed_at) == ("taken_back", cases.clock().now())
    assert {"erasure_stopped", "taken_back"} <= set(cases.events_of(reference))
    assert cases.steps_of(reference) == {}
    assert "taken_back" in cases.mails_of(reference)
    cases.clock().advance(COOLING)
    assert resume_erasures.resume(cases.clock()).begun == 0
    assert sealed_of(student) == before


def test_the_student_and_staff_stop_it_and_a_stranger_does_not(small):
    student, other = former_student(), factories.make_student()
    reference, officer, _ = not_thought_over(student)
    from portal.services.casework import NotFound

    with pytest.raises(NotFound):
        erasures.stop_own(factories.student_actor(other), cases.clock(), reference)
    found = erasures.planned(factories.student_actor(student), cases.clock(), reference)
    assert found.state is StopState.WAITING
    assert erasures.stop_own(factories.student_actor(student), cases.clock(), reference) is StopState.STOPPED

    second = cases.opened(RequestKind.ERASURE, student)
    cases.granted_erasure(second, officer)
    director = factories.staff_actor(factories.make_staff("second", cases.Role.DIRECTOR))
    approve(director, cases.clock(), second, cases.version_of(second))
    erasures.stop_for(officer, cases.clock(), second, cases.version_of(second))
    assert cases.case_of(second).state == "taken_back"
    with pytest.raises(Refused, match="nothing_to_stop"):
        erasures.stop_for(officer, cases.clock(), second, cases.version_of(second))


def test_what_has_begun_cannot_be_stopped(small):
    student = former_student()
    reference, officer, _ = not_thought_over(student)
    token = token_of(reference)
    cases.clock().advance(COOLING)
    carried_out(reference, officer)
    assert erasures.stop_by_link(cases.clock(), token, "127.0.0.1") is StopState.TOO_LATE


def test_below_level_three_it_does_not_begin_by_itself(small):
    reference, _, _ = approved(former_student(), level=Level.KNOWLEDGE)
    assert resume_erasures.resume(cases.clock()).begun == 0
    assert erasure_of(reference).state == "waiting"


def test_a_reopened_case_is_approved_and_thought_over_anew(small):
    from portal.services.reopen_case import reopen

    student = former_student()
    reference, officer, _ = approved(student)
    reopen(officer, cases.clock(), reference, cases.version_of(reference), "new_facts")
    assert erasure_of(reference).state == "stopped"
    cases.granted_erasure(reference, officer)
    with pytest.raises((Refused, NotAllowed)):
        carry_out(officer, cases.clock(), reference, cases.version_of(reference))


# --- the last mail, and then the address


def test_the_address_of_the_last_mail_is_destroyed_once_it_has_left(context):
    from portal.records.tables.proof import OutMail
    from portal.services.close_case import address_of
    from portal.services.unit import reading

    student = factories.make_student(last_programme_ended=former_end(), email="last@example.org")
    reference, officer, _ = approved(student)
    carried_out(reference, officer)
    for step in cases.steps_of(reference).values():
        if step.state == "open":
            finish_step(officer, cases.clock(), reference, step.id, StepState.DONE, "Gewist.")
    case = cases.case_of(reference)
    holder = erasing.casebook.holder(case.id)
    assert case.state == "closed"
    assert resume_erasures.resume(cases.clock()).addresses == 0  # a mail still waits
    assert factories.vault().has_key(holder, "mail")
    db.session.query(OutMail).filter_by(case_id=case.id).update({"state": "sent"})
    db.session.commit()
    assert resume_erasures.resume(cases.clock()).addresses == 1
    assert not factories.vault().has_key(holder, "mail")
    assert factories.vault().has_key(holder, "case")  # the answer stays readable
    with reading(factories.SYSTEM, cases.clock()) as work:
        assert address_of(work, cases.within(work, reference)) is None
    assert db.session.get(Student, student).state == "erased"
    found = reconcile(operator(), cases.clock(), fix=True)
    assert (found.amiss, found.kept_without_keys["outbox"] > 0) == (0, True)  # that they left is still known
