"""Staff sign in: who may, who may not, how often, and what is still asked."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.db import begin_write, db
from portal.records.tables.access import Login, Staff
from portal.services import passwords, staff_sign_in, totp
from portal.services.limits import LIMITS, TooMany
from portal.services.own_sessions import NewSession
from portal.services.recognise import recognise
from tests import factories
from tests.services import factors

pytestmark = pytest.mark.slow

NEW = "vier losse paarden in de regen"


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same algorithm with less work: what is tested here is not how long it takes."""
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def enter(clock: FixedClock, name: str = "officer", password: str = factories.PASSWORD, **more: str) -> object:
    return staff_sign_in.sign_in(clock, name, password, more.get("address", "192.0.2.1"), more.get("browser", ""))


def whole(clock: FixedClock, name: str = "officer", password: str = factories.PASSWORD) -> NewSession:
    """Password and second factor."""
    factors.give_app(clock, db.session.execute(select(Staff.id).where(Staff.username == name)).scalar_one())
    made = enter(clock, name, password)
    return totp.enter(actor_of(made.session_id, clock), clock, factors.code_now(clock))


def actor_of(session_id: str, clock: FixedClock) -> Actor:
    found = recognise(session_id, clock)
    assert found is not None
    return found.actor


def set_staff(staff_id: UUID, **values: object) -> None:
    begin_write()
    staff = db.session.get_one(Staff, staff_id)
    for name, value in values.items():
        setattr(staff, name, value)
    db.session.commit()


def logins() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Login)).scalar_one()


def test_name_and_password_begin_a_session_kept_on_the_server(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER)
        made = enter(clock, " Officer ")
        assert made.stage == "enrol"
        assert made.staff_id == staff_id
        found = recognise(made.session_id, clock)
        assert found.actor.roles == {Role.PRIVACY_OFFICER}
        assert found.actor.fresh_sign_in
        assert db.session.execute(select(Login.digest)).scalar_one() != made.session_id.encode()


