"""Reminders of what was decided and is not carried out: weekly, none lost, none twice, to the director in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import RequestKind, Role, StepState
from portal.records.db import db
from portal.records.tables.proof import OutMail
from portal.services.carry_out import carry_out, finish_step
from portal.services.remind_steps import remind
from portal.services.take_case import take
from tests import factories
from tests.services.cases import case_of, decided, events_of, field_of, opened, steps_of, version_of


@pytest.fixture
def hanging(app: Flask):
    """A correction that was decided and of which only the portal's own part is done."""
    with app.app_context():
        here = factories.make_branch("langedijk")
        actor = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER, branch=here))
        factories.make_staff("director", Role.DIRECTOR)
        clock = app.extensions["clock"]
        student = factories.make_student()
        reference = opened(
            RequestKind.RECTIFICATION, student, [field_of(student, "street", "Dorpsstraat 1")], taken=False
        )
        take(actor, clock, reference)
        decided(reference, actor, checked="Dorpsstraat 1")
        carry_out(actor, clock, reference, version_of(reference))
        yield clock, actor, reference


def reminders(reference: str) -> int:
    case_id = case_of(reference).id
    found = db.session.execute(
        select(OutMail.dedupe).where(OutMail.case_id == case_id, OutMail.kind == "staff_steps")
    ).scalars()
    return len(list(found))


def test_a_week_without_progress_is_told_once_and_again_each_week(hanging) -> None:
    clock, _actor, reference = hanging
    assert remind(clock) == {"cases": 0, "staff_mails": 0}
    clock.advance(timedelta(days=6))
    assert remind(clock)["cases"] == 0
    clock.advance(timedelta(days=1))
    assert remind(clock) == {"cases": 1, "staff_mails": 1}
    assert remind(clock)["cases"] == 0, "a second run sends none twice"
    clock.advance(timedelta(days=15))
    assert remind(clock) == {"cases": 1, "staff_mails": 1}, "a run that was missed comes as one"
    assert reminders(reference) == 2
    assert events_of(reference).count("warned") == 2


def test_the_director_hears_of_it_after_four_weeks(hanging) -> None:
    clock, _actor, reference = hanging
    clock.advance(timedelta(days=28))
    assert remind(clock) == {"cases": 1, "staff_mails": 2}
    assert "escalated" in events_of(reference)


def test_progress_begins_a_new_week_and_the_end_ends_it(hanging) -> None:
    clock, actor, reference = hanging
    clock.advance(timedelta(days=5))
    left = [step for step in steps_of(reference).values() if step.state == "open"]
    finish_step(actor, clock, reference, left[0].id, StepState.DONE, "Gedaan.")
    clock.advance(timedelta(days=3))
    assert remind(clock)["cases"] == 0
    for step in left[1:]:
        finish_step(actor, clock, reference, step.id, StepState.DONE, "Gedaan.")
    clock.advance(timedelta(days=60))
    assert remind(clock)["cases"] == 0
    assert case_of(reference).state == "closed"
    assert reminders(reference) == 0


def test_an_undecided_case_has_no_such_reminder(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        opened(RequestKind.ACCESS, factories.make_student())
        clock.advance(timedelta(days=40))
        assert remind(clock) == {"cases": 0, "staff_mails": 0}
