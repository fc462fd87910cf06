"""Designations: given from a day until a day by somebody, ended, moved; each works at the next request."""

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
from portal.services import second_factor
from portal.services.casework import NotFound
from portal.services.designate_staff import DesignationShown, designate, designations_of, end_designation, move
from tests import factories
from tests.services.factors import actor_of, at_once, audited, code_of, session_in

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def administrator(name: str = "admin", fresh: bool = True) -> Actor:
    return factories.staff_actor(factories.make_staff(name, Role.ADMINISTRATOR), fresh)


def held(actor: Actor, clock: FixedClock, staff_id: UUID) -> list[DesignationShown]:
    db.session.rollback()
    return list(designations_of(actor, clock, staff_id))


def disable(staff_id: UUID, clock: FixedClock) -> None:
    begin_write()
    db.session.get_one(Staff, staff_id).disabled_at = clock.now()
    db.session.commit()


def test_a_designation_says_who_what_where_from_until_and_by_whom(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin, branch = administrator(), factories.make_branch("hoorn")
        staff_id = factories.make_staff("reader", Role.PRIVACY_OFFICER)
        made = designate(admin, clock, staff_id, Role.CASE_HANDLER, branch, TODAY + DAY, TODAY + 30 * DAY)
        newest, first = held(admin, clock, staff_id)
        assert newest == DesignationShown(
            made, Role.CASE_HANDLER, branch, "Hoorn", TODAY + DAY, TODAY + 30 * DAY, "Admin", counts_today=False
        )
        assert (first.role, first.branch, first.by, first.counts_today) == (Role.PRIVACY_OFFICER, "", "", True)
        assert audited("designate") == 1


def test_a_designation_counts_from_its_first_through_its_last_day_at_the_next_request(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        admin, branch = administrator(), factories.make_branch("hoorn")
        staff_id = factories.make_staff("reader", Role.PRIVACY_OFFICER)
        session_id = session_in(clock, staff_id, second_factor.FULL)
        designate(admin, clock, staff_id, Role.CASE_HANDLER, branch, until=TODAY)
        actor = actor_of(clock, session_id)
        assert actor.roles == {Role.PRIVACY_OFFICER, Role.CASE_HANDLER}
        assert actor.branches == {branch}
        clock.advance(DAY)
        later = actor_of(clock, session_in(clock, staff_id, second_factor.FULL))
        assert later.roles == {Role.PRIVACY_OFFICER}
        assert later.branches == frozenset()


def test_ending_works_at_the_next_request_in_the_same_session(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = administrator()
        staff_id = factories.make_staff("handler", Role.CASE_HANDLER)
        session_id = session_in(clock, staff_id, second_factor.FULL)
        assert actor_of(clock, session_id).has(Role.CASE_HANDLER)
        (row,) = held(admin, clock, staff_id)
        end_designation(admin, clock, row.id)
        assert actor_of(clock, session_id).roles == frozenset()
        (ended,) = held(admin, clock, staff_id)
        assert (ended.until, ended.counts_today) == (TODAY - DAY, False)
        assert code_of(lambda: end_designation(admin, clock, row.id)) == "already_ended"
        assert audited("end_designation") == 1


def test_a_last_day_may_be_set_and_brought_forward_but_never_into_the_past(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = administrator()
        (row,) = held(admin, clock, factories.make_staff("handler", Role.CASE_HANDLER))
        end_designation(admin, clock, row.id, TODAY + 5 * DAY)
        assert code_of(lambda: end_designation(admin, clock, row.id, TODAY - DAY)) == "period_wrong"
        end_designation(admin, clock, row.id, TODAY)
        db.session.rollback()
        assert db.session.get_one(Designation, row.id).ends_on == TODAY


def test_moving_takes_the_old_branch_and_gives_the_new_one_in_one_act(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin, hoorn = administrator(), factories.make_branch("hoorn")
        staff_id = factories.make_staff("handler", Role.CASE_HANDLER)
        session_id = session_in(clock, staff_id, second_factor.FULL)
        (old,) = held(admin, clock, staff_id)
        assert actor_of(clock, session_id).branches == {old.branch_id}
        end_designation(admin, clock, old.id, TODAY + 90 * DAY)
        new = move(admin, clock, old.id, hoorn)
        assert actor_of(clock, session_id).branches == {hoorn}
        shown = {each.id: each for each in held(admin, clock, staff_id)}
        assert (shown[old.id].until, shown[new].since) == (TODAY - DAY, TODAY)
        assert shown[new].until == TODAY + 90 * DAY, "the last day moves along"


def test_a_move_that_is_refused_changes_nothing(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = administrator()
        staff_id = factories.make_staff("handler", Role.CASE_HANDLER)
        (old,) = held(admin, clock, staff_id)
        assert code_of(lambda: move(admin, clock, old.id, uuid4())) == "branch_missing"
        assert held(admin, clock, staff_id) == [old]
        officer_id = factories.make_staff("reader", Role.PRIVACY_OFFICER)
        (all_branches,) = held(admin, clock, officer_id)
        branch = factories.make_branch()
        assert code_of(lambda: move(admin, clock, all_branches.id, branch)) == "branch_not_for_role"
        assert held(admin, clock, officer_id) == [all_branches]


def test_what_makes_no_sense_is_refused(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin, branch = administrator(), factories.make_branch("hoorn")
        staff_id = factories.make_staff("handler", Role.CASE_HANDLER)
        own_branch = held(admin, clock, staff_id)[0].branch_id

        def tried(*args: object, who: UUID = staff_id) -> str:
            return code_of(lambda: designate(admin, clock, who, *args))

        assert tried(Role.CASE_HANDLER) == "branch_missing"
        assert tried(Role.CASE_HANDLER, uuid4()) == "branch_missing"
        assert tried(Role.DIRECTOR, branch) == "branch_not_for_role"
        assert tried(Role.CASE_HANDLER, branch, TODAY - DAY) == "starts_in_past"
        assert tried(Role.CASE_HANDLER, branch, TODAY + DAY, TODAY) == "period_wrong"
        assert tried(Role.CASE_HANDLER, own_branch) == "already_designated"
        assert tried(Role.CASE_HANDLER, own_branch, TODAY + 400 * DAY) == "already_designated"
        assert tried(Role.CASE_HANDLER, branch, who=admin.id) == "not_yourself"
        disable(staff_id, clock)
        assert tried(Role.CASE_HANDLER, branch) == "account_disabled"
        with pytest.raises(NotFound):
            designate(admin, clock, uuid4(), Role.DIRECTOR)
        with pytest.raises(NotFound):
            end_designation(admin, clock, uuid4())
        with pytest.raises(NotFound):
            designations_of(admin, clock, uuid4())


def test_periods_that_follow_each_other_do_not_overlap(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin, staff_id = administrator(), factories.make_staff("reader", Role.PRIVACY_OFFICER)
        designate(admin, clock, staff_id, Role.DIRECTOR, None, TODAY + 10 * DAY, TODAY + 20 * DAY)
        overlapping = [(TODAY, None), (TODAY, TODAY + 10 * DAY), (TODAY + 20 * DAY, None), (TODAY + 12 * DAY, None)]
        for since, until in overlapping:
            refused = code_of(
                lambda since=since, until=until: designate(admin, clock, staff_id, Role.DIRECTOR, None, since, until)
            )
            assert refused == "already_designated"
        designate(admin, clock, staff_id, Role.DIRECTOR, None, TODAY, TODAY + 9 * DAY)
        designate(admin, clock, staff_id, Role.DIRECTOR, None, TODAY + 21 * DAY)


def test_only_an_administrator_with_a_fresh_sign_in_designates(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, branch = factories.make_staff("handler", Role.CASE_HANDLER), factories.make_branch("hoorn")
        (row,) = held(administrator(), clock, staff_id)
        others = [("director", Role.DIRECTOR), ("officer", Role.PRIVACY_OFFICER), ("colleague", Role.CASE_HANDLER)]
        actors = [factories.staff_actor(factories.make_staff(*each)) for each in others]
        for actor in [*actors, administrator("stale", fresh=False)]:
            for act in (
                lambda actor=actor: designate(actor, clock, staff_id, Role.CASE_HANDLER, branch),
                lambda actor=actor: end_designation(actor, clock, row.id),
                lambda actor=actor: move(actor, clock, row.id, branch),
            ):
                with pytest.raises(NotAllowed):
                    act()
        assert held(administrator("other"), clock, staff_id) == [row]


def test_the_last_administrator_stays_one(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        first, second = administrator(), administrator("second")
        (of_second,) = held(first, clock, second.id)
        (of_first,) = held(first, clock, first.id)
        assert code_of(lambda: end_designation(first, clock, of_first.id)) == "not_yourself"
        end_designation(first, clock, of_second.id, TODAY)
        assert code_of(lambda: end_designation(second, clock, of_first.id)) == "last_administrator", "hers ends today"
        assert code_of(lambda: end_designation(second, clock, of_first.id, TODAY)) == "last_administrator"
        third = administrator("third")
        end_designation(third, clock, of_first.id)
        disable(third.id, clock)
        (of_third,) = held(second, clock, third.id)
        assert code_of(lambda: end_designation(second, clock, of_third.id)) == "last_administrator"


def test_two_administrators_who_end_each_other_at_once_leave_one(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        one, two = administrator(), administrator("second")
        (of_one,), (of_two,) = held(one, clock, one.id), held(one, clock, two.id)
    results = at_once(
        app, [lambda: end_designation(one, clock, of_two.id), lambda: end_designation(two, clock, of_one.id)]
    )
    assert sorted(results) in (["", "last_administrator"], ["", "not_permitted"]), results
