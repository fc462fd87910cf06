"""A student in a question for consent, within the reach of staff: another branch's, and a draft's, is not found."""

from __future__ import annotations

from uuid import UUID

from portal.domain.acts import Act
from portal.domain.permissions import Subject, scope_of
from portal.records import campaigns
from portal.records.tables.campaigns import Campaign, Invitation
from portal.records.tables.people import Student
from portal.services.casework import NotFound
from portal.services.unit import Work


def invited(
    work: Work, act: Act, campaign_id: UUID, student_id: UUID, lock: bool = False
) -> tuple[Student, Campaign, Invitation]:
    """`lock`: nobody else changes the student's answer meanwhile. Raises NotFound, NotAllowed."""
    student = work.session.get(Student, student_id, with_for_update=True if lock else None)
    if student is None or student.state != "active" or not scope_of(work.actor, act).holds(student.branch_id):
        raise NotFound(str(student_id))
    work.require(act, Subject(branch_id=student.branch_id, student_id=student_id))
    return student, *put_to(work, campaign_id, student_id, lock)


def put_to(work: Work, campaign_id: UUID, student_id: UUID, lock: bool) -> tuple[Campaign, Invitation]:
    """The question as it was put to this student. Raises NotFound."""
    campaign = work.session.get(Campaign, campaign_id)
    row = campaigns.invitation(work.session, campaign_id, student_id, lock)
    if campaign is None or row is None or campaign.sent_at is None:
        raise NotFound(str(campaign_id))
    return campaign, row
