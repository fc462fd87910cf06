"""The lists of staff ask the database as often for many rows as for few: each page is read through the web."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from uuid_utils.compat import uuid7

from portal.domain.vocabulary import Outcome, RequestKind, Role
from portal.records.db import begin_write, db
from portal.records.tables.office import Intake
from portal.services import intakes
from portal.services.carry_out import carry_out
from tests import factories
from tests.services import cases
from tests.services.test_queue import statements
from tests.web.principals import ask_call, disputed
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

NAME = "Zeldenrust"
SEARCHES: dict[str, Callable[[Visitor], object]] = {
    "students": lambda visitor: visitor.get("/staff/students").press("Zoek", q=NAME),
    "search": lambda visitor: visitor.get("/staff/").press("Zoek", q=NAME),
}
PAGES = (
    *("accounts", "accounts/review", "branches", "changes", "conflicts", "erasures", "figures", "identity", "intake"),
    *("operations", "policy/assumed", "post", "register", "register/versions", "retention"),
)


def grow(app: Flask, count: int) -> None:
    """So many more of everything that the lists show."""
    clock = app.extensions["clock"]
    decider = factories.staff_actor(factories.make_staff(f"decider{count}", Role.PRIVACY_OFFICER))
    for each in range(count):
        branch = factories.make_branch(f"branch{count}{each}")
        factories.make_staff(f"handler{count}{each}", Role.CASE_HANDLER, branch=branch)
        student = factories.make_student(branch, family_name=NAME, email=None)
        ask_call(app, student)
        disputed(app, student, cases.person_of(student))
        asked = cases.field_of(student, "town", "Alkmaar")
        reference = cases.opened(RequestKind.RECTIFICATION, student, [asked])
        cases.decided(reference, decider, Outcome.GRANTED, checked="Alkmaar")
        carry_out(decider, clock, reference, cases.version_of(reference))
        cases.opened(RequestKind.ACCESS, student)
        begin_write()
        db.session.add(
            Intake(
                id=uuid7(),
                state=intakes.State.DONE.value,
                by_id=decider.id,
                created_at=clock.now(),
                ended_at=clock.now(),
                expires_at=clock.now() + timedelta(days=1),
                step_at=clock.now(),
                size=1,
            )
        )
        db.session.commit()


def counted(app: Flask, visitor: Visitor) -> dict[str, int]:
    found = {}
    for name in PAGES:
        visitor.get(f"/staff/{name}")
        with app.app_context(), statements() as seen:
            assert visitor.get(f"/staff/{name}").status == 200, name
        found[name] = len(seen)
    for name, search in SEARCHES.items():
        search(visitor)
        with app.app_context(), statements() as seen:
            search(visitor)
            assert NAME in visitor.text, name
        found[name] = len(seen)
    return found


def test_no_list_of_staff_asks_more_often_for_more_rows(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        grow(sqlite_app, 2)
    visitor = enter(sqlite_app, "officer")
    few = counted(sqlite_app, visitor)
    with sqlite_app.app_context():
        grow(sqlite_app, 9)
    many = counted(sqlite_app, visitor)
    print(f"statements of the lists of staff: {many}")
    assert {name: (few[name], many[name]) for name in few if many[name] != few[name]} == {}
