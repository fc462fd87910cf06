"""Closing: never without the written answer, never with a step open."""

from __future__ import annotations

import threading

from sqlalchemy import update

from portal.domain.vocabulary import Letter, Outcome, RequestKind, StepState
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.carry_out import carry_out, finish_step
from portal.services.close_case import close_if_done
from portal.services.post_letter import record_posted
from portal.services.unit import writing
from tests import factories
from tests.services import cases


def closed(reference):
    with writing(factories.SYSTEM, cases.clock()) as work:
        return close_if_done(work, cases.within(work, reference))


def test_an_undecided_case_does_not_close(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    assert not closed(reference)


def test_a_case_without_its_answer_does_not_close(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    begin_write()
    case = cases.case_of(reference)
    begin_write()
    case = db.session.merge(case)
    case.state, case.decided_at, case.outcome = "decided", cases.clock().now(), Outcome.GRANTED.value
    db.session.commit()
    assert not closed(reference)


def test_a_case_with_an_open_step_does_not_close(context):
    reference = cases.opened(RequestKind.RESTRICTION, factories.make_student())
    cases.decided(reference, cases.handler())
    assert not closed(reference)
    assert cases.case_of(reference).state == "decided"


def test_when_the_mail_of_the_answer_failed_the_case_waits_for_the_letter(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    case_id = cases.case_of(reference).id
    begin_write()
    db.session.execute(update(OutMail).where(OutMail.case_id == case_id).values(state="failed"))
    db.session.execute(update(Case).where(Case.id == case_id).values(by_post=True))
    db.session.commit()
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    for step in cases.steps_of(reference).values():
        if step.kind == "holder":
            finish_step(handler, cases.clock(), reference, step.id, StepState.DONE, "gedaan")
    assert cases.case_of(reference).state == "decided"
    today = cases.clock().today()
    record_posted(handler, cases.clock(), reference, cases.version_of(reference), Letter.ANSWER, today)
    assert cases.case_of(reference).state == "closed"


def test_two_who_finish_the_last_two_steps_at_once_close_the_case_once(context):
    reference, handler = cases.opened(RequestKind.RESTRICTION, factories.make_student()), cases.handler()
    cases.decided(reference, handler)
    carry_out(handler, cases.clock(), reference, cases.version_of(reference))
    waiting = [step.id for step in cases.steps_of(reference).values() if step.state == "open"]
    finish_step(handler, cases.clock(), reference, waiting.pop(), StepState.DONE, "gedaan")
    start, faults = threading.Barrier(2), []
    db.session.remove()

    def finish(step_id):
        with context.app_context():
            start.wait()
            try:
                finish_step(handler, cases.clock(), reference, step_id, StepState.DONE, "gedaan")
            except Exception as fault:
                faults.append(fault)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=finish, args=(step_id,)) for step_id in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert cases.case_of(reference).state == "closed"
    assert cases.events_of(reference).count("closed") == 1
    assert cases.mails_of(reference).count("carried_out") == 1
