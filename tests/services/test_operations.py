"""The page of operations: what it counts, in how many statements, and that nothing of a student is on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.vocabulary import Role
from portal.jobs import BY_NAME, run
from portal.mail import delivery
from portal.records.db import begin_write, db
from portal.records.tables.access import Staff
from portal.records.tables.erasure import TermEnd
from portal.records.tables.proof import OutMail
from portal.services.checkpoint_audit import checkpoint_now
from portal.services.operations import Overview, overview
from portal.services.retention_terms import confirm
from portal.web.staff.operations_pages import JOBS
from tests import factories
from tests.mail.posts import file_case
from tests.services.test_queue import statements


def looked(app: Flask, actor: Actor) -> Overview:
    db.session.rollback()
    return overview(actor, app.extensions["clock"], app.extensions["timings"])


def end_term(clock: FixedClock, retention: str, told: bool) -> None:
    student = factories.make_student()
    begin_write()
    db.session.add(
        TermEnd(
            id=uuid4(),
            student_id=student,
            retention=retention,
            kept_until=clock.today(),
            listed_at=clock.now(),
            told_on=clock.today() if told else None,
        )
    )
    db.session.commit()


def test_an_administrator_sees_accounts_mail_jobs_log_and_counts(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        here = factories.make_branch("langedijk")
        factories.make_branch("hoorn")
        handler = factories.make_staff("handler", Role.CASE_HANDLER, branch=here)
        factories.make_staff("both", Role.CASE_HANDLER, Role.DIRECTOR, branch=here, acknowledged=False)
        factories.make_staff("idle")
        director = factories.staff_actor(factories.make_staff("director", Role.DIRECTOR))
        gone = factories.make_staff("gone", Role.CASE_HANDLER, branch=here)
        begin_write()
        db.session.get_one(Staff, gone).disabled_at = clock.now()
        db.session.commit()
        for number in range(3):
            file_case(clock, f"s{number}@example.org")
        begin_write()
        first = db.session.query(OutMail).order_by(OutMail.id).first()
        assert first is not None
        first.state = delivery.QUARANTINED
        delivery.begin_pause(db.session(), clock.now(), "no_answer")
        db.session.commit()
        end_term(clock, "standard", told=True)
        end_term(clock, "standard", told=False)
        confirm(director, clock, "standard")
        checkpoint_now(clock)
    clock.advance(timedelta(hours=2))
    run(app, BY_NAME["heartbeat"])
    run(app, BY_NAME["expire"])
    with app.app_context():
        found = looked(app, admin)
        accounts = found.accounts
        assert (accounts.active, accounts.disabled, accounts.unacknowledged, accounts.without_role) == (5, 1, 1, 1)
        assert accounts.by_role[Role.CASE_HANDLER] == 2
        assert accounts.by_role[Role.DIRECTOR] == 2
        assert accounts.branches == {"Hoorn": 0, "Langedijk": 2}
        assert accounts.reviews_due == 5, "the four who work hold five roles, and nobody looked for half a year"
        assert (found.policy.code, found.policy.digest) == ("jar_opleidingen", app.extensions["policy"].digest)
        assert found.policy.still_open == found.policy.assumed - 1
        waiting = db.session.query(OutMail).count() - 1
        assert (found.mail.counts["waiting"], found.mail.counts["quarantined"]) == (waiting, 1)
        assert found.mail.late
        assert found.mail.pause is not None
        assert found.mail.pause.fault == "no_answer"
        assert not found.worker_late
        jobs = {each.name: each for each in found.jobs}
        assert (jobs["expire"].last, jobs["expire"].failed, jobs["expire"].late) == (clock.now(), False, False)
        assert jobs["expire"].next_at == clock.now() + timedelta(hours=1)
        assert jobs["warn"].last is None
        assert jobs["warn"].late
        assert "deliver" not in jobs, "what runs every few seconds leaves no row"
        assert found.log.checkpoint == 1
        assert found.log.checkpoint_at == clock.now() - timedelta(hours=2)
        assert len(bytes.fromhex(found.log.digest)) == 32
        endings = {each.code: each for each in found.endings}
        assert (endings["standard"].past, endings["standard"].told, endings["standard"].confirmed) == (2, 1, True)
        assert (endings["case"].past, endings["case"].confirmed) == (0, False)
        assert handler


def test_every_job_that_is_shown_has_a_name_in_words(sqlite_app: Flask) -> None:
    assert {each.name for each in sqlite_app.extensions["timings"] if each.noted} == set(JOBS)


def test_a_job_that_failed_is_due_at_once_and_a_daily_one_tomorrow(sqlite_app: Flask, clock: FixedClock) -> None:
    from portal.services.heartbeat import note_run

    with sqlite_app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        note_run(clock, "warn", "done")
        note_run(clock, "digest", "failed")
        jobs = {each.name: each for each in looked(sqlite_app, admin).jobs}
    assert jobs["warn"].next_at > clock.now()
    assert (jobs["digest"].failed, jobs["digest"].next_at) == (True, clock.now())


def test_the_number_of_statements_does_not_grow_with_what_there_is(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))

        def grow(count: int) -> None:
            for number in range(count):
                branch = factories.make_branch(f"branch{count}{number}")
                factories.make_staff(f"handler{count}{number}", Role.CASE_HANDLER, branch=branch)
                file_case(clock, f"s{count}{number}@example.org")
                end_term(clock, "standard", told=False)

        grow(1)
        looked(sqlite_app, admin)
        with statements() as few:
            looked(sqlite_app, admin)
        grow(8)
        with statements() as many:
            looked(sqlite_app, admin)
    assert len(many) == len(few)
    print(f"operations: {len(few)} statements")


def test_who_handles_cases_only_does_not_see_it(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        handler = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER))
        with pytest.raises(NotAllowed):
            looked(sqlite_app, handler)


def test_moments_of_the_page_are_aware(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        checkpoint_now(clock)
        at = looked(sqlite_app, admin).log.checkpoint_at
        assert isinstance(at, datetime)
        assert at.tzinfo is not None
