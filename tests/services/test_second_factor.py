"""Which stage a sign-in is in, what the account has, and an administrator's reset of lost factors."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from uuid import uuid4

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.records.tables.access import Staff
from portal.records.tables.factors import Passkey, RecoveryCode, TotpSetup
from portal.records.tables.proof import OutMail
from portal.services import own_sessions, recovery_codes, second_factor, totp
from portal.services.casework import NotFound
from portal.services.unit import writing
from portal.vault.envelope import INSTALLATION, Place
from tests import factories
from tests.services.factors import (
    actor_in,
    audited,
    code_now,
    code_of,
    logins_of,
    mails,
    officer,
    session_in,
    staff_of,
    stage_of,
)


def give_passkey(clock: FixedClock, staff_id) -> None:
    with writing(SYSTEM, clock) as work:
        work.session.add(
            Passkey(
                staff_id=staff_id,
                credential=uuid4().bytes,
                public_key=b"public",
                sign_count=0,
                name="Telefoon",
                created_at=work.now,
            )
        )


def give_codes(clock: FixedClock, staff_id) -> None:
    sheet = recovery_codes.Sheet((), tuple((f"AAA{number}", "no hash") for number in range(10)))
    with writing(SYSTEM, clock) as work:
        recovery_codes.put(work, staff_id, sheet)


@pytest.mark.parametrize(
    ("app_set_up", "passkey", "given", "changed", "acknowledged"), list(product([True, False], repeat=5))
)
def test_the_stage_is_what_is_missing_first(
    sqlite_app: Flask, app_set_up: bool, passkey: bool, given: bool, changed: bool, acknowledged: bool
) -> None:
    clock: FixedClock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        staff_id = factories.make_staff("officer", Role.PRIVACY_OFFICER, acknowledged=acknowledged)
        if passkey:
            give_passkey(clock, staff_id)
        with writing(SYSTEM, clock) as work:
            staff = work.session.get_one(Staff, staff_id)
            staff.must_change_password = not changed
            if app_set_up:
                totp.install(work, staff, "JBSWY3DPEHPK3PXP")
        with writing(SYSTEM, clock) as work:
            stage = second_factor.stage_of(work.session, work.session.get_one(Staff, staff_id), given)
    if not given:
        assert stage == ("factor" if app_set_up or passkey else "enrol")
    elif not changed:
        assert stage == "password"
    else:
        assert stage == ("full" if acknowledged else "confidentiality")


def test_recovery_codes_alone_are_no_factor(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        give_codes(clock, staff_id)
        with writing(SYSTEM, clock) as work:
            staff = work.session.get_one(Staff, staff_id)
            assert second_factor.stage_of(work.session, staff, given=False) == second_factor.ENROL


def test_after_the_factor_a_first_password_is_still_to_be_changed(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        with writing(SYSTEM, clock) as work:
            work.session.get_one(Staff, staff_id).must_change_password = True
        made = totp.enter(actor_in(clock, staff_id, second_factor.FACTOR), clock, code_now(clock))
        assert made.stage == stage_of(clock, made.session_id) == second_factor.PASSWORD


def test_the_own_account_shows_what_it_has_and_nobody_elses(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, other_id = officer(clock), officer(clock, with_app=False, name="other")
        give_passkey(clock, staff_id)
        give_codes(clock, other_id)
        own = second_factor.own_factors(actor_in(clock, staff_id, second_factor.FULL), clock)
        assert (own.totp, [key.name for key in own.passkeys], own.codes_left) == (True, ["Telefoon"], 0)
        others = second_factor.own_factors(actor_in(clock, other_id, second_factor.ENROL), clock)
        assert (others.totp, others.passkeys, others.codes_left) == (False, (), 10)


def test_a_session_is_needed_and_must_be_the_actors_own(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, other_id = officer(clock), officer(clock, name="other")
        without = factories.staff_actor(staff_id)
        assert code_of(lambda: totp.enter(without, clock, code_now(clock))) == "session_ended"
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        with writing(SYSTEM, clock) as work:
            own_sessions.end_all(work, staff_id)
        assert code_of(lambda: totp.enter(actor, clock, code_now(clock))) == "session_ended"
        theirs = actor_in(clock, other_id, second_factor.FACTOR)
        assert code_of(lambda: totp.enter(replace(theirs, id=staff_id), clock, code_now(clock))) == "session_ended"


def test_a_disabled_account_passes_no_factor(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        with writing(SYSTEM, clock) as work:
            work.session.get_one(Staff, staff_id).disabled_at = work.now
        assert code_of(lambda: totp.enter(actor, clock, code_now(clock))) == "session_ended"


def test_a_reset_takes_every_factor_away_ends_the_sessions_and_tells_the_person(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, other_id = officer(clock), officer(clock, name="other")
        for each in (staff_id, other_id):
            give_passkey(clock, each)
            give_codes(clock, each)
            totp.begin(actor_in(clock, each, second_factor.FULL), clock)
            session_in(clock, each, second_factor.FULL)
        password = staff_of(staff_id).password_hash
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        second_factor.reset_factor(admin, clock, staff_id, "  Telefoon in het   kanaal gevallen ")
        staff = staff_of(staff_id)
        assert (staff.totp_sealed, staff.totp_last_step) == (None, None)
        assert staff.password_hash == password
        for table in (TotpSetup, Passkey, RecoveryCode):
            kept = {row.staff_id for row in db.session.query(table)}
            assert kept == {other_id}, f"{table.__name__}: of this person only"
        assert logins_of(staff_id) == 0
        assert logins_of(other_id) == 2
        assert audited("reset_factor") == 1
        mail = db.session.query(OutMail).filter_by(kind="staff_factor_reset").one()
        told = factories.vault().open(INSTALLATION, "mail", Place("outbox", "sealed", mail.id), mail.sealed)
        assert told["to"] == "officer@school.example.org"


def test_only_another_administrator_with_a_fresh_sign_in_and_a_reason_resets(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        admin_id = factories.make_staff("admin", Role.ADMINISTRATOR)
        admin = factories.staff_actor(admin_id)

        def reset(actor=admin, who=staff_id, reason: str = "telefoon kwijt") -> str:
            return code_of(lambda: second_factor.reset_factor(actor, clock, who, reason))

        assert reset(reason=" \n ") == "reason_missing"
        assert reset(reason="x" * 301) == "reason_too_long"
        assert reset(who=admin_id) == "not_yourself"
        assert reset(factories.staff_actor(admin_id, fresh=False)) == "fresh_sign_in_needed"
        for name, role in (("one", Role.DIRECTOR), ("two", Role.PRIVACY_OFFICER), ("three", Role.CASE_HANDLER)):
            with pytest.raises(NotAllowed):
                second_factor.reset_factor(
                    factories.staff_actor(factories.make_staff(name, role)), clock, staff_id, "telefoon kwijt"
                )
        with pytest.raises(NotFound):
            second_factor.reset_factor(admin, clock, uuid4(), "telefoon kwijt")
        assert staff_of(staff_id).totp_sealed is not None
        assert mails("staff_factor_reset") == 0
        assert reset() == ""
