"""Send a question for consent, once; and stop one before its last day.

From here on everybody in it finds the question in the own pages; the worker mails it (`tell_campaigns`). A question
that is put anew makes the activity rest for whoever had said yes before, until they say so again (regulation, art.
4.1.4).
"""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import delete, select

from portal.domain.acts import Act
from portal.domain.campaign import CampaignState, demand_dates, state_of
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records import campaigns, importing, limits
from portal.records.items import items_of_many
from portal.records.tables.campaigns import Campaign, Invitation
from portal.services.campaign_people import still_to_ask
from portal.services.casework import ChangedMeanwhile, NotFound
from portal.services.consents import DATASET, standing_consents
from portal.services.unit import Work, writing


def send_campaign(actor: Actor, clock: Clock, campaign_id: UUID, version: int) -> int:
    """How many are asked. Whoever answered or went since the draft is left out, and counted there.

    Raises NotFound, NotAllowed, ChangedMeanwhile, Refused: campaign_sent, all_answered, closes_too_soon …
    """
    with writing(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        campaign = _held(work, campaign_id)
        if campaign.sent_at is not None:
            raise Refused("campaign_sent")
        if campaign.version != version:
            raise ChangedMeanwhile(str(campaign_id))
        demand_dates(work.today, campaign.remind_on, campaign.closes_on)
        asked = _again(work, campaign)
        if not asked:
            raise Refused("all_answered", count=sum(json.loads(campaign.left_out).values()))
        campaign.sent_at, campaign.sent_by = work.now, actor.id
        if campaign.anew:
            _let_rest(work, campaign, asked)
        work.note(
            "send_campaign",
            "installation",
            None,
            campaign=str(campaign.id),
            activity=campaign.activity,
            text=campaign.text_version,
            people=len(asked),
        )
        return len(asked)


def _held(work: Work, campaign_id: UUID) -> Campaign:
    campaign = campaigns.locked(work.session, campaign_id)
    if campaign is None:
        raise NotFound(str(campaign_id))
    return campaign


def _again(work: Work, campaign: Campaign) -> tuple[UUID, ...]:
    """Looks once more who is still to be asked; the others leave the question."""
    drafted = list(
        work.session.execute(
            select(Invitation.student_id).where(Invitation.campaign_id == campaign.id).order_by(Invitation.student_id)
        ).scalars()
    )
    found = still_to_ask(work, drafted, campaign.activity, campaign.anew, campaign.id)
    for part in importing.chunks(sorted(set(drafted) - set(found.asked))):
        work.session.execute(
            delete(Invitation).where(Invitation.campaign_id == campaign.id, Invitation.student_id.in_(part))
        )
    counted: dict[str, int] = json.loads(campaign.left_out)
    for why, count in found.left_out.items():
        counted[why] = counted.get(why, 0) + count
    campaign.left_out = json.dumps(counted)
    return found.asked


def _let_rest(work: Work, campaign: Campaign, asked: tuple[UUID, ...]) -> None:
    for part in importing.chunks(asked):
        held = items_of_many(work.session, work.vault, part, [DATASET])
        stopped = limits.active_of_many(work.session, part)
        for student_id in part:
            if campaign.activity in standing_consents(held.get(student_id, ()), stopped[student_id]):
                limits.place(work.session, student_id, limits.RENEWAL, None, work.now, activity=campaign.activity)


def stop_campaign(actor: Actor, clock: Clock, campaign_id: UUID) -> None:
    """Ends a question now: nobody is mailed any more, nobody answers any more; what was answered stays as it is.

    Raises NotFound, NotAllowed, Refused("campaign_not_open").
    """
    with writing(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        campaign = _held(work, campaign_id)
        if standing_of(work, campaign) is not CampaignState.OPEN:
            raise Refused("campaign_not_open")
        campaign.stopped_at = work.now
        work.note("stop_campaign", "installation", None, campaign=str(campaign.id))


def standing_of(work: Work, campaign: Campaign) -> CampaignState:
    sent_on = receipt_date(campaign.sent_at) if campaign.sent_at else None
    return state_of(sent_on, campaign.closes_on, campaign.stopped_at is not None, work.today)
