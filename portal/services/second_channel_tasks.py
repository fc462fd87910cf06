"""The staff's side of a second channel: what waits, the letter, the call back, an ID seen at the desk.

Only for the students of the own branches. A code is shown or printed once, when it is made; nobody reads it later.
Address and phone number are shown where they are needed, and each showing is a view that the student sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import Row, Select, or_, select

from config import Settings
from portal.domain.acts import Act
from portal.domain.clock import Clock, receipt_date
from portal.domain.permissions import Actor, Subject, scope_of
from portal.domain.refusal import Refused
from portal.i18n import best, speaker
from portal.letters.slip import SlipKind, slip_pdf
from portal.mail import messages
from portal.policy.model import Policy
from portal.records.items import Item, full_name, persons
from portal.records.tables.access import OneTime, SecondChannel, Staff
from portal.records.tables.people import Branch, Student
from portal.services import limits
from portal.services import second_channel as channels
from portal.services.case_page import log_view
from portal.services.casework import NotFound
from portal.services.find_students import birth_year
from portal.services.proven_contact import proven_on_file
from portal.services.second_channel import Channel, Ended
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import Json

Line = Row[SecondChannel, OneTime, str, str, str]  # with the student's language, the branch, who made the code
MOST = 100  # tasks on the page
RECENT = timedelta(days=7)  # how long a finished task stays on the page
SEEN_WITHIN = timedelta(days=7)  # an ID shown longer ago says too little about who takes the slip today
REASON = "identity_check"  # of a view (policy)
PHONE, STREET = "person.phone", "person.street"  # what was seen


@dataclass(frozen=True, slots=True)
class Task:
    """One line. `state`: asked | made | posted | lapsed | used | replaced | stopped | changed | spent."""

    id: UUID
    channel: Channel
    name: str
    birth_year: str
    branch: str
    language: str
    asked_at: datetime
    made_at: datetime | None
    made_by: str
    posted_on: date | None
    seen_on: date | None
    code_until: datetime | None  # while a code works
    state: str

    @property
    def open(self) -> bool:
        return self.state in {"asked", "made", "posted"}


@dataclass(frozen=True, slots=True)
class Paper:
    """A slip, ready to print; it holds the only copy of the code."""

    content: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A code to read to the student, over the phone number on file."""

    task: Task
    phone: str
    code: str
    until: datetime


def tasks(actor: Actor, clock: Clock) -> tuple[Task, ...]:
    """What was asked for and not done, oldest first, then what was finished in the last week."""
    with reading(actor, clock) as work:
        statement = _lines(work).where(
            or_(SecondChannel.ended_at.is_(None), SecondChannel.ended_at > work.now - RECENT),
            SecondChannel.expires_at > work.now - RECENT,
        )
        rows = work.session.execute(statement.order_by(SecondChannel.asked_at, SecondChannel.id).limit(MOST)).all()
        known = persons(work.session, work.vault, [row.SecondChannel.student_id for row in rows])
        found = [_task(work, row, _values(known, row.SecondChannel.student_id)) for row in rows]
        return tuple(sorted(found, key=lambda task: not task.open))


def waiting(actor: Actor, clock: Clock) -> int:
    """How many students wait for somebody: a letter to post, a call to make."""
    with reading(actor, clock) as work:
        statement = _lines(work).where(
            SecondChannel.ended_at.is_(None),
            SecondChannel.expires_at > work.now,
            SecondChannel.posted_on.is_(None),
            SecondChannel.channel != Channel.DESK.value,
        )
        return len(work.session.execute(statement.limit(MOST)).all())


