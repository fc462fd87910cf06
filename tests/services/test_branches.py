"""The branches: as the policy names them, opened and renamed by the administrator, with who handles cases there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Role
from portal.services.branches import BranchShown, branches, follow_policy
from portal.services.designate_staff import designations_of, end_designation
from portal.services.staff_accounts import disable_account
from tests import factories
from tests.services.factors import audited
from tests.services.test_queue import statements


def shown(app: Flask, clock: FixedClock) -> dict[str, BranchShown]:
    officer = factories.staff_actor(factories.make_staff("looker", Role.PRIVACY_OFFICER))
    return {each.code: each for each in branches(officer, clock)}


def test_the_policys_branches_are_opened_and_renamed_and_none_is_lost(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        factories.make_branch("hoorn")
        factories.make_branch("gone")
        policy = app.extensions["policy"]
        hoorn = replace(policy.branches["hoorn"], name="Hoorn Centrum")
        app.extensions["policy"] = replace(policy, branches=MappingProxyType({**policy.branches, "hoorn": hoorn}))
        before = shown(app, clock)
        assert (before["hoorn"].name, before["hoorn"].in_policy, before["hoorn"].follows) == (
            "Hoorn",
            "Hoorn Centrum",
            False,
        )
        assert (before["alkmaar"].name, before["alkmaar"].follows) == ("", False)
        assert (before["gone"].in_policy, before["gone"].follows) == ("", True)
        assert follow_policy(admin, clock) == 4
        after = {each.code: each for each in branches(admin, clock)}
        assert {code for code, each in after.items() if each.follows} == {*policy.branches, "gone"}
        assert after["hoorn"].name == "Hoorn Centrum"
        assert follow_policy(admin, clock) == 0
        assert audited("open_branch") == 3
        assert audited("rename_branch") == 1


def test_those_who_handle_cases_today_stand_with_their_branch(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        here = factories.make_branch("hoorn")
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        for username in ("anna", "bram", "carla"):
            factories.make_staff(username, Role.CASE_HANDLER, branch=here)
        bram, carla = (each.id for each in shown(app, clock)["hoorn"].handlers[1:])
        disable_account(admin, clock, carla)
        (held,) = designations_of(admin, clock, bram)
        end_designation(admin, clock, held.id, clock.today())
        clock.advance(timedelta(days=1))
        found = {each.code: each for each in branches(admin, clock)}
        assert [each.name for each in found["hoorn"].handlers] == ["Anna"]
        assert found["alkmaar"].handlers == ()


@pytest.mark.parametrize("role", [Role.CASE_HANDLER, Role.PRIVACY_OFFICER, Role.DIRECTOR])
def test_only_an_administrator_with_a_fresh_sign_in_follows_the_policy(
    sqlite_app: Flask, clock: FixedClock, role: Role
) -> None:
    with sqlite_app.app_context():
        somebody = factories.staff_actor(factories.make_staff("somebody", role))
        with pytest.raises(NotAllowed):
            follow_policy(somebody, clock)
        stale = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR), fresh=False)
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            follow_policy(stale, clock)


def test_the_number_of_statements_does_not_grow_with_the_branches(sqlite_app: Flask, clock: FixedClock) -> None:
    with sqlite_app.app_context():
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        counts = []
        for number in (1, 9):
            for each in range(number):
                branch = factories.make_branch(f"branch{number}{each}")
                factories.make_staff(f"handler{number}{each}", Role.CASE_HANDLER, branch=branch)
            with statements() as seen:
                branches(admin, clock)
            counts.append(len(seen))
    assert counts[0] == counts[1]
