"""The only queries on questions for consent: lists with counts, who is in one, who was asked what before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from portal.domain.permissions import BranchScope
from portal.records.queue import within
from portal.records.tables.campaigns import Campaign, Invitation
from portal.records.tables.people import Branch, Student


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were asked, and how it stands."""

    asked: int = 0
    yes: int = 0
    no: int = 0
    to_tell: int = 0  # neither mailed nor posted yet

    @property
    def silent(self) -> int:
        return self.asked - self.yes - self.no


def listed(session: Session, limit: int, after: UUID | None = None) -> list[Campaign]:
    """Newest first; `after`: the last one of the page before."""
    statement = select(Campaign).order_by(Campaign.created_at.desc(), Campaign.id.desc()).limit(limit)
    last = session.get(Campaign, after) if after else None
    if last is not None:
        at = Campaign.created_at
        statement = statement.where(or_(at < last.created_at, and_(at == last.created_at, Campaign.id < last.id)))
    return list(session.execute(statement).scalars())


def tallies(session: Session, campaign_ids: Collection[UUID]) -> dict[UUID, Tally]:
    """In one statement for any number of campaigns."""
    columns = (
        func.count(),
        func.count().filter(Invitation.answer == "yes"),
        func.count().filter(Invitation.answer == "no"),
        func.count().filter(Invitation.told_on.is_(None), Invitation.answer.is_(None)),
    )
    statement = select(Invitation.campaign_id, *columns).where(Invitation.campaign_id.in_(list(campaign_ids)))
    rows = session.execute(statement.group_by(Invitation.campaign_id)).all() if campaign_ids else []
    found = {row[0]: Tally(*row[1:]) for row in rows}
    return {campaign_id: found.get(campaign_id, Tally()) for campaign_id in campaign_ids}


def locked(session: Session, campaign_id: UUID) -> Campaign | None:
    """The campaign as it stands now, and nobody else changes it meanwhile."""
    return session.execute(
        select(Campaign).where(Campaign.id == campaign_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).scalar_one_or_none()


def invitation(session: Session, campaign_id: UUID, student_id: UUID, lock: bool = False) -> Invitation | None:
    statement = select(Invitation).where(Invitation.campaign_id == campaign_id, Invitation.student_id == student_id)
    if lock:
        statement = statement.with_for_update()
    return session.execute(statement, execution_options={"populate_existing": lock}).scalar_one_or_none()


# --- who is in one

MAIL, POST, BOUNCED = "mail", "post", "bounced"  # how somebody was told; a mail that did not arrive told nobody
ANSWERS: dict[str, ColumnElement[bool]] = {
    "yes": Invitation.answer == "yes",
    "no": Invitation.answer == "no",
    "silent": Invitation.answer.is_(None),
    "to_post": and_(
        Invitation.told_on.is_(None),
        Invitation.answer.is_(None),
        or_(Student.has_email.is_(False), Invitation.told_how == BOUNCED),
    ),
}


def people(session: Session, campaign_id: UUID, answer: str, limit: int, after: UUID | None = None) -> list[Any]:
    """(invitation, branch's name, whether mail reaches the student) in the order of the students' ids, one page.
    `answer`: a key of ANSWERS, or "" for everybody."""
    statement = (
        select(Invitation, Branch.name, Student.has_email)
        .join(Student, Student.id == Invitation.student_id)
        .join(Branch, Branch.id == Student.branch_id)
        .where(Invitation.campaign_id == campaign_id)
        .order_by(Invitation.student_id)
        .limit(limit)
    )
    if answer in ANSWERS:
        statement = statement.where(ANSWERS[answer])
    if after is not None:
        statement = statement.where(Invitation.student_id > after)
    return list(session.execute(statement).all())


def to_post(session: Session, scope: BranchScope, today: date, limit: int) -> list[Any]:
    """(invitation, campaign) that must go by letter, within the actor's branches; the soonest to close first."""
    statement = (
        select(Invitation, Campaign)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .join(Student, Student.id == Invitation.student_id)
        .where(is_open(today), ANSWERS["to_post"], Student.state == "active", within(scope, Student.branch_id))
        .order_by(Campaign.closes_on, Invitation.id)
        .limit(limit)
    )
    return list(session.execute(statement).all())


def is_open(today: date | BindParameter[date]) -> ColumnElement[bool]:
    return and_(Campaign.sent_at.is_not(None), Campaign.stopped_at.is_(None), Campaign.closes_on >= today)


def waits_for(student: BindParameter[UUID], today: BindParameter[date]) -> ColumnElement[bool]:
    """Whether a question that was put to the student waits for an answer: a part of a statement."""
    asked = select(Invitation.id).join(Campaign, Campaign.id == Invitation.campaign_id)
    return asked.where(is_open(today), Invitation.student_id == student, Invitation.answer.is_(None)).exists()


def of_student(session: Session, student_id: UUID) -> list[Any]:
    """(campaign, invitation) of everything that this student was asked, newest first; drafts are nobody's."""
    statement = (
        select(Campaign, Invitation)
        .join(Invitation, Invitation.campaign_id == Campaign.id)
        .where(Invitation.student_id == student_id, Campaign.sent_at.is_not(None))
        .order_by(Campaign.sent_at.desc(), Campaign.id.desc())
    )
    return list(session.execute(statement).all())


def asked_before(session: Session, activity: str, student_ids: Iterable[UUID], but: UUID | None) -> list[Any]:
    """What these students were asked about an activity in other campaigns that were sent: student, answer, and when the
    question ended or ends."""
    statement = (
        select(Invitation.student_id, Invitation.answer, Campaign.closes_on, Campaign.stopped_at)
        .join(Campaign, Campaign.id == Invitation.campaign_id)
        .where(Campaign.activity == activity, Campaign.sent_at.is_not(None))
        .where(Invitation.student_id.in_(list(student_ids)))
    )
    if but is not None:
        statement = statement.where(Campaign.id != but)
    return list(session.execute(statement).all())


# --- who may be asked


def candidates(session: Session, scope: BranchScope, today: date, branches: Collection[UUID]) -> list[UUID]:
    """The students of these branches (none: every one) who follow a programme now, as far as the scope goes."""
    statement = (
        select(Student.id)
        .where(Student.state == "active", within(scope, Student.branch_id))
        .where(or_(Student.last_programme_ended.is_(None), Student.last_programme_ended >= today))
        .order_by(Student.id)
    )
    if branches:
        statement = statement.where(Student.branch_id.in_(list(branches)))
    return list(session.execute(statement).scalars())
