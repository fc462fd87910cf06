"""Write a question for consent: what is asked, of whom, until when. Nobody hears of it before it is sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, insert
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.campaign import demand_dates
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records import campaigns, importing
from portal.records.tables.campaigns import Campaign, Invitation
from portal.services.campaign_people import Chosen, select_people
from portal.services.campaign_text import question_for
from portal.services.casework import NotFound
from portal.services.unit import Work, writing


@dataclass(frozen=True, slots=True)
class Wanted:
    """`anew`: the arrangement changed, so earlier answers do not answer this; `words` then say what changed."""

    activity: str
    chosen: Chosen
    closes_on: date
    remind_on: date | None = None
    words: str = ""
    anew: bool = False


def draft_campaign(actor: Actor, clock: Clock, wanted: Wanted) -> UUID:
    """Keeps the question with everybody who would be asked; `left_out` says how many are not, and why.

    Raises NotAllowed and Refused: not_on_consent, words_needed, nobody_to_ask, unknown_numbers, closes_too_soon …
    """
    with writing(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        question = question_for(work.policy, wanted.activity, wanted.words)
        if wanted.anew and not question.words:
            raise Refused("words_needed")
        demand_dates(work.today, wanted.remind_on, wanted.closes_on)
        found = select_people(work, wanted.chosen, wanted.activity, wanted.anew)
        if not found.asked:
            raise Refused("all_answered", count=sum(found.left_out.values()))
        campaign = Campaign(
            id=uuid7(),
            activity=wanted.activity,
            said=question.as_text(),
            text_version=question.version,
            anew=wanted.anew,
            remind_on=wanted.remind_on,
            closes_on=wanted.closes_on,
            left_out=json.dumps(found.left_out),
            created_at=work.now,
            created_by=actor.id,
        )
        work.session.add(campaign)
        work.session.flush()
        _invite(work, campaign.id, found.asked)
        work.note("draft_campaign", "installation", None, campaign=str(campaign.id), people=len(found.asked))
        return campaign.id


def _invite(work: Work, campaign_id: UUID, ids: tuple[UUID, ...]) -> None:
    for part in importing.chunks(ids):
        rows = [{"id": uuid7(), "campaign_id": campaign_id, "student_id": student_id} for student_id in part]
        work.session.execute(insert(Invitation), rows)


def discard_campaign(actor: Actor, clock: Clock, campaign_id: UUID) -> None:
    """Throws a draft away. Raises NotFound, NotAllowed, Refused("campaign_sent")."""
    with writing(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        campaign = campaigns.locked(work.session, campaign_id)
        if campaign is None:
            raise NotFound(str(campaign_id))
        if campaign.sent_at is not None:
            raise Refused("campaign_sent")
        work.session.execute(delete(Invitation).where(Invitation.campaign_id == campaign_id))
        work.session.execute(delete(Campaign).where(Campaign.id == campaign_id))
        work.note("discard_campaign", "installation", None, campaign=str(campaign_id))
