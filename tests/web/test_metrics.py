"""Measurements: what they hold, and who may read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import Role
from portal.jobs import BY_NAME, run
from portal.mail import delivery
from portal.records.db import begin_write, db
from portal.records.tables.cases import Case
from tests import factories
from tests.conftest import build
from tests.engines import sqlite_settings
from tests.mail.posts import file_case

TOKEN = "a token of more than thirty-two characters"


def measured(app: Flask) -> dict[tuple[str, ...], float]:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_it_counts_cases_mails_and_ages(app: Flask, clock: FixedClock):
    with app.app_context():
        late, soon, _ = (file_case(clock, f"student{number}@example.org") for number in range(3))
        begin_write()
        for case_id, days in ((late, -1), (soon, 7)):
            due = clock.today() + timedelta(days=days)
            db.session.execute(update(Case).where(Case.id == case_id).values(due_on=due))
        db.session.commit()
    run(app, BY_NAME["expire"])
    run(app, BY_NAME["heartbeat"])
    clock.advance(timedelta(seconds=90))
    found = measured(app)
    assert found["portal_databases_up",] == 1
    assert found["portal_cases", "received"] == 3
    assert found["portal_cases", "closed"] == 0
    assert found["portal_cases_overdue",] == 1
    assert found["portal_cases_due_soon",] == 1
    assert found["portal_mails", "waiting"] == 3
    assert found["portal_mails", "quarantined"] == 0
    assert found["portal_oldest_unsent_mail_age_seconds",] == 90
    assert found["portal_worker_heartbeat_age_seconds",] == 90
    assert found["portal_job_age_seconds", "expire"] == 90
    assert found["portal_job_failed", "expire"] == 0
    assert found["portal_mail_paused",] == 0


def test_a_paused_queue_and_a_failed_job_show(app: Flask, clock: FixedClock):
    from portal.services import heartbeat
    from portal.services.unit import writing

    with app.app_context():
        heartbeat.note_run(clock, "warn", "failed")
        with writing(factories.SYSTEM, clock) as work:
            delivery.begin_pause(work.session, work.now, "smtp_421")
    found = measured(app)
    assert found["portal_mail_paused",] == 1
    assert found["portal_job_failed", "warn"] == 1


def test_nothing_of_a_person_is_in_it(sqlite_app: Flask):
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        factories.make_student(email="hanan@example.org")
        factories.make_staff("anna", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
        file_case(clock, "somebody@example.org")
    text = sqlite_app.test_client().get("/metrics").text.lower()
    for personal in ("hanan", "anna", "somebody", "example.org", "v-2026", "hoorn"):
        assert personal not in text


@contextmanager
def application(**settings: str) -> Iterator[Flask]:
    with sqlite_settings(**settings) as found:
        yield from build(found)


@pytest.mark.parametrize(
    ("settings", "address", "headers", "status"),
    [
        ({}, "127.0.0.1", {}, 200),
        ({}, "::1", {}, 200),
        ({}, "203.0.113.9", {}, 404),
        ({}, "", {}, 404),
        ({}, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ({}, "127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
        ({"TRUSTED_PROXIES": "1"}, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        ({"TRUSTED_PROXIES": "1"}, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 404),
        ({"TRUSTED_PROXIES": "1"}, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 200),
        ({"METRICS_NETWORKS": "10.0.0.0/8 fd00::/8"}, "10.1.2.3", {}, 200),
        ({"METRICS_NETWORKS": "10.0.0.0/8 fd00::/8"}, "127.0.0.1", {}, 404),
        ({"METRICS_TOKEN": TOKEN}, "203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"METRICS_TOKEN": TOKEN}, "203.0.113.9", {"Authorization": f"Bearer {TOKEN[:-1]}"}, 404),
        ({"METRICS_TOKEN": TOKEN}, "203.0.113.9", {"Authorization": f"Basic {TOKEN}"}, 404),
        ({}, "203.0.113.9", {"Authorization": "Bearer "}, 404),
    ],
)
def test_only_this_machine_a_named_network_or_the_token_reads_them(
    settings: dict[str, str], address: str, headers: dict[str, str], status: int
):
    with application(**settings) as app:
        client = app.test_client()
        answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == status


def test_a_database_that_is_away_is_said_and_nothing_more(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch):
    from portal.services import measure
    from portal.services.readiness import Readiness

    monkeypatch.setattr(measure, "readiness", lambda _: Readiness(False, True, None, None))
    assert measured(sqlite_app) == {("portal_databases_up",): 0}
