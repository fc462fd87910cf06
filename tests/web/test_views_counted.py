"""Count = views: each page of staff that shows a student's data leaves one row that the student can read.

Lists (queue, search, matching, post) show names, year of birth and branch only, to find somebody; they are no views and
must show no value of a file.
"""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from sqlalchemy import func, select

from portal.domain.vocabulary import RequestKind
from portal.records.db import db
from portal.records.tables.people import View
from portal.web.staff.student_pages import OPENED
from tests.services.cases import case_of
from tests.web.principals import enter, make_school, open_for

# How many views a GET of each page about somebody leaves; what is not named here leaves none.
VIEWS = dict.fromkeys(
    (
        *("staff.case", "staff.answer", "staff.recorded", "staff.match", "staff.assign", "staff.identity"),
        *("staff.extend", "staff.decide", "staff.approve", "staff.lift", "staff.posted", "staff.step"),
        *("staff.student", "staff.correct", "staff.contact", "staff.representatives", "staff.upload", "staff.images"),
        *("staff.abuse", "staff.merge", "staff.take_back"),
        *("staff.stop_erasure", "staff.conflict"),
    ),
    1,
)
VALUES = ("Kerkplein 24", "1723 AB", "999900006", "Syrische", "family@example.org", "02-04-1990")


@pytest.fixture
def school(sqlite_app: Flask):
    with sqlite_app.app_context():
        found = make_school(sqlite_app)
        open_for(sqlite_app, found.student, RequestKind.ACCESS)
    return found


def count(app: Flask) -> int:
    with app.app_context():
        found = db.session.execute(select(func.count()).select_from(View)).scalar_one()
        db.session.rollback()
    return found


def test_every_page_that_shows_a_value_leaves_a_view_and_lists_show_none(sqlite_app: Flask, school) -> None:
    client = enter(sqlite_app, school, "officer")
    with client.session_transaction() as session:
        until = int(sqlite_app.extensions["clock"].now().timestamp()) + 900
        session[OPENED] = {"student": school.student.hex, "reason": "", "until": until}
    with sqlite_app.app_context():
        policy = sqlite_app.extensions["policy"]
        reason = next(each.code for each in policy.reasons.values() if each.use == "view")
        assert case_of(school.case.reference)
        db.session.rollback()
    with client.session_transaction() as session:
        session[OPENED] = {**session[OPENED], "reason": reason}
    wrong = []
    for rule in sorted(sqlite_app.url_map.iter_rules(), key=lambda each: each.endpoint):
        if not rule.endpoint.startswith("staff.") or "GET" not in (rule.methods or ()):
            continue
        known = school.arguments()
        with sqlite_app.test_request_context():
            address = url_for(rule.endpoint, **{name: known[name] for name in rule.arguments})
        before = count(sqlite_app)
        answer = client.get(address)
        left = count(sqlite_app) - before
        expected = VIEWS.get(rule.endpoint, 0) if answer.status_code == 200 else left
        shown = [value for value in VALUES if answer.status_code == 200 and value in answer.get_data(as_text=True)]
        if left != expected:
            wrong.append(f"{rule.endpoint}: {left} views, expected {expected}")
        if shown and not left:
            wrong.append(f"{rule.endpoint}: shows {shown} and leaves no view")
    assert wrong == [], "\n".join(wrong)
