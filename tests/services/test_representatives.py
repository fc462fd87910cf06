"""Representatives: who may be one, what opens to them, and that it ends by date, by the student or by staff."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.domain.birth_date import parse
from portal.domain.clock import FixedClock
from portal.domain.permissions import NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Level, RequestKind, Role, TargetKind
from portal.records.db import db
from portal.records.tables.access import Login
from portal.records.tables.proof import Audit
from portal.records.tables.representation import Representative
from portal.services import drafts, sign_in
from portal.services.add_representative import Asked, add_own, confirm_own, record_representative
from portal.services.carry_out import carry_out
from portal.services.casework import Asked as AskedFor
from portal.services.casework import NotFound
from portal.services.confirm_represented import confirm
from portal.services.end_representative import end_by_staff, end_over, end_own
from portal.services.export import download
from portal.services.file_request import Filing, file_request
from portal.services.own_cases import own_case, own_cases, take_back, write_message
from portal.services.own_data import own_data
from portal.services.own_views import views
from portal.services.raise_cases import Helps, what_helps
from portal.services.recognise import recognise
from portal.services.representing import Relation, Standing, choices, choose, own_helpers
from portal.services.take_case import take
from portal.services.to_post import letters_to_post
from portal.services.withdraw_consent import withdraw
from tests import factories
from tests.services import cases
from tests.web.visitor import mails

pytestmark = pytest.mark.slow

LAWYER = "lawyer@example.org"
TODAY = date(2026, 11, 23)
EVERYTHING = (AskedFor(TargetKind.EVERYTHING),)
ACCESS = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})


@pytest.fixture
def school(app: Flask):
    with app.app_context():
        yield app


def asked(**more) -> Asked:
    facts = {
        "name": "mr. Jansen",
        "email": LAWYER,
        "relation": Relation.LAWYER,
        "kinds": ACCESS,
        "ends_on": TODAY + timedelta(days=90),
        "shown_on": TODAY,
    }
    return Asked(**{**facts, **more})


def signed_in(app: Flask, clock, address: str = LAWYER):
    """The session of whoever reads this address, by the mailed code; None when none was mailed."""
    before = len(mails(app, "sign_in"))
    sign_in.ask(clock, address, "nl", "browser", "192.0.2.1")
    found = mails(app, "sign_in")
    if len(found) == before:
        return None
    entered = sign_in.enter_by_code(clock, found[-1]["arguments"]["code"], "browser", "192.0.2.1")
    return recognise(entered.session_id, clock)


def refused(code: str):
    return pytest.raises(Refused, match=code)


def filed(app: Flask, clock, actor, kind=RequestKind.ACCESS, items=EVERYTHING) -> str:
    owner = drafts.Owner("browser", actor.id)
    draft = drafts.start(clock, owner, {})
    return file_request(actor, clock, Filing(kind, "nl", items), draft, owner, "192.0.2.1").reference


def test_a_lawyer_signs_in_at_the_same_page_and_acts_within_the_scope(school: Flask, clock: FixedClock):
    student = factories.make_student(email="hanan@example.org")
    record_representative(cases.officer(), clock, student, asked())
    session = signed_in(school, clock)
    assert session.kind == "representative"
    actor = session.actor
    assert (actor.kind, actor.student_id, actor.scope) == (ActorKind.REPRESENTATIVE, student, ACCESS)
    reference = filed(school, clock, actor)
    case = cases.case_of(reference)
    assert (case.student_id, case.assured_how, case.by_post) == (student, "representative", False)
    assert [each["to"] for each in mails(school, "receipt")] == [LAWYER]
    assert [each["to"] for each in mails(school, "represented")][-1] == "hanan@example.org"
    assert [line.reference for line in own_cases(session, clock)[0]] == [reference]
    write_message(actor, clock, reference, "Hoe gaat het?", b"1" * 32)
    assert own_case(actor, clock, reference).said[-1].text == "Hoe gaat het?"
    take_back(actor, clock, reference, cases.version_of(reference))


@pytest.mark.parametrize("kind", sorted(set(RequestKind) - ACCESS))
def test_outside_the_scope_nothing_is_filed_or_seen(school: Flask, clock: FixedClock, kind: RequestKind):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked())
    session = signed_in(school, clock)
    own = cases.opened(kind, student)
    with pytest.raises(NotAllowed, match="outside_scope"):
        filed(school, clock, session.actor, kind, (AskedFor(TargetKind.WORDS, words="iets"),))
    with pytest.raises(NotFound):
        own_case(session.actor, clock, own)
    assert own_cases(session, clock)[0] == []


def test_a_representative_never_sees_the_students_own_pages(school: Flask, clock: FixedClock):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked(kinds=frozenset(RequestKind)))
    actor = signed_in(school, clock).actor
    for look in (
        lambda: own_data(actor, clock, False),
        lambda: views(actor, clock),
        lambda: own_helpers(actor, clock),
        lambda: add_own(actor, clock, asked(shown_on=None)),
    ):
        with pytest.raises(NotAllowed):
            look()


def test_single_values_are_not_pointed_at_by_a_representative(school: Flask, clock: FixedClock):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked(kinds=frozenset(RequestKind)))
    actor = signed_in(school, clock).actor
    with refused("wrong_target"):
        filed(school, clock, actor, RequestKind.ERASURE, (cases.field_of(student, "phone", None),))


def test_the_answer_is_received_at_level_two_without_sensitive_values(school: Flask, clock: FixedClock):
    student = factories.make_student()
    officer = cases.officer()
    record_representative(officer, clock, student, asked())
    session = signed_in(school, clock)
    reference = cases.opened(RequestKind.PORTABILITY, student)
    cases.decided(reference, officer)
    carry_out(officer, clock, reference, cases.version_of(reference))
    with pytest.raises(NotAllowed, match="level"):
        download(session.actor, clock, reference, "json")
    assert confirm(session, clock, parse("03-04-1990"), "1723AB") is None
    higher = recognise(confirm(session, clock, parse("02-04-1990"), "1723 ab"), clock)
    assert higher.actor.level is Level.KNOWLEDGE
    content = download(higher.actor, clock, reference, "json").content.decode()
    assert "Hanan" in content
    assert "999900006" not in content
    did = own_helpers(factories.student_actor(student), clock)[0].did
    assert [each.kind.value for each in did] == ["answer_read"]


def test_what_was_asked_before_the_proof_counts_once_it_is_given_and_nobody_elses_does(
    school: Flask, clock: FixedClock
):
    student, officer = factories.make_student(), cases.officer()
    record_representative(officer, clock, student, asked())
    record_representative(officer, clock, student, asked(email="other@example.org"))
    session, other = signed_in(school, clock), signed_in(school, clock, "other@example.org")
    mine, others = filed(school, clock, session.actor), filed(school, clock, other.actor)
    assert what_helps(session.actor, clock, mine) == Helps(prove=Level.KNOWLEDGE)
    assert what_helps(session.actor, clock, others) == Helps(wait=True)
    assert what_helps(factories.student_actor(student, Level.KNOWLEDGE), clock, mine) == Helps(
        claim=True, for_another=True
    )
    higher = recognise(confirm(session, clock, parse("02-04-1990"), "1723 ab"), clock)
    db.session.rollback()
    assert [cases.case_of(each).assured_level for each in (mine, others)] == [2, 1]
    assert what_helps(higher.actor, clock, mine) == Helps()


def test_an_erasure_waits_for_the_student_whatever_a_representative_proves(school: Flask, clock: FixedClock):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked(kinds=frozenset(RequestKind)))
    session = signed_in(school, clock)
    reference = filed(school, clock, session.actor, RequestKind.ERASURE)
    assert what_helps(session.actor, clock, reference) == Helps(wait=True)
    higher = recognise(confirm(session, clock, parse("02-04-1990"), "1723 ab"), clock)
    assert what_helps(higher.actor, clock, reference) == Helps(wait=True)


def test_level_three_is_never_reached_by_a_representative(school: Flask, clock: FixedClock):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked())
    session = signed_in(school, clock)
    db.session.execute(Login.__table__.update().values(level=3))
    db.session.commit()
    row = db.session.execute(select(Login.digest)).scalar_one()
    assert row
    from portal.services import recognise as module

    module_digest = module.digest_of
    try:
        module.digest_of = lambda _id: row
        assert recognise("any", clock).actor.level is Level.KNOWLEDGE
    finally:
        module.digest_of = module_digest
    assert session.actor.level is Level.ADDRESS


@pytest.mark.parametrize("by", ["date", "student", "staff"])
def test_it_ends_at_the_next_request_by_date_by_the_student_or_by_staff(school: Flask, clock: FixedClock, by: str):
    student = factories.make_student()
    officer = cases.officer()
    row = record_representative(officer, clock, student, asked(ends_on=TODAY))
    clock.set(clock.now().replace(hour=22, minute=50))  # ten minutes before the day ends in Amsterdam
    sign_in.ask(clock, LAWYER, "nl", "browser", "192.0.2.1")
    code = mails(school, "sign_in")[-1]["arguments"]["code"]
    session_id = sign_in.enter_by_code(clock, code, "browser", "192.0.2.1").session_id
    assert recognise(session_id, clock) is not None
    later = clock
    if by == "date":
        later = FixedClock(clock.now() + timedelta(minutes=11))  # the next day, in a session that is still alive
    elif by == "student":
        end_own(factories.student_actor(student), clock, row)
    else:
        end_by_staff(officer, clock, student, row)
    assert recognise(session_id, later) is None
    school.extensions["clock"] = later
    assert signed_in(school, later) is None
    assert own_helpers(factories.student_actor(student), later)[0].standing is Standing.OVER


def test_known_and_unknown_addresses_get_the_same_rows(school: Flask, clock: FixedClock):
    student = factories.make_student()
    record_representative(cases.officer(), clock, student, asked())
    from portal.records.tables.proof import OutMail

    for address in (LAWYER, "nobody@example.org"):
        sign_in.ask(clock, address, "nl", "browser", "192.0.2.1")
    rows = db.session.execute(select(OutMail).where(OutMail.kind == "sign_in")).scalars().all()
    assert len(rows) == 2
    assert len({row.kind for row in rows}) == 1


def test_staff_may_write_one_down_that_the_student_confirms_at_level_two(school: Flask, clock: FixedClock):
    student = factories.make_student()
    row = record_representative(cases.officer(), clock, student, asked(shown_on=None))
    assert signed_in(school, clock) is None
    assert mails(school, "representative_added") == []
    assert mails(school, "represented")[-1]["arguments"]["asks"] == 1
    with pytest.raises(NotAllowed, match="level"):
        confirm_own(factories.student_actor(student), clock, row)
    other = factories.student_actor(factories.make_student(), Level.KNOWLEDGE)
    with pytest.raises(NotFound):
        confirm_own(other, clock, row)
    me = factories.student_actor(student, Level.KNOWLEDGE)
    confirm_own(me, clock, row)
    confirm_own(me, clock, row)
    assert [each["to"] for each in mails(school, "representative_added")] == [LAWYER]
    assert signed_in(school, clock) is not None


def test_the_student_names_one_in_the_portal(school: Flask, clock: FixedClock):
    student = factories.make_student(email="own@example.org")
    with pytest.raises(NotAllowed, match="level"):
        add_own(factories.student_actor(student), clock, asked(shown_on=None))
    me = factories.student_actor(student, Level.KNOWLEDGE)
    with refused("must_be_shown"):
        add_own(me, clock, asked(shown_on=None, relation=Relation.GUARDIAN))
    add_own(me, clock, asked(shown_on=None, relation=Relation.FAMILY))
    told = [each["to"] for each in mails(school, "represented")]
    assert told == ["own@example.org"], "the address on file hears of it, whoever typed it"
    assert signed_in(school, clock).actor.student_id == student


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"email": "nobody"}, "email_invalid"),
        ({"kinds": frozenset()}, "kinds_missing"),
        ({"ends_on": TODAY - timedelta(days=1)}, "ends_before_start"),
        ({"ends_on": date(2027, 11, 24)}, "lasts_too_long"),
        ({"shown_on": TODAY + timedelta(days=1)}, "shown_in_future"),
        ({"language": "xx"}, "bad_language"),
        ({"relation": Relation.GUARDIAN, "shown_on": None}, "must_be_shown"),
    ],
)
def test_what_cannot_be_is_refused(school: Flask, clock: FixedClock, wrong: dict, code: str):
    student = factories.make_student(email="own@example.org")
    with refused(code):
        record_representative(cases.officer(), clock, student, asked(**wrong))
    assert db.session.execute(select(Representative)).all() == []


def test_a_year_to_the_day_is_allowed(school: Flask, clock: FixedClock):
    student = factories.make_student(email="own@example.org")
    record_representative(cases.officer(), clock, student, asked(ends_on=date(2027, 11, 23)))


@pytest.mark.parametrize(
    ("born", "ends_on", "allowed"),
    [
        ("2010-11-24", date(2026, 11, 23), True),  # the 16th birthday is tomorrow
        ("2010-11-24", date(2026, 11, 24), False),
        ("2010-11-23", date(2026, 11, 23), False),
        ("2010-00-00", date(2026, 11, 23), False),  # may have been born in January
        ("2011-00-00", date(2026, 12, 31), True),
        ("2011-00-00", date(2027, 1, 1), False),
        ("1990-04-02", date(2026, 12, 1), False),
        (None, date(2026, 12, 1), False),
    ],
)
def test_a_parent_acts_until_the_day_before_the_sixteenth_birthday(
    school: Flask, clock: FixedClock, born: str | None, ends_on: date, allowed: bool
):
    student = factories.make_student(birth_date=born)
    parent = asked(relation=Relation.PARENT, ends_on=ends_on)
    officer = cases.officer()
    if allowed:
        record_representative(officer, clock, student, parent)
    else:
        with refused("birth_date_unknown" if born is None else "not_under_age"):
            record_representative(officer, clock, student, parent)


def test_who_acts_for_several_chooses_for_whom_and_gets_nothing_before(school: Flask, clock: FixedClock):
    first, second = factories.make_student(), factories.make_student(given_names="Omar")
    foreign = factories.make_student(given_names="Vreemd")
    officer = cases.officer()
    rows = [record_representative(officer, clock, each, asked()) for each in (first, second)]
    other = record_representative(officer, clock, foreign, asked(email="other@example.org"))
    session = signed_in(school, clock)
    assert session.actor.student_id is None
    assert {each.name for each in choices(session, clock)} == {"Hanan Al Hassan", "Omar Al Hassan"}
    assert own_cases(session, clock) == ([], False)
    assert choose(session, clock, other) is None
    assert recognise(choose(session, clock, rows[1]), clock).actor.student_id == second


def test_a_student_who_also_acts_for_another_switches_from_the_own_session(school: Flask, clock: FixedClock):
    parent = factories.make_student(email=LAWYER)
    child = factories.make_student(given_names="Sami", birth_date="2015-01-02")
    row = record_representative(cases.officer(), clock, child, asked(relation=Relation.PARENT))
    session = signed_in(school, clock)
    assert (session.kind, session.actor.student_id) == ("student", parent)
    assert [each.name for each in choices(session, clock)] == ["Sami Al Hassan"]
    assert recognise(choose(session, clock, row), clock).actor.student_id == child


def test_a_withdrawal_within_the_scope_takes_effect_at_once(school: Flask, clock: FixedClock):
    student = factories.make_student(email="own@example.org")
    consent = next(each for each in school.extensions["policy"].activities.values() if each.basis.value == "consent")
    factories.add_record(student, "consent", activity=consent.code, date="2025-01-02")
    record_representative(cases.officer(), clock, student, asked(kinds=frozenset({RequestKind.WITHDRAWAL})))
    actor = signed_in(school, clock).actor
    items = (AskedFor(TargetKind.ACTIVITY, activity=consent.code),)
    reference = filed(school, clock, actor, RequestKind.WITHDRAWAL, items)
    assert "took_effect" in cases.events_of(reference)
    assert [each["to"] for each in mails(school, "consent_withdrawn")] == [LAWYER]
    me = factories.student_actor(student)
    assert withdraw(me, clock, consent.code, "nl").reference == reference


def test_news_goes_to_the_student_again_once_it_ended(school: Flask, clock: FixedClock):
    student = factories.make_student(email="hanan@example.org")
    officer = cases.officer()
    row = record_representative(officer, clock, student, asked())
    reference = filed(school, clock, signed_in(school, clock).actor)
    end_own(factories.student_actor(student), clock, row)
    take_back(factories.student_actor(student), clock, reference, cases.version_of(reference))
    assert [each["to"] for each in mails(school, "taken_back")] == ["hanan@example.org"]


@pytest.mark.parametrize("by", ["date", "student"])
def test_once_it_ended_who_reads_no_mail_is_told_by_post_of_what_was_asked(school: Flask, clock: FixedClock, by: str):
    student = factories.make_student(email=None)
    officer = cases.officer()
    row = record_representative(officer, clock, student, asked(ends_on=TODAY))
    reference = filed(school, clock, signed_in(school, clock).actor)
    assert letters_to_post(officer, clock) == []
    school.extensions["clock"] = later = FixedClock(clock.now() + timedelta(days=1))
    if by == "date":
        assert end_over(later) == 1
    else:
        end_own(factories.student_actor(student), later, row)
    assert end_over(later) == 0
    take(officer, clock, reference)
    cases.decided(reference, officer)
    assert [(each.reference, each.letter.value) for each in letters_to_post(officer, later)] == [(reference, "answer")]


def test_everything_is_in_the_log_and_other_branches_find_nothing(school: Flask, clock: FixedClock):
    student = factories.make_student(email="own@example.org")
    officer = cases.officer()
    row = record_representative(officer, clock, student, asked())
    elsewhere = factories.staff_actor(
        factories.make_staff("other", Role.CASE_HANDLER, branch=factories.make_branch("hoorn"))
    )
    with pytest.raises(NotFound):
        record_representative(elsewhere, clock, student, asked())
    with pytest.raises(NotFound):
        end_by_staff(elsewhere, clock, student, row)
    signed_in(school, clock)
    end_by_staff(officer, clock, student, row)
    db.session.rollback()
    acts = db.session.execute(select(Audit.act).where(Audit.subject_id.is_not(None))).scalars().all()
    assert {"add_representative", "sign_in", "end_representative"} <= set(acts)
