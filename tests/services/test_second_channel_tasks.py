"""The staff's side of a second channel: who may, what is shown and logged, what is printed, what stays."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level, Outcome, RequestKind, Role
from portal.records.db import db
from portal.records.tables.access import Login, OneTime, SecondChannel
from portal.records.tables.people import View
from portal.records.tables.proof import Audit
from portal.services import case_code, case_slip, limits, own_views, raise_cases
from portal.services import second_channel_tasks as tasks
from portal.services import second_channel_use as use
from portal.services.casework import NotFound
from portal.services.expire import expire
from portal.services.raise_cases import Helps
from portal.services.recognise import recognise
from portal.services.second_channel import Channel
from portal.services.second_channel_use import CodeState
from tests import factories
from tests.letters import paper
from tests.services import cases
from tests.services.second_channels import Printed, ask, change, clock, code_by, session
from tests.web.visitor import mails

pytestmark = pytest.mark.slow


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> Printed:
    return Printed(monkeypatch)


def views() -> list[tuple[str, str]]:
    rows = db.session.execute(select(View.reason, View.what).order_by(View.id)).all()
    db.session.rollback()
    return [tuple(row) for row in rows]


def test_staff_of_another_branch_and_administrators_find_nothing(context, printed):
    student = factories.make_student()
    task = ask(session(student), Channel.CALL)
    elsewhere = factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    admin = factories.make_staff("admin", Role.ADMINISTRATOR)
    for staff in (factories.staff_actor(elsewhere), factories.staff_actor(admin)):
        assert tasks.tasks(staff, clock()) == ()
        assert tasks.waiting(staff, clock()) == 0
        for act in (tasks.task, tasks.phone, tasks.print_letter, tasks.call, tasks.stop):
            with pytest.raises(NotFound):
                act(staff, clock(), task)
        with pytest.raises(NotFound):
            tasks.record_posted(staff, clock(), task, clock().today())
        with pytest.raises(NotFound):
            tasks.seen_at_desk(staff, clock(), student, clock().today())
    assert db.session.execute(select(func.count()).select_from(OneTime)).scalar_one() == 0
    assert views() == []
    with pytest.raises(NotFound):
        tasks.call(cases.handler(), clock(), uuid4())


def test_who_works_for_the_branch_is_told_of_a_letter_or_a_call_that_is_asked_for_and_of_no_name(context, printed):
    here = factories.make_branch("langedijk")
    factories.make_staff("local", Role.CASE_HANDLER, branch=here)
    factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    signed_in = session(factories.make_student(here))
    for channel in (Channel.POST, Channel.CALL, Channel.CALL):
        ask(signed_in, channel)
    found = mails(context, "staff_code_asked")
    assert [mail["to"] for mail in found] == ["local@school.example.org"] * 2
    assert all(set(mail["arguments"]) == {"path"} for mail in found)
    tasks.seen_at_desk(cases.handler(), clock(), signed_in.actor.student_id, clock().today())
    assert len(mails(context, "staff_code_asked")) == 2, "nobody has to do anything for a slip of the desk"


def test_the_list_shows_no_address_and_no_number_and_says_where_each_task_stands(context, printed):
    student, staff = factories.make_student(phone="+31687654321", street="Kerkweg 77"), cases.handler()
    ask(session(student), Channel.CALL)
    letter = ask(session(student), Channel.POST)
    found = tasks.tasks(staff, clock())
    assert [(task.channel, task.state, task.name) for task in found] == [
        (Channel.CALL, "asked", "Hanan Al Hassan"),
        (Channel.POST, "asked", "Hanan Al Hassan"),
    ]
    assert "87654321" not in repr(found)
    assert "Kerkweg" not in repr(found)
    assert views() == []
    assert tasks.waiting(staff, clock()) == 2
    tasks.print_letter(staff, clock(), letter)
    assert tasks.task(staff, clock(), letter).state == "made"
    tasks.record_posted(staff, clock(), letter, clock().today())
    assert tasks.task(staff, clock(), letter).state == "posted"
    assert tasks.waiting(staff, clock()) == 1


def test_the_phone_number_is_shown_for_a_call_and_the_student_sees_who_looked(context):
    student, staff = factories.make_student(phone="+31687654321"), cases.handler()
    task = ask(session(student), Channel.CALL)
    assert "87654321" not in repr(tasks.task(staff, clock(), task))
    assert views() == []
    assert tasks.phone(staff, clock(), task) == "+31687654321"
    spoken = tasks.call(staff, clock(), task)
    assert (spoken.phone, len(spoken.code)) == ("+31687654321", 8)
    assert views() == [("identity_check", "person.phone")] * 2
    seen, _following = own_views.views(session(student).actor, clock())
    assert [(each.reason, len(each.moments)) for each in seen] == [("Wij wilden zeker weten wie u bent.", 2)]


def test_a_letter_goes_to_the_address_on_file_at_the_moment_of_printing(context, printed):
    student = factories.make_student(street="Kerkweg 77", postcode="1723 AB", town="Noord-Scharwoude", language="ar")
    task = ask(session(student), Channel.POST)
    change(student, "street", "Dorpsstraat 3")
    tasks.print_letter(cases.handler(), clock(), task)
    slip = printed.slips[-1]
    assert slip["address"] == ("Dorpsstraat 3", "1723 AB Noord-Scharwoude")
    assert slip["name"] == "Hanan Al Hassan"
    assert str(slip["url"]).endswith("/confirm/code")
    assert str(slip["code"]) not in str(slip["url"])
    assert slip["expires"] == clock().today() + timedelta(days=21)
    assert views() == [("identity_check", "person.street")]


@paper.needs_poppler
def test_the_slips_are_papers_with_code_square_and_address(context, tmp_path):
    student, staff = factories.make_student(language="tr"), cases.handler()
    task = ask(session(student), Channel.POST)
    for made, code_path in (
        (tasks.print_letter(staff, clock(), task).content, "/confirm/code"),
        (tasks.seen_at_desk(staff, clock(), student, clock().today()).content, "/confirm/code"),
    ):
        text = paper.text_of(made, tmp_path)
        assert code_path in text
        typed = "".join(word for word in text.split() if word.isdigit() and len(word) == 4)[:8]
        assert len(typed) == 8
        assert int(paper.info_of(made, tmp_path)["Pages"]) <= 2  # both sides of one sheet
        assert "99990000" not in text


@pytest.mark.parametrize(
    ("posted", "refused"),
    [(date(2026, 11, 22), "bad_date"), (date(2026, 11, 24), "bad_date"), (date(2026, 11, 23), "")],
)
def test_the_day_of_posting_lies_between_printing_and_today(context, printed, posted, refused):
    staff = cases.handler()
    task = ask(session(factories.make_student()), Channel.POST)
    with pytest.raises(Refused, match="not_printed"):
        tasks.record_posted(staff, clock(), task, posted)
    tasks.print_letter(staff, clock(), task)
    if refused:
        with pytest.raises(Refused, match=refused):
            tasks.record_posted(staff, clock(), task, posted)
        return
    tasks.record_posted(staff, clock(), task, posted)
    assert db.session.execute(select(SecondChannel.posted_on)).scalar_one() == posted


def test_of_an_id_only_the_day_and_who_saw_it_are_kept(context, printed):
    student, staff = factories.make_student(), cases.handler()
    with pytest.raises(Refused, match="bad_date"):
        tasks.seen_at_desk(staff, clock(), student, clock().today() + timedelta(days=1))
    with pytest.raises(Refused, match="bad_date"):
        tasks.seen_at_desk(staff, clock(), student, clock().today() - timedelta(days=8))
    tasks.seen_at_desk(staff, clock(), student, clock().today())
    row = db.session.execute(select(SecondChannel)).scalar_one()
    assert (row.channel, row.seen_on, row.made_by) == ("desk", clock().today(), staff.id)
    assert {"kind", "number", "copy"}.isdisjoint(SecondChannel.__table__.columns.keys())
    acts = db.session.execute(select(Audit.act, Audit.actor_id)).all()
    assert ("id_seen", staff.id) in [tuple(act) for act in acts]


def test_a_stopped_task_takes_its_code_with_it(context, printed):
    signed_in, staff = session(factories.make_student()), cases.handler()
    code = code_by(Channel.POST, signed_in, staff, printed)
    task = tasks.tasks(staff, clock())[0].id
    tasks.stop(staff, clock(), task)
    assert use.enter(signed_in, clock(), code).state is CodeState.NOTHING
    with pytest.raises(Refused, match="task_ended"):
        tasks.print_letter(staff, clock(), task)


@pytest.mark.parametrize("channel", [Channel.POST, Channel.CALL])
def test_a_student_is_told_that_what_was_asked_for_does_not_come(context, channel):
    student, staff = factories.make_student(language="ar"), cases.handler()
    tasks.stop(staff, clock(), ask(session(student), channel))
    (mail,) = mails(context, "code_stopped")
    assert mail["to"] == str(cases.values_of(student, "person")[0]["email"])
    assert use.ways(session(student), clock(), Level.SECOND_CHANNEL).stopped == {channel}
    ask(session(student), channel)
    assert use.ways(session(student), clock(), Level.SECOND_CHANNEL).stopped == frozenset()


def test_a_call_that_nobody_answers_can_be_made_again(context):
    student, staff = factories.make_student(), cases.handler()
    task = ask(session(student), Channel.CALL)
    first = tasks.call(staff, clock(), task).code
    clock().advance(timedelta(hours=3))
    assert tasks.task(staff, clock(), task).state == "asked"
    second = tasks.call(staff, clock(), task).code
    signed_in = session(student)
    assert use.enter(signed_in, clock(), first).state is CodeState.WRONG
    assert use.enter(signed_in, clock(), second).state is CodeState.RIGHT
    assert tasks.task(staff, clock(), task).state == "used"


def test_sixty_codes_an_hour_are_the_most_for_one_member_of_staff(context):
    staff, task = cases.handler(), ask(session(factories.make_student()), Channel.CALL)
    with pytest.raises(limits.TooMany):
        for _ in range(61):
            tasks.call(staff, clock(), task)


def test_no_code_stands_in_the_log_or_in_a_row(context, printed):
    signed_in = session(factories.make_student())
    code = code_by(Channel.POST, signed_in, cases.handler(), printed)
    for table in (SecondChannel, OneTime, Audit):
        for row in db.session.execute(select(table)).scalars():
            assert code not in repr({name: getattr(row, name) for name in table.__table__.columns.keys()})  # noqa: SIM118


def test_what_is_over_goes_after_thirty_days_and_a_code_a_day_after_its_end(context, printed):
    signed_in, staff = session(factories.make_student()), cases.handler()
    code_by(Channel.DESK, signed_in, staff, printed)
    clock().advance(timedelta(days=3))
    assert expire(clock())["one_time"] == 1
    assert db.session.execute(select(SecondChannel.one_time_id)).scalar_one() is None
    assert tasks.tasks(staff, clock())
    clock().advance(timedelta(days=29))
    assert expire(clock())["second_channels"] == 1


# --- the code of a case on paper


def test_a_new_slip_of_a_case_replaces_its_code_and_signs_out_whoever_came_in_by_it(context, monkeypatch):
    slips = []
    monkeypatch.setattr(case_slip, "slip_pdf", lambda *given, **more: slips.append((given, more)) or b"%PDF-")
    reference, staff = cases.opened(RequestKind.ACCESS, factories.make_student(), language="nl"), cases.handler()
    case_slip.print_case_slip(staff, clock(), reference)
    first = slips[-1][0][2]
    inside = case_code.enter(clock(), first, "here")
    assert inside
    assert recognise(inside, clock())
    db.session.rollback()
    case_slip.print_case_slip(staff, clock(), reference)
    second = slips[-1][0][2]
    assert recognise(inside, clock()) is None
    db.session.rollback()
    assert case_code.enter(clock(), first, "here") is None
    assert case_code.enter(clock(), second, "here")
    case_slip.print_case_slip(staff, clock(), reference, second)
    assert slips[-1][0][2] == second
    assert case_code.enter(clock(), second, "here")
    other = cases.opened(RequestKind.ACCESS, factories.make_student())
    case_slip.print_case_slip(staff, clock(), other, second)
    assert slips[-1][0][2] != second
    case_slip.print_case_slip(staff, clock(), reference, second)
    assert slips[-1][1]["reference"] == reference
    assert "print_case_slip" in db.session.execute(select(Audit.act)).scalars().all()
    assert db.session.execute(select(func.count()).select_from(Login).where(Login.kind == "case")).scalar_one() == 2


def test_another_branch_prints_no_slip(context):
    reference = cases.opened(RequestKind.ACCESS, factories.make_student())
    elsewhere = factories.make_staff("elsewhere", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    with pytest.raises(NotFound):
        case_slip.print_case_slip(factories.staff_actor(elsewhere), clock(), reference)


# --- "I asked this"


def test_a_request_that_was_not_filed_signed_in_is_raised_only_when_the_student_says_so(context, printed):
    student = factories.make_student()
    reference = cases.opened(RequestKind.ERASURE, student, level=Level.NONE)
    signed_in = session(student, Level.SECOND_CHANNEL)
    assert raise_cases.what_helps(signed_in.actor, clock(), reference) == Helps(claim=True)
    raise_cases.claim(signed_in.actor, clock(), reference)
    case = cases.case_of(reference)
    assert (case.assured_level, case.assured_how) == (3, "claimed")
    version = case.version
    db.session.rollback()
    raise_cases.claim(signed_in.actor, clock(), reference)
    assert cases.version_of(reference) == version
    assert raise_cases.what_helps(signed_in.actor, clock(), reference) == Helps()
    with pytest.raises(NotFound):
        raise_cases.claim(session(factories.make_student()).actor, clock(), reference)


def test_a_level_that_went_stale_claims_no_more_than_level_two(context):
    student = factories.make_student()
    reference = cases.opened(RequestKind.ERASURE, student, level=Level.NONE)
    actor = factories.student_actor(student, Level.SECOND_CHANNEL)
    clock().advance(timedelta(minutes=30))
    raise_cases.claim(actor, clock(), reference)
    assert cases.case_of(reference).assured_level == 2


def test_a_closed_request_stays_as_it_was(context):
    student, officer = factories.make_student(), cases.officer()
    reference = cases.opened(RequestKind.RESTRICTION, student, level=Level.ADDRESS)
    cases.decided(reference, officer, Outcome.REFUSED, ground="identity_unconfirmed", reason=cases.CHECK_REASON)
    assert cases.case_of(reference).state == "closed"
    actor = factories.student_actor(student, Level.SECOND_CHANNEL)
    before = cases.case_of(reference).assured_level
    raise_cases.claim(actor, clock(), reference)
    assert cases.case_of(reference).assured_level == before
