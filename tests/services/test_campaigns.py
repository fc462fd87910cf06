"""Asking a group for a consent: who is asked, who is left out, once and no more (GDPR 7; regulation, art. 4.1.4)."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.domain.campaign import ConsentAnswer
from portal.domain.clock import FixedClock
from portal.domain.permissions import SYSTEM, NotAllowed
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel
from portal.records.db import begin_write, db
from portal.records.tables.campaigns import Campaign
from portal.records.tables.proof import Audit, OutMail
from portal.services import tell_campaigns
from portal.services.answer_campaign import answer_campaign, record_answer
from portal.services.campaign_letters import questions_to_post
from portal.services.campaign_people import Chosen
from portal.services.campaign_text import Question, question_for
from portal.services.casework import ChangedMeanwhile, NotFound
from portal.services.deliver_mail import deliver
from portal.services.draft_campaign import discard_campaign, draft_campaign
from portal.services.send_campaign import send_campaign, stop_campaign
from portal.services.unit import writing
from portal.services.withdraw_consent import withdraw
from tests import factories
from tests.services import cases
from tests.services.campaigns import ACTIVITY, campaign, in_days, invitations, sent, wanted, worked
from tests.web.visitor import mails

pytestmark = pytest.mark.slow

YES, NO = ConsentAnswer.YES, ConsentAnswer.NO


def number_of(student: UUID) -> str:
    (person,) = cases.values_of(student, "person")
    return str(person["student_number"])


def left_out(campaign_id: UUID) -> dict[str, int]:
    return json.loads(campaign(campaign_id).left_out)


def asked(found: UUID) -> set[UUID]:
    return set(invitations(found))


def test_everybody_who_studies_is_asked_by_branch_by_programme_or_one_by_one(app: Flask) -> None:
    with app.app_context():
        here, there = factories.make_branch("langedijk"), factories.make_branch("hoorn")
        b1, b2, elsewhere = (factories.make_student(branch) for branch in (here, here, there))
        factories.make_student(here, last_programme_ended=date(2026, 6, 1))  # studies no more
        for student, training, ended in ((b1, "Inburgering B1", None), (b2, "Inburgering B1", "2026-01-31")):
            factories.add_record(student, "programme", programme_number="T1", training=training, end_date=ended)
        officer, clock = cases.officer(), cases.clock()

        def of(chosen: Chosen) -> set[UUID]:
            return asked(draft_campaign(officer, clock, wanted(chosen=chosen)))

        assert of(Chosen()) == {b1, b2, elsewhere}
        assert of(Chosen(branches=("hoorn",))) == {elsewhere}
        assert of(Chosen(programme="inburgering b1 ")) == {b1}
        assert of(Chosen(numbers=(number_of(b2), number_of(elsewhere)))) == {b2, elsewhere}
        with pytest.raises(Refused, match="unknown_numbers"):
            of(Chosen(numbers=(number_of(b2), "C0000")))
        with pytest.raises(Refused, match="nobody_to_ask"):
            of(Chosen(programme="Klarinet"))
        db.session.rollback()
        assert db.session.execute(select(OutMail.id)).first() is None  # a draft tells nobody


def test_whoever_answered_or_let_it_pass_lately_is_left_out_and_counted(app: Flask) -> None:
    with app.app_context():
        fresh, on_paper, withdrew, said_no, silent = (factories.make_student() for _ in range(5))
        for student in (on_paper, withdrew):
            factories.add_record(student, "consent", activity=ACTIVITY, date="2025-08-21")
        officer, clock = cases.officer(), cases.clock()
        withdraw(factories.student_actor(withdrew), clock, ACTIVITY, "nl")
        first = sent(officer, chosen=Chosen(numbers=(number_of(said_no), number_of(silent))))
        answer_campaign(factories.student_actor(said_no), clock, first, NO, "nl")

        second = draft_campaign(officer, clock, wanted())
        assert asked(second) == {fresh}
        assert left_out(second) == {"answered": 3, "asked": 1}  # the question to the silent one is still open
        other = draft_campaign(officer, clock, wanted(activity="medical_advice"))
        assert len(asked(other)) == 5  # an answer is about its own activity

        clock.advance(timedelta(days=21 + 89))  # closed, and not yet ninety days of rest
        assert silent not in asked(draft_campaign(officer, clock, wanted()))
        clock.advance(timedelta(days=1))
        assert silent in asked(draft_campaign(officer, clock, wanted()))
        anew = draft_campaign(officer, clock, wanted(anew=True, words="De gemeente wil nu ook de startdatum."))
        assert asked(anew) == {fresh, on_paper, withdrew, said_no, silent}


def test_only_the_privacy_officer_and_the_director_ask_and_only_what_rests_on_consent(app: Flask) -> None:
    with app.app_context():
        factories.make_student()
        handler, clock = cases.handler(), cases.clock()
        with pytest.raises(NotAllowed):
            draft_campaign(handler, clock, wanted())
        found = draft_campaign(cases.officer(), clock, wanted())
        for act in (discard_campaign, stop_campaign):
            with pytest.raises(NotAllowed):
                act(handler, clock, found)
        with pytest.raises(NotAllowed):
            send_campaign(handler, clock, found, 1)
        director = cases.director()
        for code in ("training", "duo_financing", "nothing"):
            with pytest.raises(Refused, match="not_on_consent"):
                draft_campaign(director, clock, wanted(activity=code))
        with pytest.raises(Refused, match="words_needed"):
            draft_campaign(director, clock, wanted(anew=True))


@pytest.mark.parametrize(
    ("closes", "reminds", "why"),
    [(13, None, "closes_too_soon"), (121, None, "closes_too_late"), (21, 6, "reminder_outside"), (21, 15, "reminder")],
)
def test_nobody_is_hurried_and_no_reminder_comes_in_the_first_week(
    sqlite_app: Flask, closes: int, reminds: int | None, why: str
) -> None:
    with sqlite_app.app_context():
        factories.make_student()
        officer = cases.officer()
        dates = {"closes_on": in_days(closes), "remind_on": in_days(reminds) if reminds else None}
        with pytest.raises(Refused, match=why):
            draft_campaign(officer, cases.clock(), wanted(**dates))
        found = draft_campaign(officer, cases.clock(), wanted())
        cases.clock().advance(timedelta(days=8))  # a draft that hung too long is not sent as it is
        with pytest.raises(Refused, match="closes_too_soon"):
            send_campaign(officer, cases.clock(), found, 1)


def test_each_is_mailed_once_and_reminded_once_however_often_the_worker_runs(app: Flask) -> None:
    with app.app_context():
        by_mail, answers, by_post = factories.make_student(language="ar"), *two_students()
        clock = cases.clock()
        found = sent(cases.officer())
        assert worked() == {"asked": 2, "reminded": 0}
        assert worked() == {"asked": 0, "reminded": 0}
        assert {row.told_how for row in invitations(found).values()} == {"mail", None}
        answer_campaign(factories.student_actor(answers), clock, found, NO, "nl")
        clock.advance(timedelta(days=6))
        assert worked()["reminded"] == 0
        clock.advance(timedelta(days=3))  # a run on the day itself was missed
        assert worked()["reminded"] == 1
        clock.advance(timedelta(days=1))
        assert worked() == {"asked": 0, "reminded": 0}
        rows = invitations(found)
        assert rows[by_mail].reminded_on == in_days(-1)
        assert rows[answers].reminded_on is None
        assert rows[by_post].told_on is None
    kinds = [mail["arguments"]["again"] for mail in mails(app, "consent_asked")]
    assert sorted(kinds) == [0, 0, 1]


def two_students() -> tuple[UUID, UUID]:
    return factories.make_student(), factories.make_student(email=None)


def test_of_parallel_presses_and_workers_there_is_one_sending_and_one_mail_each(app: Flask) -> None:
    with app.app_context():
        for _ in range(3):
            factories.make_student()
        officer, clock = cases.officer(), cases.clock()
        found = draft_campaign(officer, clock, wanted())

    def send(_number: int) -> str:
        with app.app_context():
            try:
                return str(send_campaign(officer, clock, found, 1))
            except (Refused, ChangedMeanwhile) as refused:
                return getattr(refused, "code", "changed")

    def work(_number: int) -> int:
        with app.app_context():
            return worked()["asked"]

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(8))) == ["3", *["campaign_sent"] * 7]
        assert sum(pool.map(work, range(8))) == 3
    assert len(mails(app, "consent_asked")) == 3


def test_a_mail_that_does_not_arrive_makes_a_letter_of_the_question(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        found = sent(cases.officer())
        worked()
        mail = db.session.execute(select(OutMail.id).where(OutMail.kind == "consent_asked")).scalar_one()
        with writing(SYSTEM, cases.clock()) as work:
            tell_campaigns.mail_failed(work, mail)
        row = invitations(found)[student]
        assert (row.told_on, row.told_how) == (None, "bounced")
        assert worked() == {"asked": 0, "reminded": 0}


def test_a_mail_that_cannot_be_written_makes_a_letter_of_the_question(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        officer = cases.officer()
        found = sent(officer)
        worked()
        begin_write()
        db.session.execute(update(OutMail).where(OutMail.kind == "consent_asked").values(kind="no_such_kind"))
        db.session.commit()
        deliver(cases.clock())
        assert invitations(found)[student].told_how == "bounced"
        assert [each.student_id for each in questions_to_post(officer, cases.clock())] == [student]


def test_a_stopped_question_is_neither_mailed_nor_answered_any_more(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student()
        officer, clock = cases.officer(), cases.clock()
        found = sent(officer)
        stop_campaign(officer, clock, found)
        assert worked() == {"asked": 0, "reminded": 0}
        with pytest.raises(Refused, match="question_closed"):
            answer_campaign(factories.student_actor(student), clock, found, YES, "nl")
        with pytest.raises(Refused, match="campaign_not_open"):
            stop_campaign(officer, clock, found)
        with pytest.raises(Refused, match="campaign_sent"):
            discard_campaign(officer, clock, found)
        draft = draft_campaign(officer, clock, wanted(activity="medical_advice"))
        discard_campaign(officer, clock, draft)
        assert db.session.execute(select(Campaign.id)).scalars().all() == [found]
        acts = set(db.session.execute(select(Audit.act)).scalars())
        assert {"draft_campaign", "send_campaign", "stop_campaign", "discard_campaign"} <= acts


def test_what_was_changed_or_answered_since_the_draft_counts_when_it_is_sent(app: Flask) -> None:
    with app.app_context():
        one, two = factories.make_student(), factories.make_student()
        officer, clock = cases.officer(), cases.clock()
        found = draft_campaign(officer, clock, wanted())
        factories.add_record(two, "consent", activity=ACTIVITY, date="2026-11-22")
        with pytest.raises(ChangedMeanwhile):
            send_campaign(officer, clock, found, 7)
        assert send_campaign(officer, clock, found, 1) == 1
        assert asked(found) == {one}
        assert left_out(found) == {"answered": 1}


def test_the_text_is_fixed_when_it_is_written_and_has_a_number(sqlite_app: Flask) -> None:
    with sqlite_app.app_context():
        policy = sqlite_app.extensions["policy"]
        question = question_for(policy, ACTIVITY, "  Met spaties ")
        assert Question.of(question.as_text()) == question
        assert question.words == "Met spaties"
        assert question.version != question_for(policy, ACTIVITY, "").version
        assert question.consequence
        assert question.groups
        assert question.recipients


def test_staff_of_another_branch_and_questions_of_others_are_not_found(app: Flask) -> None:
    with app.app_context():
        student = factories.make_student(factories.make_branch("hoorn"))
        stranger = factories.make_student(last_programme_ended=date(2026, 1, 1))
        found, clock = sent(cases.officer()), cases.clock()
        paper = (YES, Channel.LETTER, clock.today())
        with pytest.raises(NotFound):
            record_answer(cases.handler(), clock, found, student, *paper)
        with pytest.raises(NotFound):
            answer_campaign(factories.student_actor(stranger), clock, found, YES, "nl")
        with pytest.raises(NotFound):
            answer_campaign(factories.student_actor(student), clock, uuid4(), YES, "nl")
        draft = draft_campaign(cases.director(), clock, wanted(activity="medical_advice"))
        with pytest.raises(NotFound):
            answer_campaign(factories.student_actor(student), clock, draft, YES, "nl")


def test_the_worker_does_nothing_while_it_is_told_to_stop(sqlite_app: Flask) -> None:
    clock: FixedClock = sqlite_app.extensions["clock"]
    with sqlite_app.app_context():
        factories.make_student()
        sent(cases.officer())
        assert tell_campaigns.tell_campaigns(clock, lambda: True) == {"asked": 0, "reminded": 0}