def task(actor: Actor, clock: Clock, task_id: UUID) -> Task:
    """One task, without address or number. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        row, person = _reach(work, task_id)
        return _task(work, row, person)


def phone(actor: Actor, clock: Clock, task_id: UUID) -> str:
    """The phone number on file of who asked to be called; "" when there is none any more. It counts as a view.

    Raises NotFound, NotAllowed, Refused: task_ended.
    """
    with writing(actor, clock) as work:
        row, person = _open_task(work, task_id, Channel.CALL)
        return _phone(work, row.SecondChannel, person)


def print_letter(actor: Actor, clock: Clock, task_id: UUID) -> Paper:
    """The letter with a fresh code, addressed to the address on file; a letter printed before is worth nothing.

    Raises NotFound, NotAllowed, Refused: task_ended, not_on_file; TooMany.
    """
    limits.demand(clock, "second_made", str(actor.id))
    with writing(actor, clock) as work:
        row, person = _open_task(work, task_id, Channel.POST)
        task = row.SecondChannel
        if not proven_on_file(work, task.student_id).address:
            raise Refused("not_on_file", channel=Channel.POST)
        code = channels.make_code(work, task)
        task.posted_on = None
        log_view(work, task.student_id, reason=REASON, what=STREET)
        work.note("make_second_code", "student", task.student_id, channel=task.channel)
        slip = _slip(work, row.language, code, Channel.POST)
    lines = (str(person["street"]), f"{person['postcode']} {person['town']}")
    return _printed(slip, name=full_name(person), address=lines)


def record_posted(actor: Actor, clock: Clock, task_id: UUID, on: date) -> None:
    """The letter went into the post on that day: since it was printed, not in the future.

    Raises NotFound, NotAllowed, Refused: task_ended, not_printed, bad_date.
    """
    with writing(actor, clock) as work:
        row, _person = _open_task(work, task_id, Channel.POST)
        task = row.SecondChannel
        if task.made_at is None:
            raise Refused("not_printed")
        if not receipt_date(task.made_at) <= on <= work.today:
            raise Refused("bad_date", earliest=receipt_date(task.made_at), latest=work.today)
        task.posted_on = on
        work.note("post_second_code", "student", task.student_id, on=on.isoformat())


def call(actor: Actor, clock: Clock, task_id: UUID) -> Spoken:
    """A fresh code to read over the phone, for a quarter of an hour; an earlier one dies.

    Raises NotFound, NotAllowed, Refused: task_ended, not_on_file; TooMany.
    """
    limits.demand(clock, "second_made", str(actor.id))
    with writing(actor, clock) as work:
        row, person = _open_task(work, task_id, Channel.CALL)
        task = row.SecondChannel
        if not proven_on_file(work, task.student_id).phone:
            raise Refused("not_on_file", channel=Channel.CALL)
        code = channels.make_code(work, task)
        number = _phone(work, task, person)
        work.note("make_second_code", "student", task.student_id, channel=task.channel)
        until = work.now + channels.TERMS[Channel.CALL].code
        work.session.flush()
        return Spoken(_task(work, row, person), number, code, until)


def stop(actor: Actor, clock: Clock, task_id: UUID) -> None:
    """It cannot be done: nobody answers, the address is wrong. The student is told, and can ask for another way.

    Raises NotFound, NotAllowed, Refused: task_ended.
    """
    with writing(actor, clock) as work:
        row, person = _open_task(work, task_id)
        task = row.SecondChannel
        channels.end(work, task, Ended.STOPPED)
        work.note("stop_second_channel", "student", task.student_id, channel=task.channel)
        if task.channel in channels.ASKED:
            email = str(person.get("email") or "")
            work.send(messages.code_stopped(email, row.language, task.student_id, task.id))


def seen_at_desk(actor: Actor, clock: Clock, student_id: UUID, seen_on: date) -> Paper:
    """A valid ID was shown at the desk on that day, to this member of staff: nothing more of it is kept. Gives a slip
    with a code for a day; an earlier one of the desk dies.

    Raises NotFound, NotAllowed, Refused: bad_date; TooMany.
    """
    limits.demand(clock, "second_made", str(actor.id))
    with writing(actor, clock) as work:
        student = student_in_reach(work, student_id)
        if not work.today - SEEN_WITHIN <= seen_on <= work.today:
            raise Refused("bad_date", earliest=work.today - SEEN_WITHIN, latest=work.today)
        task = channels.new_task(work, student.id, Channel.DESK)
        task.seen_on = seen_on
        code = channels.make_code(work, task)
        work.note("id_seen", "student", student.id, on=seen_on.isoformat())
        slip = _slip(work, student.language, code, Channel.DESK)
    return _printed(slip)


def at_desk(actor: Actor, clock: Clock, student_id: UUID) -> str:
    """The name of a student within reach, for the page of the desk. Raises NotFound, NotAllowed."""
    with reading(actor, clock) as work:
        student_in_reach(work, student_id)
        return full_name(channels.person_of(work, student_id))


def student_in_reach(work: Work, student_id: UUID) -> Student:
    """Raises NotFound for a student that is not within the actor's reach, or is no student any more."""
    student = work.session.get(Student, student_id)
    if (
        student is None
        or student.state != "active"
        or not scope_of(work.actor, Act.CONFIRM_IDENTITY).holds(student.branch_id)
    ):
        raise NotFound(str(student_id))
    work.require(Act.CONFIRM_IDENTITY, Subject(branch_id=student.branch_id, student_id=student.id))
    return student


