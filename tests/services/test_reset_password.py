"""A new password by a mailed link: used once, within an hour, chosen by its reader, the second factor kept."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.vocabulary import Role
from portal.records.db import begin_write, db
from portal.records.tables.access import OneTime, Staff
from portal.records.tables.factors import StaffReset
from portal.records.tables.proof import OutMail
from portal.services import limits, passwords, reset_password, second_factor
from portal.services.casework import NotFound
from portal.services.expire import expire
from portal.services.limits import Limit, TooMany
from portal.services.sign_in import LinkState
from portal.vault.envelope import INSTALLATION, Place
from tests import factories
from tests.services.factors import at_once, audited, code_of, logins_of, mails, officer, session_in, staff_of

pytestmark = pytest.mark.slow

NEW = "vier losse paarden in de regen"
PLACE = "192.0.2.1"


@pytest.fixture(autouse=True)
def light_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "HASHER", PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    passwords._nobody.cache_clear()


def administrator(name: str = "admin", fresh: bool = True):
    return factories.staff_actor(factories.make_staff(name, Role.ADMINISTRATOR), fresh)


def mailed_token() -> str:
    """The token in the newest mail."""
    db.session.rollback()
    row = db.session.query(OutMail).filter_by(kind="staff_password_reset").order_by(OutMail.id.desc()).first()
    assert row is not None
    told = factories.vault().open(INSTALLATION, "mail", Place("outbox", "sealed", row.id), row.sealed)
    assert told["to"] == "officer@school.example.org"
    return str(told["arguments"]["path"]).rpartition("/")[2]


def asked(clock: FixedClock) -> tuple[UUID, str]:
    staff_id = officer(clock)
    reset_password.send_link(administrator(), clock, staff_id)
    return staff_id, mailed_token()


def right(staff_id: UUID, password: str) -> bool:
    return passwords.verify(staff_of(staff_id).password_hash, password)


def test_the_reader_of_the_link_chooses_a_password_and_is_not_signed_in(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, token = asked(clock)
        before = staff_of(staff_id).totp_sealed
        session_in(clock, staff_id, second_factor.FULL)
        assert right(staff_id, factories.PASSWORD), "the old one works until the link is used"
        clock.advance(timedelta(minutes=59))
        assert reset_password.look(clock, token) is LinkState.READY
        assert reset_password.choose(clock, token, NEW, PLACE) is LinkState.READY
        assert right(staff_id, NEW)
        assert not right(staff_id, factories.PASSWORD)
        staff = staff_of(staff_id)
        assert staff.totp_sealed == before, "the second factor stays"
        assert before is not None
        assert not staff.must_change_password
        assert logins_of(staff_id) == 0
        assert audited("send_password_link") == audited("reset_password") == 1


def test_a_link_works_once(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, token = asked(clock)
        reset_password.choose(clock, token, NEW, PLACE)
        assert reset_password.look(clock, token) is LinkState.USED
        assert reset_password.choose(clock, token, NEW + " 2", PLACE) is LinkState.USED
        assert right(staff_id, NEW)


def test_looking_changes_nothing_however_often(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        _, token = asked(clock)
        assert {reset_password.look(clock, token) for _ in range(50)} == {LinkState.READY}


def test_a_link_grows_old_after_an_hour_and_is_cleaned_up(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, token = asked(clock)
        clock.advance(reset_password.VALID)
        assert reset_password.look(clock, token) is LinkState.OLD
        assert reset_password.choose(clock, token, NEW, PLACE) is LinkState.OLD
        assert right(staff_id, factories.PASSWORD)
        clock.advance(timedelta(days=2))
        expire(clock)
        assert reset_password.look(clock, token) is LinkState.UNKNOWN
        assert db.session.query(StaffReset).count() == 0


def test_a_newer_link_replaces_the_older_of_the_same_person_only(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, first = asked(clock)
        reset_password.send_link(administrator("admin2"), clock, officer(clock, name="other"))
        assert reset_password.look(clock, first) is LinkState.READY
        reset_password.send_link(administrator("admin3"), clock, staff_id)
        assert reset_password.look(clock, first) is LinkState.REPLACED
        assert reset_password.choose(clock, first, NEW, PLACE) is LinkState.REPLACED
        assert right(staff_id, factories.PASSWORD)


def test_a_weak_password_is_refused_and_does_not_use_the_link_up(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, token = asked(clock)
        for weak, code in (
            ("", "password_too_short"),
            ("kort", "password_too_short"),
            ("x" * 129, "password_too_long"),
        ):
            assert code_of(lambda weak=weak: reset_password.choose(clock, token, weak, PLACE)) == code
        assert code_of(lambda: reset_password.choose(clock, token, "passwordpassword1", PLACE)) == "password_common"
        assert reset_password.choose(clock, token, NEW, PLACE) is LinkState.READY
        assert right(staff_id, NEW)


def test_an_unknown_link_and_one_of_a_disabled_account_do_nothing(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id, token = asked(clock)
        assert reset_password.look(clock, "nothing") is LinkState.UNKNOWN
        assert reset_password.choose(clock, "nothing", NEW, PLACE) is LinkState.UNKNOWN
        begin_write()
        db.session.get_one(Staff, staff_id).disabled_at = clock.now()
        db.session.commit()
        assert reset_password.look(clock, token) is LinkState.UNKNOWN
        assert reset_password.choose(clock, token, NEW, PLACE) is LinkState.UNKNOWN
        assert right(staff_id, factories.PASSWORD)


def test_of_twenty_uses_at_once_one_wins(app: Flask, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(limits.LIMITS, "staff_reset_place", Limit(100, limits.HOUR, "test"))
    with app.app_context():
        staff_id, token = asked(clock)
    states: list[LinkState] = []

    def use(number: int) -> None:
        states.append(reset_password.choose(clock, token, f"{NEW} {number}", PLACE))

    assert set(at_once(app, [lambda number=number: use(number) for number in range(20)])) == {""}
    assert sorted(states) == [LinkState.READY] + [LinkState.USED] * 19
    with app.app_context():
        assert sum(right(staff_id, f"{NEW} {number}") for number in range(20)) == 1


def test_only_the_hash_of_a_link_is_kept(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        _, token = asked(clock)
        row = db.session.query(OneTime).one()
        assert token.encode() not in row.token_digest
        assert len(row.token_digest) == 32
        assert len(token) >= 43
        mail = db.session.query(OutMail).filter_by(kind="staff_password_reset").one()
        assert mail.expires_at == row.expires_at, "an old link is not mailed"


def test_only_an_administrator_with_a_fresh_sign_in_sends_a_link_and_not_often(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        admin = administrator()
        with pytest.raises(NotAllowed, match="fresh_sign_in_needed"):
            reset_password.send_link(administrator("stale", fresh=False), clock, staff_id)
        for name, role in (("one", Role.DIRECTOR), ("two", Role.PRIVACY_OFFICER), ("three", Role.CASE_HANDLER)):
            with pytest.raises(NotAllowed):
                reset_password.send_link(factories.staff_actor(factories.make_staff(name, role)), clock, staff_id)
        with pytest.raises(NotFound):
            reset_password.send_link(admin, clock, uuid4())
        assert mails("staff_password_reset") == 0
        for _ in range(limits.LIMITS["staff_reset"].count):
            reset_password.send_link(admin, clock, staff_id)
        with pytest.raises(TooMany):
            reset_password.send_link(admin, clock, staff_id)
        assert reset_password.look(clock, mailed_token()) is LinkState.READY, "the last one mailed still works"


def test_guessing_links_is_limited(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        _, token = asked(clock)
        for number in range(limits.LIMITS["staff_reset_place"].count):
            assert reset_password.choose(clock, str(number), NEW, PLACE) is LinkState.UNKNOWN
        with pytest.raises(TooMany):
            reset_password.choose(clock, token, NEW, PLACE)
        assert reset_password.choose(clock, token, NEW, "198.51.100.7") is LinkState.READY


def test_a_disabled_account_gets_no_link(app: Flask, clock: FixedClock) -> None:
    with app.app_context():
        staff_id = officer(clock)
        begin_write()
        db.session.get_one(Staff, staff_id).disabled_at = clock.now()
        db.session.commit()
        admin = administrator()
        assert code_of(lambda: reset_password.send_link(admin, clock, staff_id)) == "account_disabled"
