"""The own sessions: listed with the one in use first, ended one by one or all others at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Role
from portal.services import own_sessions, second_factor
from portal.services.recognise import recognise
from portal.services.staff_accounts import disable_account
from tests import factories
from tests.services.factors import actor_in, actor_of, audited, code_of, logins_of, officer, session_in


def test_only_the_own_live_sessions_are_listed_the_one_in_use_first(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, other_id = officer(clock), officer(clock, name="other")
        session_in(clock, staff_id, second_factor.FULL)  # idle too long when the list is read
        session_in(clock, other_id, second_factor.FULL)
        clock.advance(timedelta(minutes=30))
        begun = clock.now()
        current = actor_in(clock, staff_id, second_factor.FULL)
        clock.advance(timedelta(minutes=15))
        half = actor_in(clock, staff_id, second_factor.FACTOR)
        clock.advance(timedelta(minutes=15))
        listed = own_sessions.own_sessions(current, clock)
        assert [(each.id, each.current, each.stage) for each in listed] == [
            (current.session_id, True, "full"),
            (half.session_id, False, "factor"),
        ]
        assert listed[0].created_at == listed[0].seen_at == begun
        assert {each.kind for each in listed} == {"staff"}


def test_a_session_past_ten_hours_is_not_listed(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        old = session_in(clock, staff_id, second_factor.FULL)
        for _ in range(12):
            clock.advance(timedelta(minutes=50))
            recognise(old, clock)
        current = actor_in(clock, staff_id, second_factor.FULL)
        assert [each.current for each in own_sessions.own_sessions(current, clock)] == [True]


def test_one_other_session_ends_at_once(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        current = actor_in(clock, staff_id, second_factor.FULL)
        left, ended = (session_in(clock, staff_id, second_factor.FULL) for _ in range(2))
        own_sessions.end_own_session(current, clock, actor_of(clock, ended).session_id)
        assert recognise(ended, clock) is None
        assert recognise(left, clock) is not None
        assert audited("end_own_session") == 1
        own_sessions.end_own_session(current, clock, uuid4())
        assert audited("end_own_session") == 1, "nothing ended, nothing to record"
        this = current.session_id
        assert code_of(lambda: own_sessions.end_own_session(current, clock, this)) == "not_this_session"


def test_somebody_elses_session_cannot_be_ended(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        theirs = session_in(clock, officer(clock, name="other"), second_factor.FULL)
        current = actor_in(clock, officer(clock), second_factor.FULL)
        own_sessions.end_own_session(current, clock, actor_of(clock, theirs).session_id)
        own_sessions.end_other_sessions(current, clock)
        assert recognise(theirs, clock) is not None


def test_all_others_end_and_the_one_in_use_stays(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        for stage in (second_factor.FULL, second_factor.FACTOR, second_factor.PASSWORD):
            session_in(clock, staff_id, stage)
        current = actor_in(clock, staff_id, second_factor.FULL)
        assert own_sessions.end_other_sessions(current, clock) == 3
        assert own_sessions.end_other_sessions(current, clock) == 0
        assert logins_of(staff_id) == 1
        assert audited("end_own_sessions") == 1


def test_ending_sessions_asks_for_a_whole_and_fresh_sign_in(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        whole = session_in(clock, staff_id, second_factor.FULL)
        other = actor_in(clock, staff_id, second_factor.FULL).session_id
        for stage in (second_factor.ENROL, second_factor.FACTOR, second_factor.PASSWORD):
            half = actor_in(clock, staff_id, stage)
            assert code_of(lambda half=half: own_sessions.end_other_sessions(half, clock)) == "other_stage"
            assert code_of(lambda half=half: own_sessions.end_own_session(half, clock, other)) == "other_stage"
        clock.advance(timedelta(minutes=16))
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            own_sessions.end_other_sessions(actor_of(clock, whole), clock)
        assert logins_of(staff_id) == 5


def test_disabling_an_account_ends_its_sessions_in_every_stage_at_once(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        begun = [session_in(clock, staff_id, stage) for stage in ("full", "factor", "enrol")]
        admin = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        disable_account(admin, clock, staff_id)
        assert logins_of(staff_id) == 0
        assert [recognise(each, clock) for each in begun] == [None, None, None]