def test_an_unknown_name_a_wrong_password_and_a_disabled_account_are_all_just_wrong(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    verify = passwords.verify
    monkeypatch.setattr(
        passwords, "verify", lambda stored, given: checked.append(bool(stored)) or verify(stored, given)
    )
    with app.app_context():
        gone = factories.make_staff("gone", Role.DIRECTOR)
        set_staff(gone, disabled_at=clock.now())
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        assert enter(clock, "nobody") is None
        assert enter(clock, "gone") is None
        assert enter(clock, "officer", "wrong password entirely") is None
        assert logins() == 0
    assert checked == [False, False, True]  # one verification each, against nobody's hash where there is no account


def test_a_hash_with_old_parameters_is_made_anew(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER)
        old = PasswordHasher(time_cost=2, memory_cost=512, parallelism=1).hash(factories.PASSWORD)
        set_staff(staff_id, password_hash=old)
        assert enter(clock) is not None
        db.session.rollback()
        renewed = db.session.get_one(Staff, staff_id).password_hash
        assert renewed != old
        assert not passwords.outdated(renewed)
        db.session.rollback()
        assert enter(clock) is not None


def test_the_first_password_is_changed_then_the_clause_acknowledged(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER, acknowledged=False)
        set_staff(staff_id, must_change_password=True)
        made = whole(clock)
        assert made.stage == "password"
        made = staff_sign_in.change_password(actor_of(made.session_id, clock), clock, factories.PASSWORD, NEW)
        assert made.stage == "confidentiality"
        made = staff_sign_in.acknowledge(actor_of(made.session_id, clock), clock)
        assert made.stage == "full"
        found = recognise(made.session_id, clock)
        assert found.stage == "full"
        assert found.actor.confidentiality_acknowledged
        db.session.rollback()
        assert db.session.get_one(Staff, staff_id).confidentiality_at == clock.now()


def test_another_password_ends_every_other_session(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        elsewhere, here = whole(clock), whole(clock)
        fresh = staff_sign_in.change_password(actor_of(here.session_id, clock), clock, factories.PASSWORD, NEW)
        assert recognise(elsewhere.session_id, clock) is None
        assert recognise(here.session_id, clock) is None
        assert recognise(fresh.session_id, clock) is not None
        assert enter(clock, password=factories.PASSWORD) is None
        assert enter(clock, password=NEW) is not None


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("kort", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("Welkomwelkom123", "password_common"),
        ("abcdefghijklmnop", "password_common"),
        ("aaaaaaaaaaaaaaaa", "password_common"),
        ("123456789012", "password_common"),
        ("officerofficer", "password_common"),
        (factories.PASSWORD, "password_common"),
    ],
)
def test_a_weak_new_password_is_refused(app: Flask, clock: FixedClock, new: str, code: str) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        actor = actor_of(whole(clock).session_id, clock)
        with pytest.raises(Refused) as refused:
            staff_sign_in.change_password(actor, clock, factories.PASSWORD, new)
        assert refused.value.code == code
        assert enter(clock) is not None


def test_the_present_password_is_asked_before_another_is_taken(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        actor = actor_of(whole(clock).session_id, clock)
        with pytest.raises(Refused, match="password_wrong"):
            staff_sign_in.change_password(actor, clock, "something else altogether", NEW)
        with pytest.raises(Refused, match="password_wrong"):
            staff_sign_in.prove_again(actor, clock, "something else altogether")


def test_proving_again_is_fresh_under_a_new_id_within_the_same_ten_hours(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        first = whole(clock)
        for _ in range(2):
            clock.advance(timedelta(minutes=30))
            assert recognise(first.session_id, clock) is not None
        assert not actor_of(first.session_id, clock).fresh_sign_in
        again = staff_sign_in.prove_again(actor_of(first.session_id, clock), clock, factories.PASSWORD)
        assert again.session_id != first.session_id
        assert actor_of(again.session_id, clock).fresh_sign_in
        for _ in range(17):
            clock.advance(timedelta(minutes=30))
            assert recognise(again.session_id, clock) is not None
        clock.advance(timedelta(minutes=31))
        assert recognise(again.session_id, clock) is None  # ten hours after the first sign-in


@pytest.mark.parametrize("stage", ["enrol", "factor"])
def test_the_password_alone_opens_nothing_more(app: Flask, clock: FixedClock, stage: str) -> None:
    """Neither another password, nor the clause, nor a fresh proof takes a session past the second factor."""
    with app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER, acknowledged=False)
        if stage == "factor":
            factors.give_app(clock, staff_id)
        made = enter(clock)
        assert made.stage == stage
        actor = actor_of(made.session_id, clock)
        for act in (
            lambda: staff_sign_in.change_password(actor, clock, factories.PASSWORD, NEW),
            lambda: staff_sign_in.acknowledge(actor, clock),
            lambda: staff_sign_in.prove_again(actor, clock, factories.PASSWORD),
            lambda: staff_sign_in.own_language(actor, clock, "en"),
        ):
            assert factors.code_of(act) == "other_stage"
        assert factors.stage_of(clock, made.session_id) == stage
        assert enter(clock) is not None, "the password is still the old one"


def test_a_first_password_is_changed_before_the_clause_and_a_fresh_proof_comes_last(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER, acknowledged=False)
        set_staff(staff_id, must_change_password=True)
        actor = actor_of(whole(clock).session_id, clock)
        assert factors.code_of(lambda: staff_sign_in.acknowledge(actor, clock)) == "other_stage"
        assert factors.code_of(lambda: staff_sign_in.prove_again(actor, clock, factories.PASSWORD)) == "other_stage"


def test_guessing_is_stopped_and_a_known_browser_still_comes_in(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        for number in range(LIMITS["staff_sign_in_account"].count):
            assert enter(clock, password="guess", address=f"192.0.2.{number}") is None
        with pytest.raises(TooMany):
            enter(clock, address="198.51.100.7")
        assert enter(clock, browser="a browser that was here before") is not None
        clock.advance(timedelta(hours=3))
        assert enter(clock, address="198.51.100.7") is not None


def test_one_network_address_cannot_try_many_accounts(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        for number in range(LIMITS["staff_sign_in_place"].count):
            assert enter(clock, f"nobody{number}", "guess") is None
        with pytest.raises(TooMany):
            enter(clock)
        assert enter(clock, address="198.51.100.7") is not None


def test_a_known_browser_has_a_limit_of_its_own(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        factories.make_staff("officer", Role.PRIVACY_OFFICER)
        for _ in range(LIMITS["staff_sign_in_known"].count):
            assert enter(clock, password="guess", browser="a browser") is None
        with pytest.raises(TooMany):
            enter(clock, browser="a browser")
        assert enter(clock, browser="another browser") is not None