# --- inside


def _lines(work: Work) -> Select[SecondChannel, OneTime, str, str, str]:
    """Tasks of students within the actor's branches, with what a line needs beside them."""
    scope = scope_of(work.actor, Act.CONFIRM_IDENTITY)
    statement = (
        select(SecondChannel, OneTime, Student.language, Branch.name.label("branch"), Staff.name.label("made_by"))
        .join(Student, Student.id == SecondChannel.student_id)
        .join(Branch, Branch.id == Student.branch_id)
        .outerjoin(OneTime, OneTime.id == SecondChannel.one_time_id)
        .outerjoin(Staff, Staff.id == SecondChannel.made_by)
        .where(Student.state == "active")
    )
    return statement if scope.every else statement.where(Student.branch_id.in_(scope.branches))


def _values(known: Mapping[UUID, Item], student_id: UUID) -> Mapping[str, Json]:
    return known[student_id].values if student_id in known else {}


def _task(work: Work, row: Line, person: Mapping[str, Json]) -> Task:
    task, code = row.SecondChannel, row.OneTime
    works = code is not None and code.used_at is None and code.void_at is None and code.expires_at > work.now
    return Task(
        id=task.id,
        channel=Channel(task.channel),
        name=full_name(person),
        birth_year=birth_year(person.get("birth_date")),
        branch=row.branch,
        language=row.language,
        asked_at=task.asked_at,
        made_at=task.made_at,
        made_by=row.made_by or "",
        posted_on=task.posted_on,
        seen_on=task.seen_on,
        code_until=code.expires_at if works else None,
        state=_state(work, task, works),
    )


def _state(work: Work, task: SecondChannel, works: bool) -> str:
    if task.ended_how is not None:
        return task.ended_how
    if task.expires_at <= work.now:
        return "lapsed"
    if task.posted_on is not None:
        return "posted"
    return "made" if works else "asked"


def _reach(work: Work, task_id: UUID) -> tuple[Line, Mapping[str, Json]]:
    """The line and the student's values; NotFound out of reach, NotAllowed without the act."""
    row = work.session.execute(_lines(work).where(SecondChannel.id == task_id)).one_or_none()
    if row is None:
        raise NotFound(str(task_id))
    student_in_reach(work, row.SecondChannel.student_id)
    return row, channels.person_of(work, row.SecondChannel.student_id)


def _open_task(work: Work, task_id: UUID, channel: Channel | None = None) -> tuple[Line, Mapping[str, Json]]:
    work.session.execute(select(SecondChannel.id).where(SecondChannel.id == task_id).with_for_update())
    row, person = _reach(work, task_id)
    task = row.SecondChannel
    if channel is not None and task.channel != channel.value:
        raise NotFound(str(task_id))
    if task.ended_at is not None or task.expires_at <= work.now:
        raise Refused("task_ended")
    return row, person


def _phone(work: Work, task: SecondChannel, person: Mapping[str, Json]) -> str:
    log_view(work, task.student_id, reason=REASON, what=PHONE)
    work.note("view_phone", "student", task.student_id)
    return str(person.get("phone") or "")


@dataclass(frozen=True, slots=True)
class _Slip:
    """What is printed after the unit of work is done: nobody waits for the press."""

    channel: Channel
    language: str
    code: str
    policy: Policy
    on: date
    until: datetime


def _slip(work: Work, language: str, code: str, channel: Channel) -> _Slip:
    return _Slip(channel, best([language]), code, work.policy, work.today, work.now + channels.TERMS[channel].code)


def _printed(slip: _Slip, name: str = "", address: Sequence[str] = ()) -> Paper:
    """In the student's language; it opens the page where the code is typed."""
    settings: Settings = current_app.config["SETTINGS"]
    by_post = slip.channel is Channel.POST
    content = slip_pdf(
        SlipKind.POST if by_post else SlipKind.DESK,
        speaker(slip.language),
        slip.code,
        f"{settings.base_url.rstrip('/')}/{slip.language}/confirm/code",
        policy=slip.policy,
        on=slip.on,
        expires=receipt_date(slip.until) if by_post else slip.until,
        name=name,
        address=address,
    )
    return Paper(content, f"code-{slip.channel.value}.pdf")
