"""Yes and no: what proves it, what it does to the activity, and that withdrawing agrees with it (GDPR 7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.domain.campaign import ConsentAnswer
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import ActorKind, Channel, Level, RequestKind
from portal.records.db import db
from portal.records.tables.campaigns import Invitation
from portal.records.tables.cases import Case
from portal.records.tables.people import Record, View
from portal.services import campaign_letters, consents, own_campaigns, own_data, retention
from portal.services.answer_campaign import answer_campaign, record_answer
from portal.services.campaign_pages import campaign_list, campaign_page
from portal.services.campaign_people import Chosen
from portal.services.limits_of_processing import stopped_activities
from portal.services.plan_erasure import plan_for
from portal.services.targets import EVERYTHING
from portal.services.unit import reading
from portal.services.withdraw_consent import consents as own_consents
from portal.services.withdraw_consent import withdraw
from tests import factories
from tests.services import cases
from tests.services.campaigns import ACTIVITY, campaign, in_days, invitations, sent, worked
from tests.services.test_campaigns import number_of
from tests.services.test_own_data import statements
from tests.services.test_retention import ENDED, confirmed, nights

pytestmark = pytest.mark.slow

YES, NO = ConsentAnswer.YES, ConsentAnswer.NO
ANEW = {"anew": True, "words": "De afspraken met IDW zijn anders."}


def may_run(student: UUID) -> frozenset[str]:
    with reading(SYSTEM, cases.clock()) as work:
        return consents.may_run(work, [student])[student]


def stopped(student: UUID) -> dict[str, str]:
    with reading(SYSTEM, cases.clock()) as work:
        return stopped_activities(work, student)


def say(student: UUID, campaign_id: UUID, answer: ConsentAnswer, language: str = "nl") -> None:
    answer_campaign(factories.student_actor(student), cases.clock(), campaign_id, answer, language)


def test_a_yes_is_a_consent_on_record_with_its_proof_and_lets_the_activity_run(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student(language="uk")
        found = sent(cases.officer())
        assert may_run(student) == frozenset()  # nothing runs before a yes
        say(student, found, YES, "uk")
        assert may_run(student) == {ACTIVITY}
        (held,) = cases.values_of(student, "consent")
        text = campaign(found).text_version
        assert held["activity"] == ACTIVITY
        assert held["date"] == "2026-11-23"
        assert held["proof"] == f"portaal · {text} · uk"
        row = invitations(found)[student]
        assert (row.answer, row.how, row.language, row.answered_on) == ("yes", "portal", "uk", date(2026, 11, 23))
        (shown,) = own_consents(factories.student_actor(student), cases.clock())
        assert shown.withdrawable
        say(student, found, YES, "uk")  # the same again
        assert len(cases.values_of(student, "consent")) == 1
        shown_to_student = own_data.own_data(factories.student_actor(student, Level.KNOWLEDGE), cases.clock(), False)
        assert any(group.group.number == 11 and not group.empty for group in shown_to_student.groups)


def test_a_no_changes_nothing_opens_no_case_and_may_become_a_yes_while_it_is_open(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        found = sent(cases.officer())
        say(student, found, NO)
        assert may_run(student) == frozenset()
        assert stopped(student) == {}
        assert cases.values_of(student, "consent") == []
        assert db.session.execute(select(func.count()).select_from(Case)).scalar_one() == 0
        say(student, found, YES)
        assert may_run(student) == {ACTIVITY}
        with pytest.raises(Refused, match="said_yes"):  # from here on it is withdrawn, which has its own steps
            say(student, found, NO)
        cases.clock().advance(timedelta(days=22))
        assert not own_campaigns.own_question(factories.student_actor(student), cases.clock(), found).open


def test_a_yes_is_withdrawn_like_any_other_and_may_be_given_again_the_same_day(app: Flask) -> None:
    with app.app_context():
        student, officer = factories.make_student(), cases.officer()
        say(student, sent(officer), YES)
        actor, clock = factories.student_actor(student), cases.clock()
        reference = withdraw(actor, clock, ACTIVITY, "nl").reference
        assert may_run(student) == frozenset()
        assert stopped(student) == {ACTIVITY: "withdrawal"}
        assert cases.case_of(reference).kind == RequestKind.WITHDRAWAL
        say(student, sent(officer, **ANEW), YES)
        assert may_run(student) == {ACTIVITY}
        assert stopped(student) == {}
        earlier, later = sorted(own_consents(actor, clock), key=lambda each: each.withdrawable)
        assert earlier.withdrawn_on == date(2026, 11, 23)
        assert later.withdrawable
        assert withdraw(actor, clock, ACTIVITY, "nl").reference != reference
        assert may_run(student) == frozenset()


def test_a_question_put_anew_lets_the_earlier_consent_rest_until_there_is_an_answer(app: Flask) -> None:
    with app.app_context():
        yes, no, silent = (factories.make_student() for _ in range(3))
        for student in (yes, no, silent):
            factories.add_record(student, "consent", activity=ACTIVITY, date="2025-08-21", proof="formulier")
        assert may_run(yes) == {ACTIVITY}  # on paper at enrolment: it counts as it did
        found = sent(cases.officer(), **ANEW)
        assert may_run(yes) == may_run(no) == may_run(silent) == frozenset()
        assert stopped(silent) == {ACTIVITY: "renewal"}
        (shown,) = own_consents(factories.student_actor(silent), cases.clock())
        assert (shown.rests, shown.withdrawable) == (True, True)
        say(yes, found, YES)
        say(no, found, NO)
        assert may_run(yes) == {ACTIVITY}
        assert stopped(yes) == {}
        assert stopped(no) == {ACTIVITY: "withdrawal"}  # the consent that stood has ended, with its steps for staff
        case = db.session.execute(select(Case)).scalar_one()
        assert (case.kind, case.student_id) == (RequestKind.WITHDRAWAL, no)
        cases.clock().advance(timedelta(days=60))
        assert may_run(silent) == frozenset()  # silence is no consent


def test_the_plan_of_an_erasure_counts_the_same_consents(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        student, officer = factories.make_student(), cases.officer()
        factories.add_record(student, "education", diploma="Bachelor")

        def ended() -> bool:
            with reading(SYSTEM, cases.clock()) as work:
                lines = plan_for(work, student, [EVERYTHING]).lines
            (use,) = {
                use
                for line in lines
                if line.item.dataset == "education"
                for use in line.item.uses
                if use.activity == ACTIVITY
            }
            return use.ended

        assert ended()
        say(student, sent(officer), YES)
        assert not ended()
        anew = sent(officer, **ANEW)
        assert ended()
        say(student, anew, YES)
        assert not ended()
        withdraw(factories.student_actor(student), cases.clock(), ACTIVITY, "nl")
        assert ended()


def test_paper_answers_are_written_down_with_day_door_and_who_by_the_own_branch(app: Flask) -> None:
    with app.app_context():
        student, other = factories.make_student(email=None), factories.make_student(email=None)
        found, clock = sent(cases.officer()), cases.clock()
        handler = cases.handler()
        assert [each.student_id for each in campaign_letters.questions_to_post(handler, clock)] == [student, other]
        letter = campaign_letters.print_letter(handler, clock, found, student)
        assert letter.startswith(b"%PDF")
        view = db.session.execute(select(View)).scalar_one()
        assert (view.student_id, view.reason, view.what) == (student, "question_by_post", "letter")
        clock.advance(timedelta(days=2))
        with pytest.raises(Refused, match="bad_date"):
            campaign_letters.record_posted(handler, clock, found, student, in_days(1))
        campaign_letters.record_posted(handler, clock, found, student, in_days(-1))
        with pytest.raises(Refused, match="already_told"):
            campaign_letters.record_posted(handler, clock, found, student, in_days(0))
        assert [each.student_id for each in campaign_letters.questions_to_post(handler, clock)] == [other]
        for channel in (Channel.PHONE, Channel.EMAIL, Channel.PORTAL):
            with pytest.raises(Refused, match="bad_channel"):
                record_answer(handler, clock, found, student, YES, channel, in_days(0))
        with pytest.raises(Refused, match="bad_date"):
            record_answer(handler, clock, found, student, YES, Channel.LETTER, in_days(-3))
        record_answer(handler, clock, found, student, YES, Channel.LETTER, in_days(-1))
        assert may_run(student) == {ACTIVITY}
        row = invitations(found)[student]
        assert (row.how, row.by_id, row.answered_on) == ("letter", handler.id, in_days(-1))
        clock.advance(timedelta(days=30))  # closed; a paper of an earlier day still counts
        record_answer(handler, clock, found, other, NO, Channel.DESK, in_days(-20))
        assert may_run(other) == frozenset()


def test_only_the_student_answers_and_no_representative_administrator_or_case_code(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        found, clock = sent(cases.officer()), cases.clock()
        acting = factories.student_actor(student)
        for actor in (cases.director(), SYSTEM):
            with pytest.raises(NotAllowed):
                answer_campaign(actor, clock, found, YES, "nl")
        with pytest.raises(NotAllowed):
            answer_campaign(replace(acting, kind=ActorKind.REPRESENTATIVE), clock, found, YES, "nl")


def test_a_copy_of_the_data_holds_the_questions_and_the_answers(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        found = sent(cases.officer(), words="Wij doen dit voor het eerst.")
        worked()
        say(student, found, NO)
        with reading(SYSTEM, cases.clock()) as work:
            (kept,) = own_campaigns.exported(work, student)
        assert kept["asked"].startswith("Mogen wij uw diploma")
        assert (kept["answer"], kept["how"], kept["told_how"]) == ("no", "portal", "mail")
        assert kept["words"] == "Wij doen dit voor het eerst."


def test_lists_and_pages_take_the_same_number_of_statements_however_many_there_are(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        officer, clock = cases.officer(), cases.clock()
        counts = []
        for students in (2, 20):
            for _ in range(students):
                factories.make_student()
            found = sent(officer, activity=ACTIVITY if students == 2 else "medical_advice")
            with statements() as seen:
                campaign_page(officer, clock, found)
                campaign_list(officer, clock)
            counts.append(len(seen))
        print(f"statements of a question's page and the list: {counts}")
        assert counts[0] == counts[1]


def test_the_people_of_a_question_come_a_page_at_a_time_and_narrowed(app: Flask) -> None:
    with app.app_context():
        students = sorted(factories.make_student() for _ in range(27))
        found, officer, clock = sent(cases.officer()), cases.director(), cases.clock()
        say(students[3], found, NO)
        say(students[4], found, YES)
        first = campaign_page(officer, clock, found)
        second = campaign_page(officer, clock, found, after=first.after)
        assert [each.student_id for each in (*first.people, *second.people)] == students
        assert second.after is None
        assert [each.student_id for each in campaign_page(officer, clock, found, "no").people] == [students[3]]
        (agreed,) = campaign_page(officer, clock, found, "yes").people
        assert agreed.allowed
        tally = first.line.tally
        assert (tally.asked, tally.yes, tally.no, tally.silent) == (27, 1, 1, 25)


def test_with_the_class_of_the_student_the_answers_go_too(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        student = factories.make_student(last_programme_ended=ENDED)
        factories.add_record(student, "exemption", kind="medical", application_date="2020-01-05")
        found = sent(cases.officer(), chosen=Chosen(numbers=(number_of(student),)))
        say(student, found, NO)
        confirmed()
        retention.run(cases.clock())
        nights(cases.clock().today() + timedelta(days=30))
        assert db.session.execute(select(Invitation.id)).first() is None
        left = db.session.execute(select(Record.retention).where(Record.student_id == student)).scalars()
        assert set(left) == {"exemption"}
