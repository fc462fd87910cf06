"""A second channel: asked, made, typed once; and every way in which a code dies."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.assurance import Way
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, RequestKind
from portal.records.db import db
from portal.records.tables.access import OneTime, SecondChannel
from portal.records.tables.proof import Audit
from portal.services import limits, own_data
from portal.services import second_channel_tasks as tasks
from portal.services import second_channel_use as use
from portal.services.raise_cases import Helps, claim, what_helps
from portal.services.recognise import recognise
from portal.services.second_channel import Channel
from portal.services.second_channel_use import CodeState
from tests import factories
from tests.services import cases
from tests.services.second_channels import Printed, again, ask, change, clock, code_by, session, wrong

pytestmark = pytest.mark.slow

CHANNELS = list(Channel)
CODE_LIVES = {
    Channel.POST: timedelta(days=21),
    Channel.CALL: timedelta(minutes=15),
    Channel.DESK: timedelta(hours=24),
}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Printed:
    return Printed(monkeypatch)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_by_each_channel_raises_the_session_to_level_three_for_half_an_hour(context, printed, channel):
    student = factories.make_student()
    signed_in = session(student)
    code = code_by(channel, signed_in, cases.handler(), printed)
    entered = use.enter(signed_in, clock(), f" {code[:4]}-{code[4:]} ")
    assert entered.state is CodeState.RIGHT
    now = again(entered.session_id)
    assert (now.actor.level, now.actor.student_id) == (Level.SECOND_CHANNEL, student)
    bsn = cases.person_of(student)
    assert own_data.reveal(now.actor, clock(), False, bsn, "bsn").value == "999900006"
    clock().advance(timedelta(minutes=29))
    later = again(entered.session_id)
    assert later.actor.level is Level.SECOND_CHANNEL
    clock().advance(timedelta(minutes=1))
    with pytest.raises(NotAllowed) as refused:
        own_data.reveal(later.actor, clock(), False, bsn, "bsn")
    assert refused.value.params["needs"] == 3
    assert again(entered.session_id).actor.level is Level.KNOWLEDGE


def test_digits_of_another_script_are_the_same_code(context, printed):
    signed_in = session(factories.make_student())
    code = code_by(Channel.DESK, signed_in, cases.handler(), printed)
    eastern = "".join(chr(0x06F0 + int(digit)) for digit in code)
    assert use.enter(signed_in, clock(), f"\u200f{eastern[:4]} {eastern[4:]}").state is CodeState.RIGHT


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_works_once(context, printed, channel):
    signed_in = session(factories.make_student())
    code = code_by(channel, signed_in, cases.handler(), printed)
    assert use.enter(signed_in, clock(), code).session_id
    assert use.enter(signed_in, clock(), code) == use.Entered(CodeState.NOTHING)


@pytest.mark.parametrize("channel", CHANNELS)
def test_twenty_who_type_one_code_at_once_are_one_who_gets_in(app: Flask, printed, channel):
    with app.app_context():
        student = factories.make_student()
        sessions = [session(student) for _ in range(20)]
        code = code_by(channel, sessions[0], cases.handler(), printed)
    outcomes: list[CodeState] = []
    start = threading.Barrier(20)

    def type_it(number: int) -> None:
        start.wait()
        with app.app_context():
            outcomes.append(use.enter(sessions[number], clock(), code).state)
            db.session.remove()

    threads = [threading.Thread(target=type_it, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == sorted([CodeState.RIGHT] + [CodeState.NOTHING] * 19)
    with app.app_context():
        acts = db.session.execute(select(Audit.act).where(Audit.act == "step_up")).scalars().all()
        assert len(acts) == 1


def test_five_wrong_tries_end_every_code_that_was_under_way(context, printed):
    signed_in, staff = session(factories.make_student()), cases.handler()
    by_post = code_by(Channel.POST, signed_in, staff, printed)
    at_desk = code_by(Channel.DESK, signed_in, staff, printed)
    for _ in range(4):
        assert use.enter(signed_in, clock(), wrong(by_post)).state is CodeState.WRONG
    assert use.enter(signed_in, clock(), "").state is CodeState.SPENT
    for code in (by_post, at_desk):
        assert use.enter(signed_in, clock(), code).state is CodeState.NOTHING
    rows = db.session.execute(select(OneTime.tries, OneTime.used_at)).all()
    assert [tuple(row) for row in rows] == [(5, None), (5, None)]


def test_a_foreign_students_code_opens_nothing_and_stays_theirs(context, printed):
    theirs, mine = session(factories.make_student()), session(factories.make_student())
    staff = cases.handler()
    code = code_by(Channel.POST, theirs, staff, printed)
    assert use.enter(mine, clock(), code).state is CodeState.NOTHING
    own = code_by(Channel.POST, mine, staff, printed)
    assert use.enter(mine, clock(), code).state is CodeState.WRONG
    assert use.enter(theirs, clock(), code).state is CodeState.RIGHT
    assert use.enter(mine, clock(), own).state is CodeState.RIGHT


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_dies_when_its_time_is_over(context, printed, channel):
    student = factories.make_student()
    code = code_by(channel, session(student), cases.handler(), printed)
    clock().advance(CODE_LIVES[channel])
    assert use.enter(session(student), clock(), code).state is CodeState.NOTHING


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_works_until_just_before_its_time_is_over(context, printed, channel):
    student = factories.make_student()
    code = code_by(channel, session(student), cases.handler(), printed)
    clock().advance(CODE_LIVES[channel] - timedelta(seconds=1))
    assert use.enter(session(student), clock(), code).state is CodeState.RIGHT


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_newer_code_of_the_channel_kills_the_one_before(context, printed, channel):
    student, staff = factories.make_student(), cases.handler()
    signed_in = session(student)
    first = code_by(channel, signed_in, staff, printed)
    if channel is Channel.POST:
        clock().advance(timedelta(days=8))  # the letter did not come
        signed_in = session(student)
    second = code_by(channel, signed_in, staff, printed)
    assert use.enter(signed_in, clock(), first).state is CodeState.WRONG
    assert use.enter(signed_in, clock(), second).state is CodeState.RIGHT


def test_printing_a_letter_again_kills_the_code_of_the_first(context, printed):
    signed_in, staff = session(factories.make_student()), cases.handler()
    task = ask(signed_in, Channel.POST)
    tasks.print_letter(staff, clock(), task)
    first = printed.code
    tasks.print_letter(staff, clock(), task)
    assert use.enter(signed_in, clock(), first).state is CodeState.WRONG
    assert use.enter(signed_in, clock(), printed.code).state is CodeState.RIGHT


@pytest.mark.parametrize(
    ("channel", "field", "value", "works"),
    [
        (Channel.POST, "street", "Elders 1", False),
        (Channel.POST, "postcode", "1799 ZZ", False),
        (Channel.POST, "town", "Elders", False),
        (Channel.POST, "email", "new@example.org", False),
        (Channel.POST, "phone", "+31612345000", True),
        (Channel.CALL, "phone", "+31612345000", False),
        (Channel.CALL, "email", "new@example.org", False),
        (Channel.DESK, "email", "new@example.org", False),
        (Channel.DESK, "street", "Elders 1", True),
    ],
)
def test_a_code_dies_when_what_it_was_sent_to_changes(context, printed, channel, field, value, works):
    student = factories.make_student()
    signed_in = session(student)
    code = code_by(channel, signed_in, cases.handler(), printed)
    change(student, field, value)
    assert (use.enter(signed_in, clock(), code).state is CodeState.RIGHT) is works
    if not works:
        ended = db.session.execute(select(SecondChannel.ended_how)).scalar_one()
        assert ended == "changed"


def test_another_spelling_of_the_same_address_is_no_change(context, printed):
    student = factories.make_student(postcode="1723 AB")
    signed_in = session(student)
    code = code_by(Channel.POST, signed_in, cases.handler(), printed)
    change(student, "postcode", "1723ab")
    assert use.enter(signed_in, clock(), code).state is CodeState.RIGHT


def test_codes_are_kept_as_keyed_hashes_only(context, printed):
    signed_in = session(factories.make_student())
    code = code_by(Channel.POST, signed_in, cases.handler(), printed)
    row = db.session.execute(select(OneTime)).scalar_one()
    assert len(code) == 8
    assert code.encode() not in (row.code_digest or b"") + row.token_digest
    from portal.services.sign_in import sha256

    assert row.code_digest != sha256(code)


def test_asking_twice_is_one_task_and_a_letter_that_does_not_come_may_be_asked_again(context, printed):
    student, staff = factories.make_student(), cases.handler()
    first = ask(session(student), Channel.POST)
    assert ask(session(student), Channel.POST) == first
    tasks.print_letter(staff, clock(), first)
    tasks.record_posted(staff, clock(), first, clock().today())
    clock().advance(timedelta(days=6))
    assert ask(session(student), Channel.POST) == first
    clock().advance(timedelta(days=1))
    assert ask(session(student), Channel.POST) != first


def test_three_letters_a_month_are_the_most(context, printed):
    student, staff = factories.make_student(), cases.handler()
    for _ in range(3):
        tasks.stop(staff, clock(), ask(session(student), Channel.POST))
    with pytest.raises(limits.TooMany):
        use.ask(session(student), clock(), Channel.POST)


def test_ten_codes_an_hour_are_the_most_in_one_session(context):
    signed_in = session(factories.make_student())
    for _ in range(10):
        use.enter(signed_in, clock(), "12345678")
    with pytest.raises(limits.TooMany):
        use.enter(signed_in, clock(), "12345678")


def test_twenty_codes_a_day_are_the_most_for_one_student(context):
    student = factories.make_student()
    with pytest.raises(limits.TooMany):
        for _ in range(21):
            use.enter(session(student), clock(), "12345678")


@pytest.mark.parametrize("channel", ["desk", "", "mail"])
def test_only_a_letter_or_a_call_can_be_asked_for(context, channel):
    with pytest.raises(Refused, match="bad_channel"):
        use.ask(session(factories.make_student()), clock(), channel)


def test_a_way_without_its_fact_on_file_is_neither_offered_nor_taken(context):
    student = factories.make_student(phone="", town="")
    signed_in = session(student)
    ways = use.ways(signed_in, clock(), Level.SECOND_CHANNEL)
    assert ways.offered == (Way.SHOW_ID_AT_DESK,)
    for channel in (Channel.POST, Channel.CALL):
        with pytest.raises(Refused, match="not_on_file"):
            use.ask(signed_in, clock(), channel)


def test_the_lightest_way_comes_first(context):
    signed_in = session(factories.make_student())
    assert use.ways(signed_in, clock(), Level.SECOND_CHANNEL).offered == (
        Way.POST_CODE,
        Way.CALL_BACK,
        Way.SHOW_ID_AT_DESK,
    )
    assert use.ways(signed_in, clock(), Level.KNOWLEDGE).offered[0] is Way.KNOW_BIRTH_DATE_AND_POSTCODE


def test_reaching_level_three_raises_the_open_requests_that_were_filed_signed_in(context, printed):
    student = factories.make_student()
    signed = cases.opened(RequestKind.RESTRICTION, student, level=Level.ADDRESS)
    strangers = cases.opened(RequestKind.RESTRICTION, student, level=Level.NONE)
    others = cases.opened(RequestKind.RESTRICTION, factories.make_student(), level=Level.ADDRESS)
    signed_in = session(student)
    use.enter(signed_in, clock(), code_by(Channel.CALL, signed_in, cases.handler(), printed))
    assert (cases.case_of(signed).assured_level, cases.case_of(signed).assured_how) == (3, "call_back")
    assert "identity_confirmed" in cases.events_of(signed)
    assert cases.case_of(strangers).assured_level == 0
    assert cases.case_of(others).assured_level == 1


def test_an_erasure_is_raised_only_when_the_student_says_i_asked_this(context, printed):
    """Whoever reads the mailbox too may have signed in and asked for it."""
    student = factories.make_student()
    reference = cases.opened(RequestKind.ERASURE, student, level=Level.ADDRESS)
    signed_in = session(student)
    entered = use.enter(signed_in, clock(), code_by(Channel.CALL, signed_in, cases.handler(), printed))
    assert cases.case_of(reference).assured_level == 1
    sure = recognise(entered.session_id, clock())
    assert what_helps(sure.actor, clock(), reference) == Helps(claim=True)
    claim(sure.actor, clock(), reference)
    assert (cases.case_of(reference).assured_level, cases.case_of(reference).assured_how) == (3, "claimed")
