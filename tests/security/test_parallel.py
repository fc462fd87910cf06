"""Twenty at once with one link, one code, one recovery code, one step of an app: exactly one wins, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from portal.domain.clock import FixedClock
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.records.tables.access import Login
from portal.services import passwords, recovery_codes, reset_password, second_factor, totp
from portal.services.sign_in import LinkState, ask, enter_by_code, enter_by_link
from tests.factories import make_staff, make_student, staff_actor
from tests.services import factors
from tests.web.visitor import mails

AT_ONCE = 20
BROWSER, PLACE = "the browser that asked", "192.0.2.1"


def winners(app: Flask, use: Callable[[int], bool]) -> int:
    """How many of twenty got in; all wait at one barrier first."""
    together = Barrier(AT_ONCE)

    def one(number: int) -> bool:
        with app.app_context():
            together.wait(timeout=30)
            try:
                return use(number)
            except Refused:
                return False
            finally:
                db.session.remove()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return sum(pool.map(one, range(AT_ONCE)))


def sessions(app: Flask) -> int:
    with app.app_context():
        found = db.session.execute(select(func.count()).select_from(Login)).scalar_one()
        db.session.rollback()
        return int(found)


@pytest.mark.parametrize("way", ["link", "code", "both"])
def test_of_twenty_uses_of_a_sign_in_link_or_code_at_once_exactly_one_wins(
    app: Flask, clock: FixedClock, way: str
) -> None:
    with app.app_context():
        make_student(email="hanan@example.org")
        ask(clock, "hanan@example.org", "nl", BROWSER, PLACE)
    arguments = mails(app, "sign_in")[-1]["arguments"]
    assert isinstance(arguments, dict)
    token, code = str(arguments["path"]).rsplit("/", 1)[1], str(arguments["code"])

    def use(number: int) -> bool:
        by_link = way == "link" or (way == "both" and number % 2)
        enter = enter_by_link if by_link else enter_by_code
        return enter(clock, token if by_link else code, BROWSER, PLACE).session_id is not None

    assert winners(app, use) == 1
    assert sessions(app) == 1


def test_of_twenty_uses_of_a_step_of_the_app_at_once_exactly_one_wins(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = factors.officer(clock)
        actors = [factors.actor_in(clock, staff_id, second_factor.FACTOR) for _ in range(AT_ONCE)]
        code = factors.code_now(clock)
    assert winners(app, lambda number: bool(totp.enter(actors[number], clock, code, f"browser {number}"))) == 1


def test_of_twenty_uses_of_a_link_for_a_new_password_at_once_exactly_one_wins(
    app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    with app.app_context():
        staff_id = factors.officer(clock)
        administrator = staff_actor(make_staff("administrator", Role.ADMINISTRATOR))
        reset_password.send_link(administrator, clock, staff_id)
    token = str(mails(app, "staff_password_reset")[-1]["arguments"]["path"]).rsplit("/", 1)[1]  # type: ignore[index]

    def use(number: int) -> bool:
        new = f"lantaarn oever kwark {number}"
        return reset_password.choose(clock, token, new, PLACE) is LinkState.READY

    assert winners(app, use) == 1


def test_of_twenty_uses_of_a_recovery_code_at_once_exactly_one_wins(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = factors.officer(clock)
        full = factors.actor_in(clock, staff_id, second_factor.FULL)
        code = recovery_codes.renew(full, clock)[0]
        actors = [factors.actor_in(clock, staff_id, second_factor.FACTOR) for _ in range(AT_ONCE)]
    assert (
        winners(app, lambda number: bool(recovery_codes.enter(actors[number], clock, code, f"browser {number}"))) == 1
    )
