"""Terms that end: listed a month before, told to the student, then erased (regulation, art. 5).

The nightly run does what is due, in an order in which it may be interrupted anywhere: list, tell, erase. A running case
or a legal hold keeps the values concerned; the rest of the class goes and is sealed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import delete, exists, or_, select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.erasure_plan import ErasurePlan, Hold, Item, Verdict, plan_erasure
from portal.domain.lifecycle import OPEN
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.retention import kept_until, years_later
from portal.domain.vocabulary import RequestKind, Role, StepState, TargetKind
from portal.mail import messages
from portal.mail.delivery import WAITING
from portal.policy.model import RetentionClass
from portal.records import casebook, items, limits
from portal.records.items import persons
from portal.records.staff import to_tell
from portal.records.tables.cases import Case
from portal.records.tables.erasure import OutsideStep, TermEnd
from portal.records.tables.people import Limit, Record, Student
from portal.records.tables.proof import OutMail
from portal.services import clock_guard, erasing, going_whole, sweep_classes
from portal.services.retention_terms import is_confirmed, of_students
from portal.services.targets import EVERYTHING, Target, covered, target_of
from portal.services.unit import Work, reading, writing

NOTICE_DAYS = 30
CHUNK = 500
PROGRAMME, MAIL, POST = "programme", "mail", "post"
BOUNCED = "bounced"  # a mail that did not arrive told nobody: a letter goes


@dataclass(frozen=True, slots=True)
class Ran:
    """In numbers. `held`: 1 when nothing was removed because the clock is doubted."""

    listed: int = 0
    told: int = 0
    erased: int = 0
    held: int = 0
    swept: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def run(clock: Clock, actor: Actor = SYSTEM) -> Ran:
    """Does everything that is due; run twice it does nothing twice. NotAllowed without the right to run it."""
    with reading(actor, clock) as work:
        work.require(Act.RUN_RETENTION)
    if doubt := clock_guard.look(clock):
        _alarm(clock, f"clock:{doubt.seen.isoformat()}:{doubt.now.isoformat()}")
        return Ran(held=1)
    listed = list_ending(clock)
    if listed:
        _alarm(clock, f"listed:{clock.today().isoformat()}")
    told = _tell(clock)
    erased = sum(_erase(clock, term_id) for term_id in _due(clock))
    return Ran(listed, told, erased, 0, sum(sweep_classes.sweep(clock).values()))


def _alarm(clock: Clock, key: str) -> None:
    with writing(SYSTEM, clock) as work:
        _tell_staff(work, key)


def _tell_staff(work: Work, key: str) -> None:
    """Tells the directors, or the privacy officers where there is none, to look at the page."""
    people = to_tell(work.session, work.today, Role.DIRECTOR.value, None) or to_tell(
        work.session, work.today, Role.PRIVACY_OFFICER.value, None
    )
    for staff in people:
        work.send(messages.staff_retention(staff.email, staff.language, staff.id, key))


# --- whose term ends


def ending(work: Work, retention: RetentionClass, until: date) -> Iterator[tuple[UUID, date]]:
    """(student, last day kept) of everybody of whom this class holds something and whose term ends by that day."""
    holds = exists().where(Record.student_id == Student.id, Record.retention == retention.code)
    studied = exists().where(Record.student_id == Student.id, Record.dataset == PROGRAMME)
    before = years_later(until, -retention.years) - timedelta(days=retention.days - 2)
    statement = (
        select(Student.id, Student.last_programme_ended, Student.created_at)
        .where(Student.state == "active", holds)
        .where(
            or_(
                Student.last_programme_ended <= before,
                Student.last_programme_ended.is_(None) & ~studied & (Student.created_at <= _end_of(before)),
            )
        )
        .order_by(Student.id)
    )
    for student_id, ended, created_at in work.session.execute(statement):
        last = kept_until(retention.years, retention.days, ended or receipt_date(created_at))
        if last is not None and last <= until:
            yield student_id, last


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def list_ending(clock: Clock) -> int:
    """Lists whose term ends within a month, with a step for each holder outside; drops what moved (a new programme)."""
    listed = 0
    with writing(SYSTEM, clock) as work:
        known = {
            (row.student_id, row.retention, row.kept_until): row
            for row in work.session.execute(select(TermEnd).where(TermEnd.done_at.is_(None))).scalars()
        }
        outside = [holder.code for holder in work.policy.holders.values() if not holder.portal]
        for retention in of_students(work.policy):
            for student_id, last in ending(work, retention, work.today + timedelta(days=NOTICE_DAYS)):
                if known.pop((student_id, retention.code, last), None) is None and not _was_done(
                    work, student_id, retention, last
                ):
                    term = uuid7()
                    work.session.add(
                        TermEnd(
                            id=term,
                            student_id=student_id,
                            retention=retention.code,
                            kept_until=last,
                            listed_at=work.now,
                        )
                    )
                    work.session.flush()
                    work.session.add_all(OutsideStep(id=uuid7(), term_end_id=term, holder=code) for code in outside)
                    listed += 1
        moved = [row.id for row in known.values() if row.erasure_id is None]
        for start in range(0, len(moved), CHUNK):
            part = moved[start : start + CHUNK]
            work.session.execute(delete(OutsideStep).where(OutsideStep.term_end_id.in_(part)))
            work.session.execute(delete(TermEnd).where(TermEnd.id.in_(part)))
    return listed


def _was_done(work: Work, student_id: UUID, retention: RetentionClass, last: date) -> bool:
    """Something came in after the class was erased: the same row is opened again."""
    statement = select(TermEnd).where(
        TermEnd.student_id == student_id, TermEnd.retention == retention.code, TermEnd.kept_until == last
    )
    row = work.session.execute(statement).scalar_one_or_none()
    if row is None:
        return False
    row.done_at = None
    return True


# --- telling


def _tell(clock: Clock) -> int:
    """Mails everybody with an address; a letter for the others waits on the page of retention."""
    told = 0
    with reading(SYSTEM, clock) as work:
        waiting = work.session.execute(
            select(TermEnd.id, TermEnd.retention)
            .join(Student, Student.id == TermEnd.student_id)
            .where(TermEnd.told_on.is_(None), TermEnd.told_how.is_(None), TermEnd.done_at.is_(None))
            .where(Student.has_email.is_(True))
        ).all()
        ready = [row.id for row in waiting if is_confirmed(work, work.policy.retention[row.retention])]
    for term_id in ready:
        with writing(SYSTEM, clock) as work:
            term = work.session.execute(select(TermEnd).where(TermEnd.id == term_id).with_for_update()).scalar_one()
            person = persons(work.session, work.vault, [term.student_id]).get(term.student_id)
            to = person.values.get("email") if person else None
            if term.told_on is not None or not to:
                continue
            student = work.session.get_one(Student, term.student_id)
            work.send(
                messages.retention_notice(str(to), student.language, student.id, term.id, erased_from(term, work.today))
            )
            term.told_on, term.told_how = work.today, MAIL
            work.note("tell_retention", "student", student.id, retention=term.retention)
            told += 1
    return told


def mail_failed(work: Work, mail_id: UUID) -> None:
    """A notice did not arrive: nothing is erased on it, and a letter waits on the page of retention."""
    about = work.session.execute(select(OutMail.dedupe).where(OutMail.id == mail_id)).scalar_one()
    if not about.startswith(messages.RETENTION):
        return
    term_id = UUID(about.removeprefix(messages.RETENTION))
    term = work.session.execute(select(TermEnd).where(TermEnd.id == term_id).with_for_update()).scalar_one_or_none()
    if term is not None and term.told_how == MAIL and term.done_at is None:
        term.told_on, term.told_how = None, BOUNCED
        _tell_staff(work, f"bounced:{term_id}")


def erased_from(term: TermEnd, told_on: date) -> date:
    """The first day on which it may be erased: after its term, and a month after the student was told."""
    return max(term.kept_until + timedelta(days=1), (term.told_on or told_on) + timedelta(days=NOTICE_DAYS))


# --- erasing


def _due(clock: Clock) -> list[UUID]:
    """But for those whose notice has not left yet: nobody was told by it."""
    with reading(SYSTEM, clock) as work:
        statement = select(TermEnd).where(
            TermEnd.done_at.is_(None), TermEnd.told_on.is_not(None), TermEnd.kept_until < work.today
        )
        unsent = select(OutMail.dedupe).where(OutMail.dedupe.startswith(messages.RETENTION), OutMail.state == WAITING)
        untold = set(work.session.execute(unsent).scalars())
        return [
            term.id
            for term in work.session.execute(statement.order_by(TermEnd.kept_until, TermEnd.id)).scalars()
            if is_due(work, term) and f"{messages.RETENTION}{term.id}" not in untold
        ]


def is_due(work: Work, term: TermEnd) -> bool:
    retention = work.policy.retention.get(term.retention)
    told = term.told_on is not None and work.today >= erased_from(term, work.today)
    return told and retention is not None and is_confirmed(work, retention)


def _erase(clock: Clock, term_id: UUID) -> bool:
    """Erases what no case or hold keeps; whether anything went."""
    with writing(SYSTEM, clock) as work:
        work.require(Act.RUN_RETENTION)
        term = work.session.execute(
            select(TermEnd).where(TermEnd.id == term_id).with_for_update(),
            execution_options={"populate_existing": True},
        ).scalar_one()
        if term.done_at is not None or not is_due(work, term):
            return False
        plan, held = _what_goes(work, term)
        if not plan:
            return False
        erasure = erasing.new_erasure(work, term.student_id, erasing.RETENTION, work.now)
        term.erasure_id = erasure.id
        erasing.begin(work, erasure, plan, held)
        erasure_id = erasure.id
    erasing.run(clock, erasure_id)
    return True


def _what_goes(work: Work, term: TermEnd) -> tuple[ErasurePlan | frozenset[str], Sequence[items.Item]]:
    """The class as a whole, or value by value where a running case or a hold may be about some; empty for nothing.
    With the student's items, where it took reading them."""
    keeping, holds = _keeping(work, term)
    alone = frozenset({term.retention})
    if not keeping and not holds and going_whole.goes_whole(work, term.student_id, alone):
        return alone, ()
    held = items.items_of(work.session, work.vault, term.student_id)
    if keeping or holds:
        plan = plan_of(work, term, held)
        return plan if plan.of(Verdict.ERASE) else frozenset(), held
    there = any(part.retention == term.retention and part.values for record in held for part in record.parts)
    return alone if there else frozenset(), held


