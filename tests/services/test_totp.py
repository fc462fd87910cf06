"""An authenticator app: set up with a first code, each step once, a wrong code on record, too many refused."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal.domain.clock import FixedClock, SystemClock
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.services import limits, passwords, recovery_codes, second_factor, totp
from portal.services.expire import expire
from portal.services.limits import Limit, TooMany
from tests.services.factors import (
    actor_in,
    actor_of,
    at_once,
    audited,
    code_now,
    code_of,
    logins_of,
    mails,
    officer,
    session_in,
    staff_of,
    stage_of,
    wrong_code,
)

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def typed_key(setup: totp.Setup | None) -> str:
    assert setup is not None
    return setup.key.replace(" ", "")


def test_a_first_code_sets_the_app_up_and_shows_ten_recovery_codes(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        other = session_in(clock, staff_id, second_factor.ENROL)
        before = session_in(clock, staff_id, second_factor.ENROL)
        actor = actor_of(clock, before)
        assert totp.pending(actor, clock) is None
        totp.begin(actor, clock)
        secret = typed_key(totp.pending(actor, clock))
        made = totp.confirm(actor, clock, code_now(clock, secret=secret))
        assert made.session.stage == second_factor.FULL
        assert len(made.codes) == recovery_codes.COUNT
        assert stage_of(clock, made.session.session_id) == second_factor.FULL
        assert logins_of(staff_id) == 1, f"{before} and {other} have ended"
        sealed = staff_of(staff_id).totp_sealed
        assert sealed is not None
        assert secret.encode() not in sealed
        assert totp.pending(actor_of(clock, made.session.session_id), clock) is None
        assert audited("set_up_factor") == 1
        assert mails("staff_sign_in_new") == 1


def test_a_wrong_first_code_leaves_everything_as_it_was(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        actor = actor_in(clock, staff_id, second_factor.ENROL)
        assert code_of(lambda: totp.confirm(actor, clock, "123456")) == "set_up_expired"
        totp.begin(actor, clock)
        secret = typed_key(totp.pending(actor, clock))
        late = code_now(clock, 3, secret)
        assert code_of(lambda: totp.confirm(actor, clock, late)) == "factor_wrong"
        assert code_of(lambda: totp.confirm(actor, clock, "")) == "factor_wrong"
        assert staff_of(staff_id).totp_sealed is None
        clock.advance(totp.SET_UP_WITHIN)
        assert code_of(lambda: totp.confirm(actor, clock, code_now(clock, secret=secret))) == "set_up_expired"
        assert totp.qr(actor, clock) is None
        assert expire(clock)["app_setups"] == 1
        assert expire(clock)["app_setups"] == 0


def test_the_picture_is_plain_svg_and_holds_the_secret_of_this_account(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        actor = actor_in(clock, staff_id, second_factor.ENROL)
        totp.begin(actor, clock)
        picture = totp.qr(actor, clock)
        assert picture is not None
        assert picture == totp.qr(actor, clock)
        tree = ElementTree.fromstring(picture)
        assert tree.tag == "{http://www.w3.org/2000/svg}svg"
        for node in tree.iter():
            assert node.tag.rpartition("}")[2] in {"svg", "path", "g"}
            assert not {"style", "class", "onload"} & set(node.attrib)
        totp.begin(actor, clock)
        assert totp.qr(actor, clock) != picture, "a new secret each time"


def test_a_code_lets_a_half_sign_in_pass_under_a_new_id(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        half = session_in(clock, staff_id, second_factor.FACTOR)
        actor = actor_of(clock, half)
        made = totp.enter(actor, clock, f" {code_now(clock)[:3]} {code_now(clock)[3:]} ", "a browser")
        assert made.stage == second_factor.FULL
        assert made.session_id != half
        assert logins_of(staff_id) == 1
        assert audited("give_factor") == 1
        assert mails("staff_sign_in_new") == 0, "the browser was known"


def test_a_sign_in_from_an_unknown_browser_is_told_to_the_owner(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        totp.enter(actor_in(clock, staff_id, second_factor.FACTOR), clock, code_now(clock))
        assert mails("staff_sign_in_new") == 1


def test_no_step_counts_twice_nor_after_a_later_one(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)

        def tried(steps: int) -> str:
            actor = actor_in(clock, staff_id, second_factor.FACTOR)
            return code_of(lambda: totp.enter(actor, clock, code_now(clock, steps), "b"))

        assert tried(-2) == "factor_wrong", "too old"
        assert tried(2) == "factor_wrong", "too new"
        assert tried(-1) == ""
        assert tried(-1) == "factor_wrong"
        assert tried(1) == ""
        assert tried(0) == "factor_wrong", "an earlier step than the last"
        clock.advance(timedelta(seconds=60))
        assert tried(0) == ""
        assert audited("factor_refused") == 4


def test_of_twenty_uses_of_one_step_at_once_one_wins(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "staff_factor", Limit(100, limits.HOUR, "test"))
    with app.app_context():
        staff_id = officer(clock)
        actors = [actor_in(clock, staff_id, second_factor.FACTOR) for _ in range(20)]
        code = code_now(clock)
    results = at_once(app, [lambda actor=actor: totp.enter(actor, clock, code) for actor in actors])
    assert sorted(results) == [""] + ["factor_wrong"] * 19


def test_of_twenty_uses_in_one_session_at_once_one_wins(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "staff_factor", Limit(100, limits.HOUR, "test"))
    with app.app_context():
        actor = actor_in(clock, officer(clock), second_factor.FACTOR)
        code = code_now(clock)
    results = at_once(app, [lambda: totp.enter(actor, clock, code)] * 20)
    assert results.count("") == 1
    assert set(results) <= {"", "session_ended", "factor_wrong"}


def test_too_many_codes_are_refused_but_not_in_the_owners_own_browser(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        actor = actor_in(clock, staff_id, second_factor.FACTOR)
        wrong = wrong_code(clock)
        for _ in range(limits.LIMITS["staff_factor"].count):
            assert code_of(lambda: totp.enter(actor, clock, wrong)) == "factor_wrong"
        with pytest.raises(TooMany):
            totp.enter(actor, clock, code_now(clock))
        assert totp.enter(actor, clock, code_now(clock), "known").stage == second_factor.FULL
        again = actor_in(clock, staff_id, second_factor.FACTOR)
        for _ in range(limits.LIMITS["staff_factor_known"].count - 1):
            assert code_of(lambda: totp.enter(again, clock, wrong, "known")) == "factor_wrong"
        with pytest.raises(TooMany):
            totp.enter(again, clock, wrong, "known")


def test_the_app_is_replaced_only_with_a_fresh_sign_in_and_keeps_the_recovery_codes(
    app: Flask, clock: FixedClock
) -> None:
    with app.app_context():
        staff_id = officer(clock, with_app=False)
        actor = actor_in(clock, staff_id, second_factor.ENROL)
        totp.begin(actor, clock)
        made = totp.confirm(actor, clock, code_now(clock, secret=typed_key(totp.pending(actor, clock))))
        first = staff_of(staff_id).totp_sealed
        clock.advance(timedelta(minutes=16))
        stale = actor_of(clock, made.session.session_id)
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            totp.begin(stale, clock)
        fresh = actor_in(clock, staff_id, second_factor.FULL)
        totp.begin(fresh, clock)
        assert staff_of(staff_id).totp_sealed == first, "the old app works until the new one gave a code"
        again = totp.confirm(fresh, clock, code_now(clock, secret=typed_key(totp.pending(fresh, clock))))
        assert again.codes == ()
        assert staff_of(staff_id).totp_sealed != first
        assert logins_of(staff_id) == 1
        with pytest.raises(Refused, match="last_factor"):
            totp.remove(actor_of(clock, again.session.session_id), clock)
        assert staff_of(staff_id).totp_sealed is not None


def test_a_session_in_another_stage_cannot_set_up_or_give_a_factor(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        for stage in (second_factor.FACTOR, second_factor.PASSWORD, second_factor.CONFIDENTIALITY):
            actor = actor_in(clock, staff_id, stage)
            assert code_of(lambda actor=actor: totp.begin(actor, clock)) == "other_stage"
            assert code_of(lambda actor=actor: totp.pending(actor, clock)) == "other_stage"
            assert code_of(lambda actor=actor: totp.remove(actor, clock)) == "other_stage"
        for stage in (second_factor.ENROL, second_factor.FULL):
            actor = actor_in(clock, staff_id, stage)
            assert code_of(lambda actor=actor: totp.enter(actor, clock, code_now(clock))) == "other_stage"


def test_a_clock_moved_for_a_demonstration_does_not_move_the_app() -> None:
    real, moved = SystemClock(), SystemClock(timedelta(days=-40))
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    assert totp.step_of(secret, code_now(real), moved) is not None
    assert totp.step_of(secret, code_now(moved), moved) is None
