"""Tell each member of staff in the morning of a working day what there is to do: counts and references, nothing of a
person. Who has nothing to do gets no mail, and nobody gets one at night, from a worker that makes up for a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import time, timedelta

from sqlalchemy import ColumnElement, func, select

from portal.domain.acts import Act
from portal.domain.clock import AMSTERDAM, Clock
from portal.domain.lifecycle import UNDECIDED, CaseState
from portal.domain.permissions import SYSTEM, Actor, could, scope_of
from portal.domain.vocabulary import RequestKind
from portal.mail import messages
from portal.mail.messages import Morning
from portal.records.queue import within
from portal.records.staff import at_work
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case
from portal.services.campaign_letters import questions_to_post
from portal.services.recognise import staff_actor
from portal.services.to_post import letters_to_post
from portal.services.undelivered import undelivered
from portal.services.unit import Work, reading, writing
from portal.services.working_days import is_working_day

BEGINS = time(7)  # of the morning, in Amsterdam
SOON = timedelta(days=7)
MOST_COUNTED = 1_000  # of each
NAMED = 10  # references in the mail; the queue shows the rest


@dataclass(frozen=True, slots=True)
class Sent:
    mails: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"mails": self.mails}


def digest(clock: Clock) -> Sent:
    """One mail for each who has something to do; each in a transaction of its own, and once a day."""
    with reading(SYSTEM, clock) as work:
        work.require(Act.SEND_WARNINGS)
        morning_has_begun = work.now.astimezone(AMSTERDAM).time() >= BEGINS
        if not morning_has_begun or not is_working_day(work.today, work.policy.term.closing_days):
            return Sent()
        people = at_work(work.session, work.today)
    return Sent(sum(_tell(clock, staff) for staff in people))


def _tell(clock: Clock, staff: Staff) -> int:
    actor = replace(staff_actor(staff.id, clock), confidentiality_acknowledged=True)
    if not could(actor, Act.VIEW_QUEUE):
        return 0
    to_post = sum(len(waiting(actor, clock)) for waiting in (letters_to_post, questions_to_post, undelivered))
    with writing(SYSTEM, clock) as work:
        found = morning(work, actor, to_post)
        if not found.anything:
            return 0
        return int(work.send(messages.staff_digest(staff.email, staff.language, staff.id, work.today, found)))


def morning(work: Work, actor: Actor, to_post: int) -> Morning:
    """What waits for this person: overdue, due within a week, nobody's yet, to be carried out, to be posted."""
    mine = Case.handler_id == actor.id
    nobodys = Case.handler_id.is_(None)
    undecided = Case.state.in_(sorted(state.value for state in UNDECIDED))
    counts = Case.kind != RequestKind.WITHDRAWAL.value  # a withdrawal has no clock
    reach = within(scope_of(actor), Case.branch_id)
    late = (reach, undecided, counts, mine | nobodys, Case.due_on < work.today)
    soon = (reach, undecided, counts, mine | nobodys, Case.due_on.between(work.today, work.today + SOON))
    return Morning(
        overdue=_count(work, late),
        soon=_count(work, soon),
        unassigned=_count(work, (reach, undecided, nobodys)),
        to_carry_out=_count(work, (reach, mine, Case.state == CaseState.DECIDED.value)),
        to_post=to_post,
        references=_references(work, (reach, undecided, counts, mine | nobodys, Case.due_on <= work.today + SOON)),
    )


def _count(work: Work, conditions: Iterable[ColumnElement[bool]]) -> int:
    inside = select(Case.id).where(*conditions).limit(MOST_COUNTED).subquery()
    return work.session.execute(select(func.count()).select_from(inside)).scalar_one()


def _references(work: Work, conditions: Iterable[ColumnElement[bool]]) -> tuple[str, ...]:
    statement = select(Case.reference).where(*conditions).order_by(Case.due_on, Case.id).limit(NAMED)
    return tuple(work.session.execute(statement).scalars())
