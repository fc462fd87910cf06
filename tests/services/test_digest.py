"""The overview in the morning of a working day: counts and references, once, to who has something to do."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select, update

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.casework import Asked, NewCase, open_case
from portal.services.digest import digest
from portal.services.unit import writing
from portal.vault.envelope import Holder, Place
from tests import factories
from tests.services.test_warn import at

MONDAY = date(2026, 11, 23)


def file_request(clock: FixedClock, student: UUID, received: date) -> str:
    new = NewCase(
        RequestKind.ACCESS, Channel.LETTER, "nl", received, (Asked(TargetKind.EVERYTHING),), student_id=student
    )
    with writing(SYSTEM, clock) as work:
        return open_case(work, new).reference


def change(reference: str, **values: object) -> None:
    begin_write()
    db.session.execute(update(Case).where(Case.reference == reference).values(**values))
    db.session.commit()


def mornings() -> dict[UUID, dict[str, object]]:
    """What each reader was told, by the reader."""
    db.session.rollback()
    found = {}
    for row in db.session.execute(select(OutMail).where(OutMail.kind == "staff_digest")).scalars():
        holder = Holder(row.holder_kind, row.holder_id)
        body = factories.vault().open(holder, "mail", Place("outbox", "sealed", row.id), row.sealed)
        found[UUID(row.dedupe.rpartition(":")[2])] = body["arguments"]
    return found


def test_each_is_told_what_waits_for_them_and_nothing_of_a_person(app: Flask, clock: FixedClock) -> None:
    clock.set(at(MONDAY))
    with app.app_context():
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        anna = factories.make_staff("anna", Role.CASE_HANDLER, branch=here)
        bram = factories.make_staff("bram", Role.CASE_HANDLER, branch=there)
        officer = factories.make_staff("officer", Role.PRIVACY_OFFICER)
        factories.make_staff("admin", Role.ADMINISTRATOR)
        student = factories.make_student(here, email="hanan@example.org")
        late = file_request(clock, student, MONDAY - timedelta(days=30))
        soon = file_request(clock, student, MONDAY - timedelta(days=21))
        far = file_request(clock, student, MONDAY)
        decided = file_request(clock, student, MONDAY)
        change(late, handler_id=anna)
        change(decided, handler_id=anna, state="decided")
        assert digest(clock).mails == 2
        told = mornings()
        assert set(told) == {anna, officer}
        assert told[anna] == {
            "path": "/staff/",
            "overdue": 1,
            "soon": 1,
            "unassigned": 2,
            "to_carry_out": 1,
            "to_post": 0,
            "references": f"{late} {soon}",
        }
        assert told[officer]["overdue"] == 0, "that one is Anna's; the director hears of it by the escalation"
        assert told[officer]["references"] == soon
        assert far not in str(told)
        assert bram not in told, "nothing waits there"


def test_it_comes_once_a_day_on_working_days_and_a_missed_morning_is_not_made_up_for(
    app: Flask, clock: FixedClock
) -> None:
    clock.set(at(MONDAY))
    with app.app_context():
        branch = factories.make_branch("langedijk")
        factories.make_staff("anna", Role.CASE_HANDLER, branch=branch)
        file_request(clock, factories.make_student(branch), MONDAY)
        assert [digest(clock).mails for _ in range(2)] == [1, 0]
        for days, mails in ((1, 1), (5, 0), (6, 0), (7, 1), (32, 0)):  # the weekend, Monday, Christmas Day
            clock.set(at(MONDAY + timedelta(days=days)))
            assert digest(clock).mails == mails, clock.today()


def test_nobody_is_mailed_at_night_and_everybody_in_the_morning_after(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        branch = factories.make_branch("langedijk")
        factories.make_staff("anna", Role.CASE_HANDLER, branch=branch)
        file_request(clock, factories.make_student(branch), MONDAY)
        clock.set(at(MONDAY + timedelta(days=1), 0))
        assert digest(clock).mails == 0
        clock.set(at(MONDAY + timedelta(days=1), 11))
        assert digest(clock).mails == 1


def test_a_letter_that_must_be_posted_is_counted(app: Flask, clock: FixedClock) -> None:
    clock.set(at(MONDAY))
    with app.app_context():
        branch = factories.make_branch("langedijk")
        anna = factories.make_staff("anna", Role.CASE_HANDLER, branch=branch)
        reference = file_request(clock, factories.make_student(branch, email="hanan@example.org"), MONDAY)
        begin_write()
        db.session.execute(update(OutMail).where(OutMail.kind == "receipt").values(state="failed"))
        db.session.commit()
        change(reference, by_post=True)
        digest(clock)
        assert mornings()[anna]["to_post"] == 1


def test_who_may_not_work_yet_is_told_nothing(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    clock.set(at(MONDAY))
    with sqlite_app.app_context():
        branch = factories.make_branch("langedijk")
        factories.make_staff("fresh", Role.CASE_HANDLER, branch=branch, acknowledged=False)
        file_request(clock, factories.make_student(branch), MONDAY)
        assert digest(clock).mails == 0
