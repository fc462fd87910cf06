"""What a student was asked to agree to, and what they answered: for the own pages, for staff who may look, and for a
copy of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.campaign import CampaignState, ConsentAnswer
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject
from portal.records import campaigns
from portal.records.tables.campaigns import Campaign, Invitation
from portal.services.campaign_text import Question
from portal.services.casework import NotFound
from portal.services.send_campaign import standing_of
from portal.services.unit import Work, reading
from portal.vault.envelope import Json


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to one student. `anew`: an earlier yes counts no more."""

    id: UUID
    activity: str
    question: Question
    asked_on: date
    closes_on: date
    open: bool
    anew: bool
    answer: ConsentAnswer | None
    answered_on: date | None

    @property
    def waits(self) -> bool:
        return self.open and self.answer is None


def own_questions(actor: Actor, clock: Clock) -> list[Asked]:
    """Everything that this student was asked, newest first."""
    with reading(actor, clock) as work:
        work.require(Act.GIVE_CONSENT, Subject(student_id=actor.student_id))
        return questions_of(work, actor.student_id)


def own_question(actor: Actor, clock: Clock, campaign_id: UUID) -> Asked:
    """One of them. NotFound where this student was not asked it."""
    found = next((each for each in own_questions(actor, clock) if each.id == campaign_id), None)
    if found is None:
        raise NotFound(str(campaign_id))
    return found


def questions_of(work: Work, student_id: UUID | None) -> list[Asked]:
    """For whoever may see it."""
    if student_id is None:
        return []
    return [_asked(work, campaign, row) for campaign, row in campaigns.of_student(work.session, student_id)]


def _asked(work: Work, campaign: Campaign, row: Invitation) -> Asked:
    assert campaign.sent_at is not None
    return Asked(
        id=campaign.id,
        activity=campaign.activity,
        question=Question.of(campaign.said),
        asked_on=receipt_date(campaign.sent_at),
        closes_on=campaign.closes_on,
        open=standing_of(work, campaign) is CampaignState.OPEN,
        anew=campaign.anew,
        answer=ConsentAnswer(row.answer) if row.answer else None,
        answered_on=row.answered_on,
    )


def exported(work: Work, student_id: UUID) -> Json:
    """For a copy of the data (GDPR 15): each question as it was put, how the student heard of it, and the answer."""
    return [
        {
            "activity": campaign.activity,
            "label": question.label,
            "asked": question.asked,
            "words": question.words,
            "text_version": campaign.text_version,
            "asked_on": receipt_date(campaign.sent_at).isoformat(),
            "closes_on": campaign.closes_on.isoformat(),
            "told_on": row.told_on.isoformat() if row.told_on else None,
            "told_how": row.told_how if row.told_on else None,
            "reminded_on": row.reminded_on.isoformat() if row.reminded_on else None,
            "answer": row.answer,
            "answered_on": row.answered_on.isoformat() if row.answered_on else None,
            "how": row.how,
            "language": row.language,
        }
        for campaign, row in reversed(campaigns.of_student(work.session, student_id))
        for question in (Question.of(campaign.said),)
    ]
