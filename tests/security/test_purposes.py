"""A link or a code is good for one thing: at every other door it is as unknown as a made-up one (ASVS 9.1.1, 9.2.2)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from portal.domain.clock import FixedClock
from portal.domain.vocabulary import Level, Role
from portal.services import change_email, reset_password, second_channel_tasks, second_channel_use, stop_email_change
from portal.services.case_code import enter as enter_by_case_code
from portal.services.second_channel import Channel
from portal.services.sign_in import ask, enter_by_code, enter_by_link
from tests import factories
from tests.services import second_channels
from tests.web.principals import open_for
from tests.web.visitor import mails

EMAIL, BROWSER, PLACE = "hanan@example.org", "the browser that asked", "192.0.2.1"
Door = Callable[[str], bool]


def last(app: Flask, kind: str, argument: str) -> str:
    return str(mails(app, kind)[-1]["arguments"][argument]).rsplit("/", 1)[-1]  # type: ignore[index]


@pytest.fixture
def house(app: Flask, clock: FixedClock) -> tuple[dict[str, str], dict[str, Door]]:
    """One live proof of each purpose, and what opens by each."""
    with app.app_context():
        student = factories.make_student(email=EMAIL)
        administrator = factories.staff_actor(factories.make_staff("admin", Role.ADMINISTRATOR))
        officer = factories.staff_actor(factories.make_staff("officer", Role.PRIVACY_OFFICER))
        reset_password.send_link(administrator, clock, officer.id)
        sure = factories.student_actor(student, Level.SECOND_CHANNEL)
        signed_in = second_channels.session(student)
        task = second_channels.ask(signed_in, Channel.CALL)
        spoken = second_channel_tasks.call(officer, clock, task).code
        case = open_for(app, student)
        ask(clock, EMAIL, "nl", BROWSER, PLACE)
        change_email.ask_change(sure, clock, "hanan@new.example.org")
        proofs = {
            "sign-in link": last(app, "sign_in", "path"),
            "sign-in code": last(app, "sign_in", "code"),
            "stop link": last(app, "email_change_asked", "page"),
            "password link": last(app, "staff_password_reset", "path"),
            "spoken code": spoken,
            "case code": case.code or "",
        }
    unknown = reset_password.LinkState.UNKNOWN
    new = "kwark lantaarn oever 7"
    return proofs, {
        "sign-in link": lambda typed: bool(enter_by_link(clock, typed, BROWSER, PLACE).session_id),
        "sign-in code": lambda typed: bool(enter_by_code(clock, typed, BROWSER, PLACE).session_id),
        "stop link": lambda typed: stop_email_change.look(clock, typed) is not stop_email_change.StopState.UNKNOWN,
        "password link": lambda typed: reset_password.choose(clock, typed, new, PLACE) is not unknown,
        "spoken code": lambda typed: bool(second_channel_use.enter(signed_in, clock, typed).session_id),
        "case code": lambda typed: bool(enter_by_case_code(clock, typed, PLACE)),
    }


def test_every_proof_opens_its_own_door_and_none_of_the_others(
    app: Flask, house: tuple[dict[str, str], dict[str, Door]]
) -> None:
    proofs, doors = house
    with app.app_context():
        pairs = [(proof, door) for proof in proofs for door in doors if proof != door]
        assert [(proof, door) for proof, door in pairs if doors[door](proofs[proof])] == []
        assert len(pairs) == 30
        # Six wrong tries have spent the two codes that are typed in one session; the rest still open their own.
        for name in ("sign-in link", "stop link", "password link", "case code"):
            assert doors[name](proofs[name]) or name == "sign-in link", name
