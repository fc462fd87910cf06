"""Drafts: sealed, bound to a browser and to who is signed in, gone within a day."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.records.db import db
from portal.records.tables.cases import Draft
from portal.services import drafts
from portal.services.drafts import NoDraft, Owner, SignInFirst

ANYBODY = Owner("browser one", None)
HANAN = Owner("browser one", uuid4())
CONTENTS = {"kind": "access", "pages": {}}


def test_a_draft_is_read_back_and_lies_sealed(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        draft = drafts.start(clock, ANYBODY, {"pages": {"who": {"name": ["Hanan"]}}})
        assert drafts.read(clock, draft, ANYBODY) == {"pages": {"who": {"name": ["Hanan"]}}}
        sealed = db.session.execute(select(Draft.sealed)).scalar_one()
        assert b"Hanan" not in sealed


@pytest.mark.parametrize("other", [Owner("browser two", None), Owner("browser two", HANAN.student_id)])
def test_another_browser_opens_nothing(app: Flask, clock: FixedClock, other: Owner) -> None:
    with app.app_context():
        draft = drafts.start(clock, HANAN, dict(CONTENTS))
        with pytest.raises(NoDraft):
            drafts.read(clock, draft, other)
        with pytest.raises(NoDraft):
            drafts.keep_page(clock, draft, other, "what", {"words": ["x"]})


def test_the_next_person_at_the_same_computer_opens_nothing(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        draft = drafts.start(clock, HANAN, dict(CONTENTS))
        with pytest.raises(SignInFirst):
            drafts.read(clock, draft, ANYBODY)
        with pytest.raises(NoDraft) as refused:
            drafts.read(clock, draft, Owner("browser one", uuid4()))
        assert not isinstance(refused.value, SignInFirst)


def test_what_was_begun_before_signing_in_goes_along_and_then_belongs_to_the_student(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        draft = drafts.start(clock, ANYBODY, dict(CONTENTS))
        drafts.save(clock, draft, HANAN, drafts.read(clock, draft, HANAN))
        assert drafts.read(clock, draft, HANAN) == CONTENTS
        with pytest.raises(SignInFirst):
            drafts.read(clock, draft, ANYBODY)


def test_a_page_typed_while_the_session_ended_is_taken_in_unread(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        draft = drafts.start(clock, HANAN, dict(CONTENTS))
        drafts.keep_page(clock, draft, ANYBODY, "what", {"words": ["typed in time"]})
        assert drafts.read(clock, draft, HANAN)["pages"] == {"what": {"words": ["typed in time"]}}


def test_a_draft_is_gone_after_a_day(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        draft = drafts.start(clock, ANYBODY, dict(CONTENTS))
        clock.advance(timedelta(hours=24, seconds=1))
        with pytest.raises(NoDraft):
            drafts.read(clock, draft, ANYBODY)
        assert drafts.expire(clock) == 1
        assert db.session.execute(select(Draft.id)).first() is None
