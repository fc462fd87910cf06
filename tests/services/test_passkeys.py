"""Passkeys, answered by an authenticator in software: set up, used, replayed, forged, copied."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.records.db import db
from portal.records.tables.factors import Passkey, PasskeyChallenge
from portal.services import limits, passkeys, passwords, second_factor
from portal.services.casework import NotFound
from portal.services.expire import expire
from portal.services.limits import Limit
from tests.services.factors import (
    SoftKey,
    actor_in,
    actor_of,
    at_once,
    audited,
    code_of,
    logins_of,
    mails,
    officer,
    session_in,
    stage_of,
)

pytestmark = pytest.mark.slow

BASE = "https://privacy.school.example"
HOST = "privacy.school.example"


@pytest.fixture(autouse=True)
def named_host(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that browsers give passkeys to, more tries than people need, and lighter hashing."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], base_url=BASE))
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    for name in ("staff_factor", "staff_factor_set_up"):
        monkeypatch.setitem(limits.LIMITS, name, Limit(500, limits.HOUR, "test"))


def soft(**more) -> SoftKey:
    return SoftKey(HOST, BASE, **more)


def register(clock: FixedClock, staff_id, key: SoftKey, stage: str = second_factor.ENROL) -> second_factor.Enrolled:
    actor = actor_in(clock, staff_id, stage)
    return passkeys.register(actor, clock, key.create(passkeys.registration_options(actor, clock)), "Telefoon")


def keys_of() -> list[Passkey]:
    db.session.rollback()
    return list(db.session.execute(select(Passkey).execution_options(populate_existing=True)).scalars())


def test_a_passkey_is_set_up_at_the_first_sign_in(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        session_in(clock, staff_id, second_factor.ENROL)
        actor = actor_in(clock, staff_id, second_factor.ENROL)
        asked = passkeys.registration_options(actor, clock)
        said = json.loads(asked)
        assert said["rp"]["id"] == HOST
        assert said["attestation"] == "none"
        made = passkeys.register(actor, clock, key.create(asked), "  Telefoon   van mij ")
        assert made.session.stage == second_factor.FULL
        assert len(made.codes) == 10
        assert logins_of(staff_id) == 1
        (kept,) = keys_of()
        assert (kept.staff_id, kept.credential, kept.name) == (staff_id, key.credential, "Telefoon van mij")
        assert mails("staff_sign_in_new") == 1
        assert audited("set_up_factor") == 1
        with app.app_context():
            assert (
                second_factor.own_factors(actor_of(clock, made.session.session_id), clock).passkeys[0].used_at is None
            )


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_lets_a_half_sign_in_pass_and_its_counter_is_kept(
    app: Flask, clock: FixedClock, counts: bool
) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft(counts=counts)
        register(clock, staff_id, key)
        for turn in (1, 2):
            actor = actor_in(clock, staff_id, second_factor.FACTOR)
            asked = passkeys.authentication_options(actor, clock)
            assert json.loads(asked)["allowCredentials"][0]["id"] == bytes_to_base64url(key.credential)
            made = passkeys.enter(actor, clock, key.get(asked), "known")
            assert stage_of(clock, made.session_id) == second_factor.FULL
            assert keys_of()[0].sign_count == (turn if counts else 0)
            assert keys_of()[0].used_at == clock.now()


def test_an_answer_works_once_and_in_its_own_session_only(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft(counts=False)
        register(clock, staff_id, key)
        first, second = (actor_in(clock, staff_id, second_factor.FACTOR) for _ in range(2))
        answer = key.get(passkeys.authentication_options(first, clock))
        assert code_of(lambda: passkeys.enter(second, clock, answer)) == "factor_wrong", "another session's"
        passkeys.enter(first, clock, answer)
        third = actor_in(clock, staff_id, second_factor.FACTOR)
        assert code_of(lambda: passkeys.enter(third, clock, answer)) == "factor_wrong"
        old = key.get(passkeys.authentication_options(third, clock))
        clock.advance(passkeys.VALID)
        assert code_of(lambda: passkeys.enter(third, clock, old)) == "factor_wrong"
        replaced = key.get(passkeys.authentication_options(third, clock))
        passkeys.authentication_options(third, clock)
        assert code_of(lambda: passkeys.enter(third, clock, replaced)) == "factor_wrong", "a newer one was asked"
        assert audited("factor_refused") == 4


def test_of_twenty_uses_of_one_answer_at_once_one_wins(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft(counts=False)
        register(clock, staff_id, key)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        answer = key.get(passkeys.authentication_options(actor, clock))
    results = at_once(app, [lambda: passkeys.enter(actor, clock, answer)] * 20)
    assert results.count("") == 1
    assert set(results) <= {"", "session_ended", "factor_wrong"}


def test_a_counter_that_does_not_rise_is_refused_and_put_on_record(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        register(clock, staff_id, key)
        for counter, refused in ((5, ""), (5, "factor_wrong"), (3, "factor_wrong"), (6, "")):
            actor = actor_in(clock, staff_id, second_factor.FACTOR)
            key.counter = counter - 1
            answer = key.get(passkeys.authentication_options(actor, clock))
            assert code_of(lambda actor=actor, answer=answer: passkeys.enter(actor, clock, answer)) == refused
        assert audited("passkey_counter_fell") == 2


FORGED = {
    "another origin": {"origin": "https://privacy.school.example.evil.test"},
    "another purpose": {"type": "webauthn.create"},
    "another challenge": {"challenge": bytes_to_base64url(bytes(32))},
}


@pytest.mark.parametrize("changes", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_is_refused_and_burns_the_challenge(app: Flask, clock: FixedClock, changes) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        register(clock, staff_id, key)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        asked = passkeys.authentication_options(actor, clock)
        assert code_of(lambda: passkeys.enter(actor, clock, key.get(asked, **changes))) == "factor_wrong"
        if "challenge" not in changes:
            assert code_of(lambda: passkeys.enter(actor, clock, key.get(asked))) == "factor_wrong"


def test_another_key_another_host_and_a_spoiled_signature_are_refused(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        register(clock, staff_id, key)
        other_id, others = officer(clock, with_app=False, name="other"), soft()
        register(clock, other_id, others)
        impostor = soft(credential=key.credential)
        elsewhere = replace(key, rp_id="evil.test")
        actor = actor_in(clock, staff_id, second_factor.FACTOR)

        def tried(answer: str) -> str:
            return code_of(lambda: passkeys.enter(actor, clock, answer))

        for each in (impostor, elsewhere, others):
            assert tried(each.get(passkeys.authentication_options(actor, clock))) == "factor_wrong"
        spoiled = json.loads(key.get(passkeys.authentication_options(actor, clock)))
        spoiled["response"]["signature"] = spoiled["response"]["signature"][:-8] + "AAAAAAAA"
        assert tried(json.dumps(spoiled)) == "factor_wrong"
        assert tried(key.get(passkeys.authentication_options(actor, clock))) == ""


MALFORMED = ["", "null", "[]", "5", "{}", '"x"', "{" * 5000, "[" * 16_000, '{"response": {}}', "\x00", "é" * 20_000]


def test_a_malformed_answer_is_refused(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        actor = actor_in(clock, staff_id, second_factor.ENROL)
        for answer in MALFORMED:
            passkeys.registration_options(actor, clock)
            assert code_of(lambda answer=answer: passkeys.register(actor, clock, answer, "x")) == "passkey_refused"
        register(clock, staff_id, soft())
        half = actor_in(clock, staff_id, second_factor.FACTOR)
        for answer in MALFORMED:
            passkeys.authentication_options(half, clock)
            assert code_of(lambda answer=answer: passkeys.enter(half, clock, answer)) == "factor_wrong"


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature", "id", "rawId", "type"])
def test_an_answer_with_one_spoiled_part_is_refused(app: Flask, clock: FixedClock, part: str) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        register(clock, staff_id, key)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        for value in (None, 5, "", "!!", "AAAA", [], {}):
            answer = json.loads(key.get(passkeys.authentication_options(actor, clock)))
            (answer["response"] if part in answer["response"] else answer)[part] = value
            spoiled = json.dumps(answer)
            assert code_of(lambda spoiled=spoiled: passkeys.enter(actor, clock, spoiled)) == "factor_wrong"


def test_a_registration_is_bound_to_its_session_its_purpose_and_one_account(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, key = officer(clock, with_app=False), soft()
        one, two = (actor_in(clock, staff_id, second_factor.ENROL) for _ in range(2))
        answer = key.create(passkeys.registration_options(one, clock))
        assert code_of(lambda: passkeys.register(two, clock, answer, "x")) == "passkey_refused"
        evil = soft().create(passkeys.registration_options(two, clock), origin="https://evil.test")
        assert code_of(lambda: passkeys.register(two, clock, evil, "x")) == "passkey_refused"
        assert code_of(lambda: passkeys.register(one, clock, answer, "  ")) == "name_missing"
        passkeys.register(one, clock, answer, "x")
        other = actor_in(clock, officer(clock, with_app=False, name="other"), second_factor.ENROL)
        taken = key.create(passkeys.registration_options(other, clock))
        assert code_of(lambda: passkeys.register(other, clock, taken, "x")) == "passkey_refused"
        assert len(keys_of()) == 1


def test_a_challenge_is_kept_as_a_hash_for_a_short_time(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        actor = actor_in(clock, officer(clock, with_app=False), second_factor.ENROL)
        for _ in range(3):
            asked = json.loads(passkeys.registration_options(actor, clock))
        rows = list(db.session.execute(select(PasskeyChallenge)).scalars())
        assert len(rows) == 1
        assert bytes_to_base64url(rows[0].digest) != asked["challenge"]
        db.session.rollback()
        clock.advance(passkeys.VALID + timedelta(seconds=1))
        passkeys.registration_options(actor_in(clock, actor.id, second_factor.ENROL), clock)
        assert len(list(db.session.execute(select(PasskeyChallenge)).scalars())) == 1
        clock.advance(passkeys.VALID)
        assert expire(clock)["passkey_challenges"] == 1


def test_a_passkey_is_taken_away_only_where_another_factor_is_left(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        register(clock, staff_id, soft())
        whole = session_in(clock, staff_id, second_factor.FULL)
        (first,) = keys_of()
        assert code_of(lambda: passkeys.remove(actor_of(clock, whole), clock, first.id)) == "last_factor"
        assert len(keys_of()) == 1
        assert register(clock, staff_id, soft(), second_factor.FULL).codes == ()
        stale = actor_in(clock, staff_id, second_factor.FULL)
        clock.advance(timedelta(minutes=16))
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            passkeys.remove(replace(stale, fresh_sign_in=False), clock, first.id)
        stranger = actor_in(clock, officer(clock, name="other"), second_factor.FULL)
        with pytest.raises(NotFound):
            passkeys.remove(stranger, clock, first.id)
        made = passkeys.remove(actor_in(clock, staff_id, second_factor.FULL), clock, first.id)
        assert made.stage == second_factor.FULL
        assert logins_of(staff_id) == 1
        assert first.id not in {key.id for key in keys_of()}


def test_an_account_holds_ten_passkeys_at_most(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        register(clock, staff_id, soft())
        for _ in range(passkeys.MOST - 1):
            register(clock, staff_id, soft(), second_factor.FULL)
        actor = actor_in(clock, staff_id, second_factor.FULL)
        assert code_of(lambda: passkeys.registration_options(actor, clock)) == "too_many_passkeys"


@pytest.mark.parametrize(
    ("base", "offered"),
    [
        ("https://privacy.school.example", True),
        ("http://localhost:5000", True),
        ("http://127.0.0.1:5000", False),
        ("https://[::1]:5000", False),
        ("http://privacy.school.example", False),
    ],
)
def test_passkeys_are_offered_where_browsers_give_them(sqlite_app: Flask, base: str, offered: bool) -> None:
    clock: FixedClock = sqlite_app.extensions["clock"]
    sqlite_app.config["SETTINGS"] = replace(sqlite_app.config["SETTINGS"], base_url=base)
    with sqlite_app.app_context():
        assert passkeys.available() is offered
        actor = actor_in(clock, officer(clock, with_app=False), second_factor.ENROL)
        refused = code_of(lambda: passkeys.registration_options(actor, clock))
        assert refused == ("" if offered else "passkeys_unavailable")