def _keeping(work: Work, term: TermEnd) -> tuple[list[Target], Sequence[Limit]]:
    return running_targets(work, term.student_id), limits.active(work.session, term.student_id, [limits.HOLD])


def plan_of(work: Work, term: TermEnd, held: Sequence[items.Item] = ()) -> ErasurePlan:
    """What of the class goes now: everything but what a running case or a hold is about. `held`: the student's items,
    where they have been read."""
    keeping, holds = _keeping(work, term)
    wanted = []
    for record in held or items.items_of(work.session, work.vault, term.student_id):
        for part in record.parts:
            if part.retention != term.retention:
                continue
            for code in part.values:
                if covered(work.policy, keeping, record.dataset, record.id, code):
                    continue
                hold = next((each for each in holds if limits.covers(each, record.dataset, record.id, code)), None)
                wanted.append(
                    Item(
                        record.dataset,
                        record.id,
                        code,
                        term.retention,
                        term.kept_until,
                        (),
                        Hold(hold.until, hold.reason or "") if hold else None,
                    )
                )
    return plan_erasure(wanted, work.today, contract_running=False)


def running_targets(work: Work, student_id: UUID) -> list[Target]:
    """What the student's running cases are about; something in own words may be about anything."""
    statement = select(Case).where(Case.student_id == student_id, Case.state.in_([state.value for state in OPEN]))
    found: list[Target] = []
    for case in work.session.execute(statement).scalars():
        asked = casebook.items_of(work.session, case.id)
        if case.kind == RequestKind.COMPLAINT or not asked or any(each.target == TargetKind.WORDS for each in asked):
            return [EVERYTHING]
        found += [target_of(each) for each in asked]
    return found


def open_outside(steps: Iterable[OutsideStep]) -> int:
    return sum(step.state == StepState.OPEN.value for step in steps)
