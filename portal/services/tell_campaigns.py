"""Mail questions for consent and remind of them, once each: the worker's part.

What is due follows from the rows, so a run that was missed or repeated loses no mail and sends none twice. Whoever has
no usable address gets a letter, which staff print and post (`campaign_letters`). Nobody is reminded who answered, who
was told less than a week ago, or whose question is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from portal.domain.acts import Act
from portal.domain.campaign import THINKING
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.mail import messages
from portal.records.campaigns import BOUNCED, MAIL, is_open
from portal.records.items import persons
from portal.records.tables.campaigns import Campaign, Invitation
from portal.records.tables.people import Student
from portal.records.tables.proof import OutMail
from portal.services.unit import Work, reading, writing

BATCH = 100  # mails a transaction

Stopping = Callable[[], bool]


def tell_campaigns(clock: Clock, stopping: Stopping) -> dict[str, int]:
    """Everything that is due now: first mails of open questions, then their reminders."""
    with reading(SYSTEM, clock) as work:
        work.require(Act.SEND_WARNINGS)
    return {"asked": _all(clock, stopping, _ask), "reminded": _all(clock, stopping, _remind)}


def _all(clock: Clock, stopping: Stopping, batch: Callable[[Work, UUID | None], tuple[int, UUID | None]]) -> int:
    """Batch after batch, each in a transaction of its own, until one finds nobody."""
    total, after = 0, None
    while not stopping():
        with writing(SYSTEM, clock) as work:
            done, after = batch(work, after)
        total += done
        if after is None:
            break
    return total


def _ask(work: Work, after: UUID | None) -> tuple[int, UUID | None]:
    rows = _due(work, after, Invitation.told_on.is_(None), Invitation.told_how.is_(None))
    addresses = _addresses(work, rows)
    for campaign, row, language in rows:
        if to := addresses.get(row.student_id):
            work.send(messages.consent_asked(to, language, row.student_id, campaign.id, campaign.closes_on))
            row.told_on, row.told_how = work.today, MAIL
    return _counted(work, rows, addresses)


def _remind(work: Work, after: UUID | None) -> tuple[int, UUID | None]:
    rows = _due(
        work,
        after,
        Campaign.remind_on <= work.today,
        Invitation.told_how == MAIL,
        Invitation.told_on <= work.today - THINKING,
        Invitation.reminded_on.is_(None),
    )
    addresses = _addresses(work, rows)
    for campaign, row, language in rows:
        if to := addresses.get(row.student_id):
            work.send(messages.consent_asked(to, language, row.student_id, campaign.id, campaign.closes_on, again=True))
            row.reminded_on = work.today
    return _counted(work, rows, addresses)


def _due(work: Work, after: UUID | None, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """The next (campaign, invitation, language) of unanswered questions that are open; no other worker takes them."""
    statement = (
        select(Campaign, Invitation, Student.language)
        .join(Invitation, Invitation.campaign_id == Campaign.id)
        .join(Student, Student.id == Invitation.student_id)
        .where(is_open(work.today), Invitation.answer.is_(None), Student.has_email.is_(True), *conditions)
        .order_by(Invitation.id)
        .limit(BATCH)
        .with_for_update(of=Invitation, skip_locked=True)
    )
    if after is not None:
        statement = statement.where(Invitation.id > after)
    return work.session.execute(statement, execution_options={"populate_existing": True}).all()


def _addresses(work: Work, rows: Sequence[Any]) -> dict[UUID, str]:
    people = persons(work.session, work.vault, [row.student_id for _campaign, row, _language in rows])
    return {id: str(person.values["email"]) for id, person in people.items() if person.values.get("email")}


def _counted(work: Work, rows: Sequence[Any], addresses: dict[UUID, str]) -> tuple[int, UUID | None]:
    """How many mails, and after which invitation the next batch begins; None when this was the last."""
    work.session.flush()
    told = sum(row.student_id in addresses for _campaign, row, _language in rows)
    return told, rows[-1][1].id if len(rows) == BATCH else None


def mail_failed(work: Work, mail_id: UUID) -> None:
    """A mail with a question did not arrive: it told nobody, and the question goes by letter now."""
    dedupe = work.session.execute(select(OutMail.dedupe).where(OutMail.id == mail_id)).scalar_one()
    kind, _, about = dedupe.partition(":")
    campaign_id, _, student_id = about.partition(":")
    if kind != messages.CONSENT_ASKED:
        return
    statement = select(Invitation).where(
        Invitation.campaign_id == UUID(campaign_id), Invitation.student_id == UUID(student_id)
    )
    row = work.session.execute(statement.with_for_update()).scalar_one_or_none()
    if row is not None and row.told_how == MAIL:
        row.told_on, row.told_how = None, BOUNCED
