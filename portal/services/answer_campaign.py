"""Answer a question for consent: yes or no, as easily the one as the other (GDPR 7), in the own pages or on paper.

A yes becomes a consent on record, which is withdrawn like any other (`withdraw_consent`). A no to a question that was
put anew ends the consent that was given before. What proves the answer is kept with it: which text, when, how.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.campaign import CampaignState, ConsentAnswer
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Channel
from portal.records.tables.campaigns import Campaign, Invitation
from portal.records.tables.people import Student
from portal.services import consents, withdraw_consent
from portal.services.casework import NotFound
from portal.services.invited import invited, put_to
from portal.services.send_campaign import standing_of
from portal.services.unit import Work, writing

ON_PAPER = frozenset({Channel.LETTER, Channel.DESK})
PROOFS = {Channel.PORTAL: "portaal", Channel.LETTER: "brief", Channel.DESK: "balie"}


def answer_campaign(actor: Actor, clock: Clock, campaign_id: UUID, answer: ConsentAnswer, language: str) -> None:
    """The student's own answer. The same answer again changes nothing; a no may become a yes while the question is
    open, a yes is withdrawn among the consents.

    Raises NotFound, NotAllowed, and Refused: question_closed, said_yes.
    """
    with writing(actor, clock) as work:
        work.require(Act.GIVE_CONSENT, Subject(student_id=actor.student_id))
        if actor.student_id is None:
            raise NotFound(str(campaign_id))
        work.session.get(Student, actor.student_id, with_for_update=True)  # two presses at once wait for each other
        campaign, row = put_to(work, campaign_id, actor.student_id, lock=True)
        if row.answer == answer.value:
            return
        if standing_of(work, campaign) is not CampaignState.OPEN:
            raise Refused("question_closed")
        _take(work, campaign, row, answer, Channel.PORTAL, work.today, language)


def record_answer(
    actor: Actor, clock: Clock, campaign_id: UUID, student_id: UUID, answer: ConsentAnswer, channel: Channel, on: date
) -> None:
    """An answer that came on paper, by letter or at the desk, dated `on`; also after the question closed, where the
    paper is from before.

    Raises NotFound, NotAllowed, and Refused: bad_channel, bad_date (earliest, latest), said_yes.
    """
    with writing(actor, clock) as work:
        student, campaign, row = invited(work, Act.RECORD_CONSENT, campaign_id, student_id, lock=True)
        if channel not in ON_PAPER:
            raise Refused("bad_channel")
        assert campaign.sent_at is not None
        last = receipt_date(campaign.stopped_at) if campaign.stopped_at else campaign.closes_on
        first, last = receipt_date(campaign.sent_at), min(work.today, last)
        if not first <= on <= last:
            raise Refused("bad_date", earliest=first, latest=last)
        if row.answer == answer.value:
            return
        row.by_id = actor.id
        _take(work, campaign, row, answer, channel, on, student.language)


def _take(
    work: Work,
    campaign: Campaign,
    row: Invitation,
    answer: ConsentAnswer,
    channel: Channel,
    on: date,
    language: str,
) -> None:
    given = [
        each for each in withdraw_consent.consents_of(work, row.student_id) if each.activity.code == campaign.activity
    ]
    if row.answer == ConsentAnswer.YES and answer is ConsentAnswer.NO:
        raise Refused("said_yes")
    row.answer, row.answered_at, row.answered_on = answer.value, work.now, on
    row.how, row.language = channel.value, language
    facts = {"campaign": str(campaign.id), "activity": campaign.activity, "text": campaign.text_version}
    if answer is ConsentAnswer.YES:
        proof = f"{PROOFS[channel]} · {campaign.text_version} · {language}"
        consents.write_down(work, row.student_id, campaign.activity, on, proof)
        work.note("give_consent", "student", row.student_id, how=channel.value, on=on.isoformat(), **facts)
        return
    work.note("refuse_consent", "student", row.student_id, how=channel.value, on=on.isoformat(), **facts)
    standing = [each for each in given if each.withdrawable]
    if standing:
        withdraw_consent.end_now(work, row.student_id, standing, language, channel, on)
