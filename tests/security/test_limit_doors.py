"""Every door at which a limit is counted: with a limit of none, nobody gets through, and that limit is the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask, current_app

from portal.domain.birth_date import PartialDate
from portal.domain.permissions import ANONYMOUS, Actor
from portal.domain.vocabulary import RequestKind, Role
from portal.services import (
    case_code,
    case_slip,
    change_email,
    confirm_represented,
    drafts,
    erasures,
    kept_forms,
    limits,
    own_cases,
    own_data,
    recovery_codes,
    reset_password,
    second_channel_tasks,
    sign_in,
    staff_sign_in,
    step_up,
    stop_email_change,
    totp,
)
from portal.services import second_channel_use as codes
from portal.services.add_representative import Asked, add_own
from portal.services.file_request import Filing, file_request
from portal.services.representing import Relation
from portal.services.second_channel import Channel
from tests import factories
from tests.services import cases
from tests.services.second_channels import session
from tests.web.visitor import mails

PLACE = "198.51.100.9"
SOMEBODY = uuid4()
Door = Callable[[], object]


def clock():
    return current_app.extensions["clock"]


def of_strangers() -> list[tuple[str, Door]]:
    owner = drafts.Owner("browser", None)
    filing = Filing(RequestKind.ACCESS, "nl", ())
    return [
        ("sign_in_place", lambda: sign_in.ask(clock(), "a@example.org", "nl", "browser", PLACE)),
        ("sign_in_all", lambda: sign_in.ask(clock(), "a@example.org", "nl", "browser", PLACE)),
        ("sign_in_try_place", lambda: sign_in.enter_by_code(clock(), "00000000", "browser", PLACE)),
        ("sign_in_try_all", lambda: sign_in.enter_by_code(clock(), "00000000", "browser", PLACE)),
        ("sign_in_try_place", lambda: sign_in.enter_by_link(clock(), "token", "browser", PLACE)),
        ("sign_in_try_all", lambda: sign_in.enter_by_link(clock(), "token", "browser", PLACE)),
        ("case_code_place", lambda: case_code.enter(clock(), "123456789012", PLACE)),
        ("case_code_all", lambda: case_code.enter(clock(), "123456789012", PLACE)),
        ("file_place", lambda: file_request(ANONYMOUS, clock(), filing, SOMEBODY, owner, PLACE)),
        ("file_all", lambda: file_request(ANONYMOUS, clock(), filing, SOMEBODY, owner, PLACE)),
        ("email_stop_place", lambda: erasures.stop_by_link(clock(), "token", PLACE)),
        ("email_stop_place", lambda: stop_email_change.stop_by_link(clock(), "token", PLACE)),
        ("staff_reset_place", lambda: reset_password.choose(clock(), "token", "a long new password", PLACE)),
        ("staff_reset_all", lambda: reset_password.choose(clock(), "token", "a long new password", PLACE)),
        ("staff_sign_in_place", lambda: staff_sign_in.sign_in(clock(), "officer", "wrong", PLACE, "")),
        ("staff_sign_in_account", lambda: staff_sign_in.sign_in(clock(), "officer", "wrong", PLACE, "")),
        ("staff_sign_in_all", lambda: staff_sign_in.sign_in(clock(), "officer", "wrong", PLACE, "")),
        ("staff_sign_in_known", lambda: staff_sign_in.sign_in(clock(), "officer", "wrong", PLACE, "known")),
    ]


def of_students() -> list[tuple[str, Door]]:
    student = factories.make_student()
    signed_in, born = session(student), PartialDate(1990, 1, 1)
    me, reference = signed_in.actor, cases.opened(RequestKind.ACCESS, student)
    helper = Asked("Mila", "mila@example.org", Relation.FAMILY, frozenset(), clock().today())
    return [
        ("step_up_session", lambda: step_up.confirm(signed_in, clock(), born, "1234AB")),
        ("step_up_subject", lambda: step_up.confirm(signed_in, clock(), born, "1234AB")),
        ("step_up_session", lambda: confirm_represented.confirm(signed_in, clock(), born, "1234AB")),
        ("step_up_subject", lambda: confirm_represented.confirm(signed_in, clock(), born, "1234AB")),
        ("second_code_session", lambda: codes.enter(signed_in, clock(), "00000000")),
        ("second_code_student", lambda: codes.enter(signed_in, clock(), "00000000")),
        ("second_post", lambda: codes.ask(signed_in, clock(), Channel.POST)),
        ("second_call", lambda: codes.ask(signed_in, clock(), Channel.CALL)),
        ("reveal", lambda: own_data.reveal(me, clock(), False, SOMEBODY, "bsn")),
        ("email_change", lambda: change_email.ask_change(me, clock(), "new@example.org")),
        ("representative", lambda: add_own(me, clock(), helper)),
        ("message", lambda: own_cases.write_message(me, clock(), reference, "Hallo", b"1" * 32)),
    ]


def of_staff() -> list[tuple[str, Door]]:
    anna, root = cases.handler(), factories.make_staff("root", Role.ADMINISTRATOR)
    admin: Actor = factories.staff_actor(root)
    return [
        ("second_made", lambda: second_channel_tasks.print_letter(anna, clock(), SOMEBODY)),
        ("second_made", lambda: second_channel_tasks.call(anna, clock(), SOMEBODY)),
        ("second_made", lambda: second_channel_tasks.seen_at_desk(anna, clock(), SOMEBODY, clock().today())),
        ("second_made", lambda: case_slip.print_case_slip(anna, clock(), "AA-1")),
        ("staff_password", lambda: staff_sign_in.change_password(anna, clock(), "old", "a long new password")),
        ("staff_password", lambda: staff_sign_in.prove_again(anna, clock(), "wrong")),
        ("staff_factor", lambda: totp.enter(anna, clock(), "000000")),
        ("staff_factor_known", lambda: totp.enter(anna, clock(), "000000", "known")),
        ("staff_factor", lambda: recovery_codes.enter(anna, clock(), "wrong")),
        ("staff_factor_known", lambda: recovery_codes.enter(anna, clock(), "wrong", "known")),
        ("staff_factor_set_up", lambda: totp.begin(anna, clock())),
        ("staff_factor_set_up", lambda: totp.confirm(anna, clock(), "000000")),
        ("staff_factor_set_up", lambda: recovery_codes.renew(anna, clock())),
        ("staff_reset", lambda: reset_password.send_link(admin, clock(), root)),
    ]


@pytest.mark.parametrize("doors", [of_strangers, of_students, of_staff])
def test_nobody_gets_through_a_door_whose_limit_is_reached(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, doors: Callable[[], list[tuple[str, Door]]]
) -> None:
    with sqlite_app.app_context():
        for name, door in doors():
            with monkeypatch.context() as none, pytest.raises(limits.TooMany) as refused:
                none.setitem(limits.LIMITS, name, limits.Limit(0, timedelta(hours=1), "none at all"))
                door()
            assert refused.value.params["limit"] == name


@pytest.mark.parametrize("name", ["sign_in_mail", "sign_in_mail_place_day", "sign_in_mail_day"])
def test_no_link_is_mailed_when_one_of_its_limits_is_reached(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(limits.LIMITS, name, limits.Limit(0, timedelta(hours=1), "none at all"))
    with sqlite_app.app_context():
        factories.make_student(email="hanan@example.org")
        sign_in.ask(clock(), "hanan@example.org", "nl", "browser", PLACE)
    assert mails(sqlite_app, "sign_in") == []


def test_nothing_that_was_typed_is_kept_once_that_limit_is_reached(
    sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.LIMITS, "draft_place", limits.Limit(0, timedelta(hours=1), "none at all"))
    with sqlite_app.app_context():
        assert not kept_forms.keep(clock(), "browser", "student:x", "/nl/me", {"text": ["Hallo"]}, PLACE)
