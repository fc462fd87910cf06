"""Two people at one case: on every page with words of one's own the second is told, and not a word is lost."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask

from portal.domain.assurance import Way
from portal.domain.permissions import Actor
from portal.domain.vocabulary import Channel, Level, Outcome, RequestKind, Role
from portal.services.carry_out import carry_out
from portal.services.confirm_identity import confirm_identity
from portal.services.record_take_back import record_take_back
from tests import factories
from tests.services import cases
from tests.web.staff_door import enter
from tests.web.visitor import Visitor

WORDS = "Wat ik hierover te zeggen heb."
# The page, the kind and the state of its case, and what is chosen beside the words.
PAGES = (
    ("extend", RequestKind.ACCESS, "in_progress", {"reason": "complexity", "words": WORDS}),
    ("decide", RequestKind.ACCESS, "in_progress", {"outcome_0": "granted", "reply": WORDS}),
    ("take-back", RequestKind.ACCESS, "in_progress", {"how": "phone", "words": WORDS}),
    ("abuse", RequestKind.ACCESS, "in_progress", {"reason": "excessive", "words": WORDS}),
    ("merge", RequestKind.ACCESS, "in_progress", {"words": WORDS}),
    ("assign", RequestKind.ACCESS, "in_progress", {"note": WORDS}),
    ("lift", RequestKind.RESTRICTION, "decided", {"words": WORDS}),
    ("reopen", RequestKind.RECTIFICATION, "closed", {"reason": "new_facts", "words": WORDS}),
)


@pytest.fixture
def school(sqlite_app: Flask) -> Flask:
    with sqlite_app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
    return sqlite_app


def a_case(student: UUID, kind: RequestKind, state: str, colleague: Actor) -> str:
    asked = cases.field_of(student, "town", "Alkmaar") if kind is RequestKind.RECTIFICATION else cases.EVERYTHING
    reference = cases.opened(kind, student, [asked], level=Level.KNOWLEDGE)
    if state == "closed":
        cases.decided(reference, colleague, Outcome.REFUSED, ground="value_is_right", reason=cases.CHECK_REASON)
    if state == "decided":
        cases.decided(reference, colleague)
        carry_out(colleague, cases.clock(), reference, cases.version_of(reference))
    return reference


def send(visitor: Visitor, fields: dict[str, str], more: dict[str, str]) -> Visitor:
    """Fills in the form that asks for the words, with what else it asks for, and sends it."""
    number, form = next(each for each in enumerate(visitor.page.forms) if set(fields) <= each[1].names)
    return visitor.press(form=number, **fields, **{name: more[name] for name in more if name in form.names})


def test_whoever_comes_second_at_a_case_is_told_and_loses_no_word(school: Flask) -> None:
    visitor = enter(school, "officer")
    lost = []
    for page, kind, state, fields in PAGES:
        with school.app_context():
            colleague = factories.staff_actor(factories.make_staff(f"first-{page}", Role.PRIVACY_OFFICER))
            student = factories.make_student()
            older = a_case(student, kind, "in_progress", colleague)
            reference = a_case(student, kind, state, colleague)
            before = cases.case_of(reference).state
        visitor.get(f"/staff/cases/{reference}/{page}")
        assert visitor.status == 200, page
        with school.app_context():
            confirm_identity(
                colleague,
                cases.clock(),
                reference,
                cases.version_of(reference),
                Level.SECOND_CHANNEL,
                Way.SHOW_ID_AT_DESK,
            )
        send(visitor, fields, {"into": older, "staff": str(colleague.id)})
        with school.app_context():
            unchanged = cases.case_of(reference).state == before
        told = visitor.status == 409 and "intussen veranderd" in visitor.text
        if not (told and unchanged and WORDS in visitor.html):
            lost.append(f"{page}: {visitor.status}")
    print(f"pages of a case where two meet: {len(PAGES)}, {len(lost)} lost words")
    assert lost == []


def test_whoever_writes_at_a_case_that_ended_meanwhile_is_told_and_loses_no_word(school: Flask) -> None:
    visitor = enter(school, "officer")
    lost = []
    for page, kind, _state, fields in (each for each in PAGES if each[2] == "in_progress"):
        with school.app_context():
            colleague = factories.staff_actor(factories.make_staff(f"ending-{page}", Role.PRIVACY_OFFICER))
            student = factories.make_student()
            older = a_case(student, kind, "in_progress", colleague)
            reference = a_case(student, kind, "in_progress", colleague)
        visitor.get(f"/staff/cases/{reference}/{page}")
        with school.app_context():
            version = cases.version_of(reference)
            record_take_back(colleague, cases.clock(), reference, version, Channel.PHONE, "Hoeft niet meer")
        send(visitor, fields, {"into": older, "staff": str(colleague.id)})
        told = visitor.status == 409 and "intussen veranderd" in visitor.text
        if not (told and WORDS in visitor.html):
            lost.append(f"{page}: {visitor.status}")
    assert lost == []
