"""Who of staff looked at a student's data, as the student reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from sqlalchemy import and_, or_, select

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject
from portal.records.tables.cases import Case
from portal.records.tables.people import View
from portal.services.unit import reading

VIEWS_PAGE = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody of staff looked, once or more on one day (security.md: count = views)."""

    role: str  # what the policy calls the role before students
    reason: str  # msgid; "" for a view within a case
    reference: str | None
    moments: tuple[datetime, ...]  # each view, newest first; all of one Dutch day

    @property
    def day(self) -> date:
        return receipt_date(self.moments[0])


def views(actor: Actor, clock: Clock, after: UUID | None = None) -> tuple[list[Seen], UUID | None]:
    """Who looked, newest first: one page, after the view of that id; and the id after which the next page begins.

    What one person looked at on one day for one reason is one line with each moment; a page ends with a whole day.
    """
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OWN_VIEWS, Subject(student_id=actor.student_id))
        statement = (
            select(View.id, View.at, View.staff_id, View.role, View.reason, Case.reference)
            .outerjoin(Case, Case.id == View.case_id)
            .where(View.student_id == actor.student_id)
            .order_by(View.at.desc(), View.id.desc())
        )
        last = work.session.get(View, after) if after else None
        if last is not None and last.student_id == actor.student_id:
            statement = statement.where(or_(View.at < last.at, and_(View.at == last.at, View.id < last.id)))
        roles = {role.value: name for role, name in work.policy.roles.names.items()}
        reasons = {code: reason.label for code, reason in work.policy.reasons.items()}
        seen: list[Seen] = []
        last_read: UUID | None = None
        with work.session.execute(statement.execution_options(yield_per=VIEWS_PAGE)) as rows:
            for _day, of_day in groupby(rows, lambda row: receipt_date(row.at)):
                if len(seen) >= VIEWS_PAGE:
                    return seen, last_read
                lines: dict[tuple[UUID | None, str, str, str | None], list[datetime]] = {}
                for row in of_day:
                    lines.setdefault((row.staff_id, row.role, row.reason, row.reference), []).append(row.at)
                    last_read = row.id
                for (_who, role, reason, reference), moments in lines.items():
                    seen.append(Seen(roles.get(role, role), reasons.get(reason, ""), reference, tuple(moments)))
        return seen, None
