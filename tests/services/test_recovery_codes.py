"""Recovery codes: shown once, kept as hashes, each used once, read as people type them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select

from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.records.db import db
from portal.records.tables.factors import RecoveryCode
from portal.services import limits, passwords, recovery_codes, second_factor
from portal.services.limits import Limit, TooMany
from portal.services.unit import writing
from tests.services.factors import (
    actor_in,
    actor_of,
    at_once,
    audited,
    code_of,
    logins_of,
    mails,
    officer,
    session_in,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def give_codes(clock: FixedClock, staff_id: UUID) -> tuple[str, ...]:
    sheet = recovery_codes.prepare()
    with writing(SYSTEM, clock) as work:
        recovery_codes.put(work, staff_id, sheet)
    return sheet.codes


def left(clock: FixedClock, staff_id: UUID) -> int:
    return second_factor.own_factors(actor_in(clock, staff_id, second_factor.FULL), clock).codes_left


def test_ten_different_codes_of_which_only_a_hash_is_kept(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        codes = give_codes(clock, officer(clock))
        assert len(set(codes)) == 10
        rows = list(db.session.execute(select(RecoveryCode)).scalars())
        for code, row in zip(sorted(codes), sorted(rows, key=lambda row: row.handle), strict=True):
            plain = recovery_codes.normal(code)
            assert len(plain) == 16
            assert row.handle == plain[:4]
            assert row.hash.startswith("$argon2id$")
            assert plain[4:] not in row.hash


def test_a_code_lets_in_once_and_the_owner_is_told(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        codes = give_codes(clock, staff_id)
        half = session_in(clock, staff_id, second_factor.FACTOR)
        made = recovery_codes.enter(actor_of(clock, half), clock, codes[3], "a known browser")
        assert made.stage == second_factor.FULL
        assert made.session_id != half
        assert logins_of(staff_id) == 1
        assert mails("staff_sign_in_new") == 1, "also from a known browser"
        assert audited("give_factor") == 1
        again = actor_in(clock, staff_id, second_factor.FACTOR)
        assert code_of(lambda: recovery_codes.enter(again, clock, codes[3])) == "factor_wrong"
        assert audited("factor_refused") == 1
        assert left(clock, staff_id) == 9
        assert recovery_codes.enter(again, clock, codes[4]).stage == second_factor.FULL


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code.lower(),
        lambda code: code.replace("-", ""),
        lambda code: f"  {code.replace('-', ' ')}\n",
        lambda code: code.replace("0", "o").replace("1", "l"),
        lambda code: code.replace("0", "O").replace("1", "I"),
    ],
)
def test_a_code_is_read_as_people_type_it(app: Flask, clock: FixedClock, typed) -> None:
    with app.app_context():
        staff_id = officer(clock)
        codes = give_codes(clock, staff_id)
        code = next((each for each in codes if set("01") & set(each)), codes[0])
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        assert recovery_codes.enter(actor, clock, typed(code)).stage == second_factor.FULL


def test_half_a_code_and_somebody_elses_code_are_wrong(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, other_id = officer(clock), officer(clock, name="other")
        codes, others = give_codes(clock, staff_id), give_codes(clock, other_id)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        for typed in ("", codes[0][:4], codes[0][:-1], codes[0] + "0", codes[0][:4] + codes[1][4:], others[0]):
            assert code_of(lambda typed=typed: recovery_codes.enter(actor, clock, typed)) == "factor_wrong"
        assert left(clock, staff_id) == left(clock, other_id) == 10


def test_of_twenty_uses_of_one_code_at_once_one_wins(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "staff_factor", Limit(100, limits.HOUR, "test"))
    with app.app_context():
        staff_id = officer(clock)
        code = give_codes(clock, staff_id)[0]
        actors = [actor_in(clock, staff_id, second_factor.FACTOR) for _ in range(20)]
    results = at_once(app, [lambda actor=actor: recovery_codes.enter(actor, clock, code) for actor in actors])
    assert sorted(results) == [""] + ["factor_wrong"] * 19
    with app.app_context():
        assert left(clock, staff_id) == 9


def test_codes_share_the_limit_of_the_other_factors(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        codes = give_codes(clock, staff_id)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        for _ in range(limits.LIMITS["staff_factor"].count):
            assert code_of(lambda: recovery_codes.enter(actor, clock, "0000-0000-0000-0000")) == "factor_wrong"
        with pytest.raises(TooMany):
            recovery_codes.enter(actor, clock, codes[0])


def test_new_codes_need_a_fresh_whole_sign_in_and_end_the_old_ones(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        old = give_codes(clock, staff_id)
        whole = session_in(clock, staff_id, second_factor.FULL)
        clock.advance(timedelta(minutes=16))
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            recovery_codes.renew(actor_of(clock, whole), clock)
        half = actor_in(clock, staff_id, second_factor.FACTOR)
        assert code_of(lambda: recovery_codes.renew(half, clock)) == "other_stage"
        new = recovery_codes.renew(actor_in(clock, staff_id, second_factor.FULL), clock)
        assert not set(new) & set(old)
        assert code_of(lambda: recovery_codes.enter(half, clock, old[0])) == "factor_wrong"
        assert recovery_codes.enter(half, clock, new[0]).stage == second_factor.FULL
        assert audited("renew_recovery_codes") == 1
