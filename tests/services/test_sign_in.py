"""Signing in by a mailed link or code (security.md: links are rows, used once, bound to the browser that asked)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import Level
from portal.records.db import begin_write, db
from portal.records.tables.access import Login, OneTime
from portal.records.tables.people import Student
from portal.records.tables.proof import OutMail
from portal.services import limits
from portal.services.recognise import recognise
from portal.services.sign_in import CodeState, LinkState, ask, enter_by_code, enter_by_link, look
from tests.factories import make_student
from tests.web.visitor import mails

EMAIL = "hanan@example.org"
BROWSER, OTHER = "browser one", "browser two"
PLACE = "192.0.2.1"


def sent(app: Flask) -> list[tuple[str, str]]:
    """(token, code) of every sign-in mail that may still go out."""
    found = []
    for mail in mails(app, "sign_in"):
        arguments = mail["arguments"]
        assert isinstance(arguments, dict)
        found.append((str(arguments["path"]).rsplit("/", 1)[1], str(arguments["code"])))
    return found


@pytest.fixture
def asked(app: Flask, clock: FixedClock) -> tuple[str, str]:
    with app.app_context():
        make_student(email=EMAIL)
        ask(clock, " Hanan@Example.ORG ", "nl", BROWSER, PLACE)
    return sent(app)[-1]


def test_a_link_signs_in_once_and_is_used_after_that(app: Flask, clock: FixedClock, asked: tuple[str, str]) -> None:
    with app.app_context():
        entered = enter_by_link(clock, asked[0], BROWSER, PLACE)
        assert entered.session_id
        signed_in = recognise(entered.session_id, clock)
        assert signed_in is not None
        assert signed_in.actor.level is Level.ADDRESS
        assert signed_in.actor.student_id is not None
        again = enter_by_link(clock, asked[0], BROWSER, PLACE)
        assert (again.state, again.session_id) == (LinkState.USED, None)
        assert enter_by_code(clock, asked[1], BROWSER, PLACE).state is CodeState.NOTHING_ASKED


def test_looking_at_a_link_uses_nothing_up(app: Flask, clock: FixedClock, asked: tuple[str, str]) -> None:
    with app.app_context():
        for browser in (BROWSER, OTHER):
            for _ in range(20):
                look(clock, asked[0], browser)
        assert look(clock, asked[0], BROWSER) is LinkState.READY
        assert enter_by_link(clock, asked[0], BROWSER, PLACE).session_id


def test_a_link_in_another_browser_does_not_sign_in_and_is_not_burnt(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    with app.app_context():
        foreign = enter_by_link(clock, asked[0], OTHER, PLACE)
        assert (foreign.state, foreign.session_id) == (LinkState.FOREIGN, None)
        assert enter_by_code(clock, asked[1], OTHER, PLACE).state is CodeState.NOTHING_ASKED
        assert enter_by_code(clock, asked[1], BROWSER, PLACE).session_id


def test_a_code_may_be_typed_in_digits_of_any_script_with_spaces(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    arabic = asked[1].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    with app.app_context():
        assert enter_by_code(clock, f"\u200f{arabic[:4]} {arabic[4:]}", BROWSER, PLACE).session_id


def test_a_link_is_old_after_ten_minutes(app: Flask, clock: FixedClock, asked: tuple[str, str]) -> None:
    with app.app_context():
        clock.advance(timedelta(minutes=10))
        assert look(clock, asked[0], BROWSER) is LinkState.OLD
        assert enter_by_link(clock, asked[0], BROWSER, PLACE).session_id is None
        assert enter_by_code(clock, asked[1], BROWSER, PLACE).state is CodeState.NOTHING_ASKED


def test_an_older_link_is_dead_after_a_newer_one(app: Flask, clock: FixedClock, asked: tuple[str, str]) -> None:
    with app.app_context():
        ask(clock, EMAIL, "nl", BROWSER, PLACE)
        newest = sent(app)[-1]
        assert look(clock, asked[0], BROWSER) is LinkState.REPLACED
        assert enter_by_link(clock, asked[0], BROWSER, PLACE).session_id is None
        assert enter_by_link(clock, newest[0], BROWSER, PLACE).session_id


def test_a_code_is_spent_after_five_wrong_tries_even_for_the_right_one(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    wrong = f"{(int(asked[1]) + 1) % 10**8:08d}"
    with app.app_context():
        states = [enter_by_code(clock, wrong, BROWSER, PLACE).state for _ in range(5)]
        assert states == [CodeState.WRONG] * 4 + [CodeState.SPENT]
        assert enter_by_code(clock, asked[1], BROWSER, PLACE).session_id is None
        assert enter_by_link(clock, asked[0], BROWSER, PLACE).session_id is None


def test_a_known_and_an_unknown_address_leave_the_same_rows_and_only_the_known_one_gets_mail(
    app: Flask, clock: FixedClock
) -> None:
    def rows() -> tuple[int, int]:
        found = tuple(
            db.session.execute(select(func.count()).select_from(each)).scalar_one() for each in (OneTime, OutMail)
        )
        db.session.rollback()
        return found[0], found[1]

    with app.app_context():
        make_student(email=EMAIL)
        before = rows()
        ask(clock, "nobody@example.org", "nl", BROWSER, PLACE)
        unknown = rows()
        ask(clock, EMAIL, "nl", BROWSER, PLACE)
        known = rows()
    assert [after - first for after, first in zip(unknown, before, strict=True)] == [1, 1]
    assert [after - first for after, first in zip(known, unknown, strict=True)] == [1, 1]
    assert [mail["to"] for mail in mails(app, "sign_in")] == [EMAIL]


def test_the_fourth_link_within_an_hour_is_not_mailed_and_leaves_the_others_alive(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    with app.app_context():
        for _ in range(3):
            ask(clock, EMAIL, "nl", BROWSER, PLACE)
        assert len(sent(app)) == 3
        assert enter_by_link(clock, sent(app)[-1][0], BROWSER, PLACE).session_id
        ask(clock, EMAIL, "nl", OTHER, "198.51.100.7")
        assert len(sent(app)) == 4, "a stranger who asks for links does not use up those of the person"


def test_ten_links_a_day_are_the_most_for_one_address(app: Flask, clock: FixedClock, asked: tuple[str, str]) -> None:
    with app.app_context():
        for number in range(14):
            ask(clock, EMAIL, "nl", BROWSER, f"192.0.2.{number + 10}")
    assert len(sent(app)) == 10


@pytest.mark.slow
def test_a_place_that_asks_too_often_is_refused(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        for number in range(limits.LIMITS["sign_in_place"].count):
            ask(clock, f"nobody{number}@example.org", "nl", BROWSER, PLACE)
        with pytest.raises(limits.TooMany):
            ask(clock, EMAIL, "nl", BROWSER, PLACE)
        ask(clock, EMAIL, "nl", BROWSER, "198.51.100.7")


def test_students_who_share_an_address_get_a_session_of_nobody_in_particular(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        make_student(email=EMAIL)
        make_student(email=EMAIL)
        ask(clock, EMAIL, "nl", BROWSER, PLACE)
        entered = enter_by_link(clock, sent(app)[-1][0], BROWSER, PLACE)
        assert entered.session_id
        signed_in = recognise(entered.session_id, clock)
        assert signed_in is not None
        assert signed_in.actor.student_id is None
        assert signed_in.address_digest is not None


def test_somebody_erased_since_the_mail_went_out_does_not_get_in(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    with app.app_context():
        begin_write()
        db.session.execute(update(Student).values(state="erased"))
        db.session.commit()
        entered = enter_by_link(clock, asked[0], BROWSER, PLACE)
        assert (entered.state, entered.session_id) == (LinkState.OLD, None)
        assert db.session.execute(select(func.count()).select_from(Login)).scalar_one() == 0


def test_of_twelve_parallel_uses_of_a_link_exactly_one_wins(
    app: Flask, clock: FixedClock, asked: tuple[str, str]
) -> None:
    def use(_number: int) -> bool:
        with app.app_context():
            return enter_by_link(clock, asked[0], BROWSER, PLACE).session_id is not None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(use, range(12))) == 1
