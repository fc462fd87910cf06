"""The branch of whoever asks stands in the question to the database itself: a list that were filtered afterwards would
leak by its counts, its pages and its time (checklist row 37, ASVS 8.2.2 and 8.4.1).
"""

from __future__ import annotations

import re

from flask import Flask

from portal.domain.vocabulary import RequestKind, Role
from tests import factories
from tests.services import cases
from tests.services.test_own_data import statements
from tests.web.staff_door import enter

OF_A_BRANCH = re.compile(r'\b(?:FROM|JOIN) ("case"|student)(?= |$)')
OWN_SESSION = "WHERE login.digest = "  # by its digest, whoever it belongs to
OF_A_LIST = 'WHERE "case".id IN ('  # of the change list, whose lines were chosen by branch


def unfiltered(statement: str) -> bool:
    """Whether it reads requests or students without a word of their branch."""
    flat = " ".join(statement.split())
    _, _, condition = flat.partition(" WHERE ")
    allowed = "branch_id" in condition or OWN_SESSION in flat or OF_A_LIST in flat
    return bool(OF_A_BRANCH.search(flat)) and not allowed


def test_no_list_of_staff_reads_requests_or_students_of_every_branch(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        here, there = factories.make_branch(), factories.make_branch()
        for branch in (here, there):
            cases.opened(RequestKind.ACCESS, factories.make_student(branch))
        factories.make_staff("anna", Role.CASE_HANDLER, branch=here)
    anna = enter(sqlite_app, "anna")
    rules = [rule for rule in sqlite_app.url_map.iter_rules() if rule.endpoint.startswith("staff.")]
    lists = [rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments]
    lists += ["/staff/?tab=everything", "/staff/?tab=closed", "/staff/?tab=complaints&kind=access"]
    with sqlite_app.app_context(), statements() as seen:
        for address in lists:
            anna.client.get(address, environ_base=anna.environ)
        anna.get("/staff/students").press("Zoek", q="Hanan")
        assert "Hanan" in anna.text
    asked = [each for each in seen if OF_A_BRANCH.search(" ".join(each.split())) and OWN_SESSION not in each]
    assert len(asked) >= len(lists) // 8, "the spy sees what the pages ask"
    assert [each for each in seen if unfiltered(each)] == []


def test_the_spy_hears_a_question_without_a_branch() -> None:
    assert unfiltered('SELECT count(*) FROM "case" WHERE "case".state = ?')
    assert unfiltered("SELECT student.branch_id FROM student")
    assert not unfiltered('SELECT "case".id FROM "case" WHERE "case".branch_id IN (?, ?)')
