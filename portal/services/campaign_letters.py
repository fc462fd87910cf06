"""Questions for consent by post, for whoever has no usable mail address: the letter with its two boxes, and the day on
which it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.domain.acts import Act
from portal.domain.campaign import CampaignState
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, scope_of
from portal.domain.refusal import Refused
from portal.i18n import speaker
from portal.letters.consent import print_question
from portal.records import campaigns
from portal.records.items import full_name, persons
from portal.services.campaign_text import Question
from portal.services.case_page import log_view
from portal.services.envelope import address_of
from portal.services.invited import invited
from portal.services.send_campaign import standing_of
from portal.services.unit import reading, writing

MOST = 200  # letters on the page
WHY = "question_by_post"  # of the policy's reasons: the student reads it beside the view


@dataclass(frozen=True, slots=True)
class QuestionToPost:
    """One letter that somebody must print and post."""

    campaign_id: UUID
    student_id: UUID
    name: str
    label: str  # of the activity
    since: date
    closes_on: date


def questions_to_post(actor: Actor, clock: Clock) -> list[QuestionToPost]:
    """What waits within the actor's branches, the soonest to close first. Names only, so it is a list and no view."""
    with reading(actor, clock) as work:
        work.require(Act.VIEW_QUEUE)
        rows = campaigns.to_post(work.session, scope_of(actor, Act.PRINT_LETTER), work.today, MOST)
        people = persons(work.session, work.vault, [row.student_id for row, _campaign in rows])
        return [
            QuestionToPost(
                campaign.id,
                row.student_id,
                full_name(people[row.student_id].values) if row.student_id in people else "",
                Question.of(campaign.said).label,
                receipt_date(campaign.sent_at),
                campaign.closes_on,
            )
            for row, campaign in rows
        ]


def print_letter(actor: Actor, clock: Clock, campaign_id: UUID, student_id: UUID) -> bytes:
    """The letter as PDF with the address for a window envelope: a view of the student's address, and logged.

    Raises NotFound, NotAllowed, NotPrintable, and Refused: campaign_not_open, nothing_to_post.
    """
    with writing(actor, clock) as work:
        student, campaign, _row = invited(work, Act.PRINT_LETTER, campaign_id, student_id, lock=True)
        if standing_of(work, campaign) is not CampaignState.OPEN:
            raise Refused("campaign_not_open")
        address = address_of(work, student_id)
        if not address:
            raise Refused("nothing_to_post")
        log_view(work, student_id, reason=WHY, what="letter")
        work.note("print_letter", "student", student_id, letter="consent")
        question = Question.of(campaign.said)
        return print_question(
            speaker(student.language),
            work.policy,
            question=question,
            closes_on=campaign.closes_on,
            on=work.today,
            address=address,
        )


def record_posted(actor: Actor, clock: Clock, campaign_id: UUID, student_id: UUID, on: date) -> None:
    """The letter went on that day, which counts as told. Raises NotFound, NotAllowed, and Refused: bad_date (earliest,
    latest), already_told."""
    with writing(actor, clock) as work:
        _student, campaign, row = invited(work, Act.PRINT_LETTER, campaign_id, student_id, lock=True)
        assert campaign.sent_at is not None
        first, last = receipt_date(campaign.sent_at), min(work.today, campaign.closes_on)
        if not first <= on <= last:
            raise Refused("bad_date", earliest=first, latest=last)
        if row.told_on is not None:
            raise Refused("already_told")
        row.told_on, row.told_how = on, campaigns.POST
        work.note("letter_posted", "student", student_id, letter="consent", on=on.isoformat())
