"""The draft of an extension as staff meet it: shown from day 24 on, filled in, sent by one press."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.casework import Asked, NewCase, open_case
from portal.services.unit import writing
from tests import factories
from tests.web.staff_door import enter


def test_the_draft_is_there_on_day_24_and_one_press_sends_it(sqlite_app: Flask) -> None:
    clock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        branch = factories.make_branch("langedijk")
        factories.make_staff("anna", Role.CASE_HANDLER, branch=branch)
        student = factories.make_student(branch, email="hanan@example.org")
        asked = NewCase(
            RequestKind.ACCESS, Channel.PORTAL, "ar", clock.today(), (Asked(TargetKind.EVERYTHING),), student_id=student
        )
        with writing(SYSTEM, clock) as work:
            opened = open_case(work, asked)
    page = f"/staff/cases/{opened.reference}"
    clock.advance(timedelta(days=23))
    assert "concept" not in enter(sqlite_app, "anna").get(page).text
    clock.advance(timedelta(days=1))
    visitor = enter(sqlite_app, "anna").get(page)
    assert "Een concept voor verlengen staat klaar" in visitor.text
    visitor.get(f"{page}/extend")
    assert "Doet u niets, dan gaat er niets weg" in visitor.text
    visitor.press("Verleng en stuur bericht")
    assert visitor.url == page
    assert "concept" not in visitor.text
    with sqlite_app.app_context():
        case = db.session.execute(select(Case).where(Case.reference == opened.reference)).scalar_one()
        assert (case.extended_days, case.extension_reason) == (28, "complexity")
        assert db.session.execute(select(OutMail.language).where(OutMail.kind == "extended")).scalars().all() == ["ar"]
