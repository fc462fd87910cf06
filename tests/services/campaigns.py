"""Questions for consent for the tests: drafted, sent, mailed."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from portal.domain.permissions import Actor
from portal.records.db import db
from portal.records.tables.campaigns import Campaign, Invitation
from portal.services.campaign_people import Chosen
from portal.services.draft_campaign import Wanted, draft_campaign
from portal.services.send_campaign import send_campaign
from portal.services.tell_campaigns import tell_campaigns
from tests.services import cases

ACTIVITY = "diploma_valuation"


def in_days(days: int) -> date:
    return cases.clock().today() + timedelta(days=days)


def wanted(**more: object) -> Wanted:
    """A question to everybody who studies, open for three weeks, with a reminder after one."""
    values = {"activity": ACTIVITY, "chosen": Chosen(), "closes_on": in_days(21), "remind_on": in_days(7), **more}
    return Wanted(**values)  # type: ignore[arg-type]


def campaign(campaign_id: UUID) -> Campaign:
    db.session.rollback()
    return db.session.execute(
        select(Campaign).where(Campaign.id == campaign_id), execution_options={"populate_existing": True}
    ).scalar_one()


def sent(actor: Actor, **more: object) -> UUID:
    campaign_id = draft_campaign(actor, cases.clock(), wanted(**more))
    send_campaign(actor, cases.clock(), campaign_id, campaign(campaign_id).version)
    return campaign_id


def invitations(campaign_id: UUID) -> dict[UUID, Invitation]:
    db.session.rollback()
    rows = db.session.execute(
        select(Invitation).where(Invitation.campaign_id == campaign_id),
        execution_options={"populate_existing": True},
    ).scalars()
    return {row.student_id: row for row in rows}


def worked() -> dict[str, int]:
    """One run of the worker's job."""
    return tell_campaigns(cases.clock(), lambda: False)
