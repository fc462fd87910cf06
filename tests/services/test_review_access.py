"""The periodic review: who holds what since when, who looked last, what is due, and what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.vocabulary import Role
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Staff
from portal.records.tables.factors import AccessReview
from portal.services import second_factor
from portal.services.casework import NotFound
from portal.services.review_access import REVIEW_EVERY, Held, ask_to_end, confirm, end, review_list
from tests import factories
from tests.services.factors import actor_of, audited, code_of, session_in

DAY = timedelta(days=1)


def signed_in(name: str, role: Role, fresh: bool = True) -> Actor:
    return factories.staff_actor(factories.make_staff(name, role), fresh)


def line(actor: Actor, clock: FixedClock, staff_id: UUID) -> Held:
    db.session.rollback()
    (found,) = [each for each in review_list(actor, clock) if each.staff_id == staff_id]
    return found


def test_the_list_shows_what_accounts_in_use_hold_now_or_will_hold(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        director = signed_in("director", Role.DIRECTOR)
        handler, gone, later = (factories.make_staff(name, Role.CASE_HANDLER) for name in ("han", "gone", "later"))
        over = factories.make_staff("over", Role.CASE_HANDLER)
        begin_write()
        db.session.get_one(Staff, gone).disabled_at = clock.now()
        for staff_id, values in (
            (over, {"ends_on": clock.today() - DAY}),
            (later, {"starts_on": clock.today() + DAY, "ends_on": clock.today() + 9 * DAY}),
        ):
            row = db.session.query(Designation).filter_by(staff_id=staff_id).one()
            for name, value in values.items():
                setattr(row, name, value)
        db.session.commit()
        listed = review_list(director, clock)
        assert {each.staff_id for each in listed} == {director.id, handler, later}
        han = line(director, clock, handler)
        assert (han.name, han.username, han.role, han.branch) == ("Han", "han", Role.CASE_HANDLER, "Langedijk")
        assert (han.since, han.until, han.by) == (date(2026, 1, 1), None, "")
        assert (han.reviewed_at, han.reviewed_by, han.asked_to_end, han.own) == (None, "", False, False)
        assert line(director, clock, later).until == clock.today() + 9 * DAY
        assert line(director, clock, director.id).own


def test_what_nobody_looked_at_for_half_a_year_is_due_and_stands_first(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        officer = signed_in("officer", Role.PRIVACY_OFFICER)
        aad, zoe = (factories.make_staff(name, Role.CASE_HANDLER) for name in ("aad", "zoe"))
        assert line(officer, clock, aad).due, "designated in January, never looked at"
        confirm(officer, clock, line(officer, clock, aad).designation_id)
        looked = line(officer, clock, aad)
        assert (looked.due, looked.reviewed_at, looked.reviewed_by) == (False, clock.now(), "Officer")
        order = [each.staff_id for each in review_list(officer, clock)]
        assert order.index(zoe) < order.index(aad)
        clock.advance(REVIEW_EVERY - timedelta(seconds=1))
        assert not line(officer, clock, aad).due
        clock.advance(timedelta(seconds=1))
        assert line(officer, clock, aad).due
        assert audited("review_access") == 1


def test_whoever_may_review_may_ask_that_it_ends_and_an_administrator_ends_it(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        director, admin = signed_in("director", Role.DIRECTOR), signed_in("admin", Role.ADMINISTRATOR)
        handler = factories.make_staff("handler", Role.CASE_HANDLER)
        session_id = session_in(clock, handler, second_factor.FULL)
        held = line(director, clock, handler).designation_id
        confirm(director, clock, held)
        clock.advance(timedelta(seconds=1))
        ask_to_end(director, clock, held)
        asked = line(admin, clock, handler)
        assert (asked.asked_to_end, asked.due, asked.reviewed_by) == (True, True, "Director")
        assert actor_of(clock, session_id).has(Role.CASE_HANDLER), "asking ends nothing"
        end(admin, clock, held)
        assert not actor_of(clock, session_id).roles
        assert handler not in {each.staff_id for each in review_list(admin, clock)}
        db.session.rollback()
        rows = db.session.query(AccessReview).order_by(AccessReview.reviewed_at, AccessReview.id)
        assert [(row.outcome, row.reviewed_by) for row in rows] == [
            ("confirmed", director.id),
            ("to_end", director.id),
            ("ended", admin.id),
        ]
        assert audited("review_access") == 3
        assert audited("end_designation") == 1
        for act in (confirm, ask_to_end, end):
            assert code_of(lambda act=act: act(admin, clock, held)) == "already_ended"


def test_a_later_yes_takes_back_the_wish_to_end(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        director = signed_in("director", Role.DIRECTOR)
        handler = factories.make_staff("handler", Role.CASE_HANDLER)
        held = line(director, clock, handler).designation_id
        ask_to_end(director, clock, held)
        clock.advance(timedelta(seconds=1))
        confirm(director, clock, held)
        assert not line(director, clock, handler).due


def test_nobody_reviews_their_own(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = signed_in("admin", Role.ADMINISTRATOR)
        signed_in("second", Role.ADMINISTRATOR)
        own = line(admin, clock, admin.id).designation_id
        for act in (confirm, ask_to_end, end):
            assert code_of(lambda act=act: act(admin, clock, own)) == "not_yourself"
        assert db.session.query(AccessReview).count() == 0


def test_handlers_see_no_list_and_only_administrators_with_a_fresh_sign_in_end(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        handler = signed_in("handler", Role.CASE_HANDLER)
        director = signed_in("director", Role.DIRECTOR)
        held = line(director, clock, handler.id).designation_id
        with pytest.raises(NotAllowed):
            review_list(handler, clock)
        with pytest.raises(NotAllowed):
            confirm(handler, clock, held)
        with pytest.raises(NotAllowed):
            ask_to_end(handler, clock, held)
        for actor in (handler, director, signed_in("stale", Role.ADMINISTRATOR, fresh=False)):
            with pytest.raises(NotAllowed):
                end(actor, clock, held)
        with pytest.raises(NotFound):
            confirm(director, clock, uuid4())
        assert line(director, clock, handler.id).reviewed_at is None


def test_the_last_administrator_is_not_ended_by_a_review(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = signed_in("admin", Role.ADMINISTRATOR)
        other = signed_in("other", Role.ADMINISTRATOR)
        of_admin = line(other, clock, admin.id).designation_id
        begin_write()
        db.session.query(Designation).filter_by(staff_id=other.id).one().ends_on = clock.today()
        db.session.commit()
        assert code_of(lambda: end(other, clock, of_admin)) == "last_administrator"
        db.session.rollback()
        assert db.session.query(AccessReview).count() == 0
