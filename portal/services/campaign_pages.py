"""What staff see of questions for consent: the list, one with its counts, and its people a page at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.campaign import CampaignState, ConsentAnswer
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor
from portal.records import campaigns
from portal.records.campaigns import Tally
from portal.records.items import full_name, persons
from portal.records.tables.access import Staff
from portal.records.tables.campaigns import Campaign
from portal.services import consents
from portal.services.campaign_text import Question
from portal.services.casework import NotFound
from portal.services.invited import invited
from portal.services.send_campaign import standing_of
from portal.services.unit import Work, reading

PAGE = 25


@dataclass(frozen=True, slots=True)
class CampaignLine:
    id: UUID
    label: str  # of the activity
    state: CampaignState
    created_on: date
    sent_on: date | None
    closes_on: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class CampaignList:
    lines: tuple[CampaignLine, ...]
    after: UUID | None  # where the next page begins


@dataclass(frozen=True, slots=True)
class Person:
    """One student in a question. `allowed`: whether the activity may run for this student now."""

    student_id: UUID
    name: str
    branch: str
    answer: ConsentAnswer | None
    answered_on: date | None
    how: str
    told_on: date | None
    told_how: str
    by_post: bool
    reminded_on: date | None
    allowed: bool


@dataclass(frozen=True, slots=True)
class CampaignPage:
    line: CampaignLine
    version: int
    question: Question
    text_version: str
    anew: bool
    remind_on: date | None
    sent_by: str
    left_out: dict[str, int]
    people: tuple[Person, ...]
    after: UUID | None


def campaign_list(actor: Actor, clock: Clock, after: UUID | None = None) -> CampaignList:
    """Newest first. The number of statements does not grow with campaigns or people."""
    with reading(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        rows = campaigns.listed(work.session, PAGE + 1, after)
        shown = rows[:PAGE]
        counted = campaigns.tallies(work.session, [row.id for row in shown])
        lines = tuple(_line(work, row, counted[row.id]) for row in shown)
        return CampaignList(lines, shown[-1].id if len(rows) > PAGE else None)


def _line(work: Work, campaign: Campaign, tally: Tally) -> CampaignLine:
    return CampaignLine(
        campaign.id,
        Question.of(campaign.said).label,
        standing_of(work, campaign),
        receipt_date(campaign.created_at),
        receipt_date(campaign.sent_at) if campaign.sent_at else None,
        campaign.closes_on,
        tally,
    )


def campaign_page(
    actor: Actor, clock: Clock, campaign_id: UUID, answer: str = "", after: UUID | None = None
) -> CampaignPage:
    """One question with a page of its people: names only, so it is a list and no view. `answer` narrows it: a key of
    campaigns.ANSWERS. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        work.require(Act.RUN_CAMPAIGN)
        campaign = work.session.get(Campaign, campaign_id)
        if campaign is None:
            raise NotFound(str(campaign_id))
        tally = campaigns.tallies(work.session, [campaign_id])[campaign_id]
        rows = campaigns.people(work.session, campaign_id, answer, PAGE + 1, after)
        shown = rows[:PAGE]
        sender = work.session.execute(select(Staff.name).where(Staff.id == campaign.sent_by)).scalar()
        return CampaignPage(
            line=_line(work, campaign, tally),
            version=campaign.version,
            question=Question.of(campaign.said),
            text_version=campaign.text_version,
            anew=campaign.anew,
            remind_on=campaign.remind_on,
            sent_by=sender or "",
            left_out=json.loads(campaign.left_out),
            people=_people(work, campaign.activity, shown),
            after=shown[-1][0].student_id if len(rows) > PAGE else None,
        )


def _people(work: Work, activity: str, rows: list[Any]) -> tuple[Person, ...]:
    ids = [row.student_id for row, _branch, _mail in rows]
    known = persons(work.session, work.vault, ids)
    running = consents.may_run(work, ids)
    return tuple(
        Person(
            student_id=row.student_id,
            name=full_name(known[row.student_id].values) if row.student_id in known else "",
            branch=branch,
            answer=ConsentAnswer(row.answer) if row.answer else None,
            answered_on=row.answered_on,
            how=row.how or "",
            told_on=row.told_on,
            told_how=row.told_how or "",
            by_post=not mail or row.told_how == campaigns.BOUNCED,
            reminded_on=row.reminded_on,
            allowed=activity in running[row.student_id],
        )
        for row, branch, mail in rows
    )


@dataclass(frozen=True, slots=True)
class PaperPage:
    """One student's paper answer, before it is written down."""

    name: str
    question: Question
    answer: ConsentAnswer | None
    to_post: bool


def paper_page(actor: Actor, clock: Clock, campaign_id: UUID, student_id: UUID) -> PaperPage:
    """Who it is and what was asked. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        _student, campaign, row = invited(work, Act.RECORD_CONSENT, campaign_id, student_id)
        known = persons(work.session, work.vault, [student_id]).get(student_id)
        return PaperPage(
            full_name(known.values) if known else "",
            Question.of(campaign.said),
            ConsentAnswer(row.answer) if row.answer else None,
            row.told_on is None,
        )
