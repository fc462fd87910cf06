"""Accounts: made and shut by the administrator with a fresh sign-in; nobody is shut out of the house."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.services import staff_sign_in
from portal.services.casework import NotFound
from portal.services.recognise import recognise, staff_actor
from portal.services.staff_accounts import accounts, branches_of_school, create_account, disable_account
from tests import factories
from tests.services.factors import at_once

pytestmark = pytest.mark.slow


@pytest.fixture
def administrator(app: Flask) -> Iterator[Actor]:
    with app.app_context():
        factories.make_branch("langedijk")
        yield factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))


def make(actor: Actor, clock: FixedClock, **changes: object) -> object:
    branch = next(each.id for each in branches_of_school(actor, clock) if each.code == "langedijk")
    values: dict[str, object] = {
        "username": "M.deBoer",
        "name": "M. de Boer",
        "email": "m@school.example.org",
        "roles": [Role.CASE_HANDLER, Role.PRIVACY_OFFICER],
        "branches": [branch],
        **changes,
    }
    return create_account(actor, clock, **values)


def test_a_new_account_signs_in_and_must_choose_a_password(administrator: Actor, clock: FixedClock) -> None:
    made = make(administrator, clock)
    assert made.username == "m.deboer"
    entered = staff_sign_in.sign_in(clock, "M.DEBOER", made.password, "192.0.2.1")
    assert entered.stage == "enrol"
    actor = staff_actor(made.id, clock)
    assert actor.roles == {Role.CASE_HANDLER, Role.PRIVACY_OFFICER}
    assert actor.branches == {factories.make_branch("langedijk")}
    listed = next(each for each in accounts(administrator, clock) if each.id == made.id)
    assert [(placed.role, placed.branch) for placed in listed.roles] == [
        (Role.CASE_HANDLER, "Langedijk"),
        (Role.PRIVACY_OFFICER, ""),
    ]


def test_two_first_passwords_are_not_alike(administrator: Actor, clock: FixedClock) -> None:
    one = make(administrator, clock)
    two = make(administrator, clock, username="j.visser")
    assert one.password != two.password
    assert len(one.password) >= 12


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"username": "x"}, "username_invalid"),
        ({"username": "een naam"}, "username_invalid"),
        ({"username": "admin"}, "username_taken"),
        ({"name": " "}, "name_missing"),
        ({"email": "geen adres"}, "email_invalid"),
        ({"email": "a@b.nl\nBcc: x@y.nl"}, "email_invalid"),
        ({"roles": []}, "role_missing"),
        ({"branches": []}, "branch_missing"),
        ({"branches": [factories.uuid7()]}, "branch_missing"),
        ({"password": "kort"}, "password_too_short"),
    ],
)
def test_a_faulty_account_is_refused(
    administrator: Actor, clock: FixedClock, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        make(administrator, clock, **changes)
    assert refused.value.code == code
    assert len(accounts(administrator, clock)) == 1


def test_only_the_administrator_with_a_fresh_sign_in_manages_accounts(administrator: Actor, clock: FixedClock) -> None:
    stale = factories.staff_actor(administrator.id, fresh=False)
    with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
        make(stale, clock)
    officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
    assert len(accounts(officer, clock)) == 2  # reviews who has access
    with pytest.raises(NotAllowed, match="not_permitted"):
        make(officer, clock)
    with pytest.raises(NotAllowed, match="not_permitted"):
        disable_account(officer, clock, administrator.id)
    handler = factories.staff_actor(factories.make_staff("handler", Role.CASE_HANDLER))
    with pytest.raises(NotAllowed):
        accounts(handler, clock)


def test_a_disabled_account_is_out_at_once_and_stays_out(administrator: Actor, clock: FixedClock) -> None:
    officer = factories.make_staff("officer", Role.PRIVACY_OFFICER)
    session = staff_sign_in.sign_in(clock, "officer", factories.PASSWORD, "192.0.2.1")
    assert recognise(session.session_id, clock) is not None
    disable_account(administrator, clock, officer)
    disable_account(administrator, clock, officer)
    assert recognise(session.session_id, clock) is None
    assert staff_sign_in.sign_in(clock, "officer", factories.PASSWORD, "192.0.2.1") is None
    listed = next(each for each in accounts(administrator, clock) if each.id == officer)
    assert listed.disabled_at == clock.now()


def test_nobody_shuts_the_own_account(administrator: Actor, clock: FixedClock) -> None:
    with pytest.raises(Refused, match="not_yourself"):
        disable_account(administrator, clock, administrator.id)


def test_the_last_administrator_is_not_shut_out_from_the_command_line(administrator: Actor, clock: FixedClock) -> None:
    operator = replace(administrator, id=None, session_id=None)
    with pytest.raises(Refused, match="last_administrator"):
        disable_account(operator, clock, administrator.id)
    factories.make_staff("second", Role.ADMINISTRATOR)
    disable_account(operator, clock, administrator.id)


def test_two_administrators_who_shut_each_other_leave_one(app: Flask, administrator: Actor, clock: FixedClock) -> None:
    other = factories.staff_actor(factories.make_staff("other", Role.ADMINISTRATOR))
    results = at_once(
        app,
        [
            lambda: disable_account(administrator, clock, other.id),
            lambda: disable_account(other, clock, administrator.id),
        ],
    )
    assert sorted(results) == ["", "last_administrator"]


def test_an_account_that_does_not_exist_is_not_found(administrator: Actor, clock: FixedClock) -> None:
    with pytest.raises(NotFound):
        disable_account(administrator, clock, factories.uuid7())
