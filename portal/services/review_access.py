"""The periodic review of who holds what (regulation, art. 6): each designation is confirmed, or ends.

Whoever may review may confirm, or ask that it ends; only an administrator ends it. Nobody reviews their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.tables.access import Designation, Staff
from portal.records.tables.factors import AccessReview
from portal.records.tables.people import Branch
from portal.services.casework import NotFound
from portal.services.designate_staff import end_row, lock_administrators
from portal.services.unit import Work, reading, writing

REVIEW_EVERY = timedelta(days=182)  # half a year: the regulation asks for a review and names no term
CONFIRMED, TO_END, ENDED = "confirmed", "to_end", "ended"


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody holds now or will hold; `branch` is "" for every branch, `until` the last day or None."""

    designation_id: UUID
    staff_id: UUID
    name: str
    username: str
    role: Role
    branch: str
    since: date
    until: date | None
    by: str  # who designated, "" for the command line
    reviewed_at: datetime | None  # the last time somebody looked
    reviewed_by: str
    asked_to_end: bool  # the last reviewer said that it must end
    due: bool  # must end, or nobody looked for half a year
    own: bool  # the reader's: somebody else reviews it


def review_list(actor: Actor, clock: Clock) -> tuple[Held, ...]:
    """Every designation that counts or will count, of accounts that are in use: what is due first, then by name."""
    with reading(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        by = aliased(Staff)
        rows = work.session.execute(
            select(Designation, Staff, Branch.name.label("branch"), by.name.label("by"))
            .join(Staff, Staff.id == Designation.staff_id)
            .outerjoin(Branch, Branch.id == Designation.branch_id)
            .outerjoin(by, by.id == Designation.designated_by)
            .where(
                Staff.disabled_at.is_(None),
                or_(Designation.ends_on.is_(None), Designation.ends_on >= work.today),
            )
        ).all()
        last = _last_reviews(work)
        found = [_held(work, row.Designation, row.Staff, row.branch, row.by, last) for row in rows]
    return tuple(sorted(found, key=lambda each: (not each.due, each.name.casefold(), each.role, each.branch)))


def _last_reviews(work: Work) -> dict[UUID, tuple[AccessReview, str]]:
    rows = work.session.execute(
        select(AccessReview, Staff.name)
        .join(Staff, Staff.id == AccessReview.reviewed_by)
        .order_by(AccessReview.reviewed_at, AccessReview.id)
    )
    return {row.AccessReview.designation_id: (row.AccessReview, row.name) for row in rows}


def _held(
    work: Work,
    row: Designation,
    staff: Staff,
    branch: str | None,
    by: str | None,
    last: dict[UUID, tuple[AccessReview, str]],
) -> Held:
    review, reviewer = last.get(row.id, (None, ""))
    to_end = review is not None and review.outcome == TO_END
    looked_at = review.reviewed_at if review else row.created_at
    return Held(
        designation_id=row.id,
        staff_id=staff.id,
        name=staff.name,
        username=staff.username,
        role=Role(row.role),
        branch=branch or "",
        since=row.starts_on,
        until=row.ends_on,
        by=by or "",
        reviewed_at=review.reviewed_at if review else None,
        reviewed_by=reviewer,
        asked_to_end=to_end,
        due=to_end or work.now - looked_at >= REVIEW_EVERY,
        own=staff.id == work.actor.id,
    )


def confirm(actor: Actor, clock: Clock, designation_id: UUID) -> None:
    """Puts on record that the designation is still needed.

    Raises NotFound, NotAllowed, Refused: not_yourself, already_ended.
    """
    _review(actor, clock, designation_id, CONFIRMED)


def ask_to_end(actor: Actor, clock: Clock, designation_id: UUID) -> None:
    """Puts on record that it must end; it stays at the top of the list until an administrator ends it. As `confirm`."""
    _review(actor, clock, designation_id, TO_END)


def end(actor: Actor, clock: Clock, designation_id: UUID) -> None:
    """Ends it now, as the outcome of the review.

    Raises NotFound, NotAllowed (also "fresh_sign_in_needed"), Refused: not_yourself, already_ended,
    last_administrator.
    """
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_STAFF)
        lock_administrators(work)
        row = _open(work, designation_id)
        end_row(work, row)
        _record(work, row, ENDED)


def _review(actor: Actor, clock: Clock, designation_id: UUID, outcome: str) -> None:
    with writing(actor, clock) as work:
        work.require(Act.REVIEW_ACCESS)
        _record(work, _open(work, designation_id), outcome)


def _open(work: Work, designation_id: UUID) -> Designation:
    row = work.session.get(Designation, designation_id, with_for_update=True)
    if row is None:
        raise NotFound(str(designation_id))
    if row.staff_id == work.actor.id:
        raise Refused("not_yourself")
    if row.ends_on is not None and row.ends_on < work.today:
        raise Refused("already_ended")
    return row


def _record(work: Work, row: Designation, outcome: str) -> None:
    assert work.actor.id is not None, "only staff may review"
    work.session.add(
        AccessReview(
            id=uuid7(),
            designation_id=row.id,
            outcome=outcome,
            reviewed_at=work.now,
            reviewed_by=work.actor.id,
        )
    )
    work.note("review_access", "staff", row.staff_id, role=row.role, outcome=outcome)
