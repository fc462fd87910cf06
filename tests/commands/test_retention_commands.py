"""`retention` and `erasures` on the command line: what they print, their exit codes, and nothing of a person."""

from __future__ import annotations

import json
from datetime import date, timedelta

from flask import Flask

from portal.domain.vocabulary import Role
from portal.services.deliver_mail import deliver
from portal.services.unit import writing
from tests import factories
from tests.mail.posts import Line
from tests.services import cases


def run(app: Flask, *words: str) -> tuple[int, object]:
    result = app.test_cli_runner().invoke(args=[*words, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_the_office_sees_confirms_and_runs_retention_without_names(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        student = factories.make_student(last_programme_ended=date(2023, 11, 1))
        factories.make_staff("boss", Role.DIRECTOR)
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    assert run(sqlite_app, "retention", "run") == (0, {"listed": 1, "told": 0, "erased": 0, "held": 0, "swept": 0})
    code, found = run(sqlite_app, "retention", "preview")
    assert isinstance(found, dict)
    assert (code, found["lines"][0]["state"]) == (0, "unconfirmed")
    assert found["confirmed"]["standard"] is False
    text = sqlite_app.test_cli_runner().invoke(args=["retention", "preview"]).stdout
    assert "unconfirmed" in text
    assert "Hassan" not in text + json.dumps(found)
    assert run(sqlite_app, "retention", "confirm", "standard", "--director", "officer")[0] == 1
    assert run(sqlite_app, "retention", "confirm", "nonsense", "--director", "boss")[0] == 1
    assert run(sqlite_app, "retention", "confirm", "standard", "--director", "boss") == (0, {"confirmed": "standard"})
    assert run(sqlite_app, "retention", "run")[1] == {"listed": 0, "told": 1, "erased": 0, "held": 0, "swept": 0}
    with sqlite_app.app_context():
        deliver(clock, Line())
    clock.advance(timedelta(days=30))
    code, found = run(sqlite_app, "retention", "run")
    assert (code, found) == (1, {"refused": "clock_doubted"})
    _, checks = run(sqlite_app, "doctor")
    assert isinstance(checks, list)
    (doubted,) = [each for each in checks if each["check"] == "retention"]
    assert (doubted["grade"], "the clock jumped" in doubted["found"]) == ("bad", True)
    code, found = run(sqlite_app, "retention", "run", "--clock-is-right")
    assert isinstance(found, dict)
    assert (code, found["erased"]) == (0, 1)
    with sqlite_app.app_context():
        assert cases.values_of(student, "person") == []


def test_resume_finishes_what_a_crash_left_and_list_shows_where_it_stood(sqlite_app: Flask) -> None:
    from portal.domain.erasure_plan import ErasurePlan
    from portal.services import erasing

    with sqlite_app.app_context():
        student = factories.make_student()
        with writing(factories.SYSTEM, sqlite_app.extensions["clock"]) as work:
            erasure = erasing.new_erasure(work, student, erasing.RETENTION, work.now)
            erasing.begin(work, erasure, ErasurePlan(()))
    code, found = run(sqlite_app, "erasures", "list")
    assert isinstance(found, list)
    assert (code, found[0]["state"], found[0]["step"]) == (0, "running", "intent")
    assert run(sqlite_app, "erasures", "resume")[1] == {"finished": 1, "begun": 0, "hanging": 0, "addresses": 0}
    _, found = run(sqlite_app, "erasures", "list")
    assert isinstance(found, list)
    assert (found[0]["state"], found[0]["step"]) == ("done", "certificate")
