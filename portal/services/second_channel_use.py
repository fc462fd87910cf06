"""The student's side of a second channel: ask for a code, see what is under way, type the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from portal.domain.acts import Act
from portal.domain.assurance import OnFile, Way, ways_to
from portal.domain.clock import Clock
from portal.domain.permissions import Subject
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Level
from portal.mail import messages
from portal.records.tables.access import OneTime, SecondChannel
from portal.records.tables.people import Student
from portal.services import limits
from portal.services import second_channel as channels
from portal.services.casework import staff_of
from portal.services.proven_contact import proven_on_file
from portal.services.raise_cases import raise_open_cases
from portal.services.recognise import SignedIn
from portal.services.second_channel import ASKED, Channel, Ended
from portal.services.sign_in import add_login
from portal.services.unit import Work, reading, writing

LETTER_TAKES = timedelta(days=7)  # a letter that did not come by then may be asked for anew


class CodeState(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"  # too many tries: every code that was under way is dead
    NOTHING = "nothing"  # no code works now: none was made, or it is used, replaced, too old, or the address changed


@dataclass(frozen=True, slots=True)
class Entered:
    """`session_id` is that of the fresh session which takes the place of the old one, where the code was right."""

    state: CodeState
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A way that was begun. `made`: there is a code; `until` is how long it works."""

    channel: Channel
    asked_at: datetime
    made: bool
    until: datetime | None
    posted_on: date | None
    may_ask_again: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways to a level, lightest first, those that were begun, and those that the school had to stop last time."""

    offered: tuple[Way, ...]
    under_way: tuple[UnderWay, ...]
    stopped: frozenset[Channel] = frozenset()


def ways(signed_in: SignedIn, clock: Clock, needed: Level) -> Ways:
    """What this student can do to be known at `needed`. Where several share the address and nobody was chosen, what
    one knows comes first: it also says who it is."""
    with reading(signed_in.actor, clock) as work:
        student_id = signed_in.actor.student_id
        if student_id is None:
            return Ways(ways_to(signed_in.actor.level, Level.KNOWLEDGE, OnFile(address=False, phone=False)), ())
        work.require(Act.STEP_UP, Subject(student_id=student_id))
        held = proven_on_file(work, student_id)
        offered = ways_to(signed_in.actor.level, needed, held)
        return Ways(offered, tuple(_under_way(work, signed_in)), _stopped(work, student_id))


def _stopped(work: Work, student_id: UUID) -> frozenset[Channel]:
    """The channels whose last task staff could not do."""
    rows = work.session.execute(
        select(SecondChannel.channel, SecondChannel.ended_how)
        .where(SecondChannel.student_id == student_id)
        .order_by(SecondChannel.asked_at, SecondChannel.id)
    ).all()
    last = {Channel(channel): how for channel, how in rows}
    return frozenset(channel for channel, how in last.items() if how == Ended.STOPPED)


def _under_way(work: Work, signed_in: SignedIn) -> list[UnderWay]:
    rows = work.session.execute(
        select(SecondChannel, OneTime)
        .outerjoin(OneTime, OneTime.id == SecondChannel.one_time_id)
        .where(
            SecondChannel.student_id == signed_in.actor.student_id,
            SecondChannel.ended_at.is_(None),
            SecondChannel.expires_at > work.now,
        )
        .order_by(SecondChannel.asked_at)
    ).all()
    found = []
    for task, row in rows:
        works = row is not None and row.used_at is None and row.void_at is None and row.expires_at > work.now
        found.append(
            UnderWay(
                channel=Channel(task.channel),
                asked_at=task.asked_at,
                made=works,
                until=row.expires_at if works else None,
                posted_on=task.posted_on,
                may_ask_again=_may_ask_again(work, task),
            )
        )
    return found


def _may_ask_again(work: Work, task: SecondChannel) -> bool:
    """Not while the school still has to act on the first asking."""
    return task.posted_on is not None and task.posted_on + LETTER_TAKES <= work.today


def ask(signed_in: SignedIn, clock: Clock, channel: Channel | str) -> None:
    """Asks for a letter with a code, or to be called back, and tells who has to do it. Asked twice, it is one task.

    Raises Refused: bad_channel, not_on_file (channel); TooMany.
    """
    if channel not in ASKED:
        raise Refused("bad_channel")
    wanted, actor = Channel(channel), signed_in.actor
    with writing(actor, clock) as work:
        work.require(Act.STEP_UP, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        held = proven_on_file(work, actor.student_id)
        if not (held.address if wanted is Channel.POST else held.phone):
            raise Refused("not_on_file", channel=wanted)
        if any(not _may_ask_again(work, task) for task in channels.open_tasks(work, actor.student_id, wanted)):
            return
        if not limits.count(work, f"second_{wanted.value}", str(actor.student_id)):
            raise limits.TooMany("too_many", limit=f"second_{wanted.value}")
        task = channels.new_task(work, actor.student_id, wanted)
        branch_id = work.session.get_one(Student, actor.student_id).branch_id
        for staff in staff_of(work, branch_id):
            work.send(messages.staff_code_asked(staff.email, staff.language, staff.id, task.id))
        work.note("ask_second_channel", "student", actor.student_id, channel=wanted.value)


def enter(signed_in: SignedIn, clock: Clock, typed: str) -> Entered:
    """Uses a code that this student was given: once. It raises the session to level 3, and the open requests with it.

    A wrong code counts against every code that is under way. TooMany when a limit is reached.
    """
    actor = signed_in.actor
    limits.demand(clock, "second_code_session", str(signed_in.login_id))
    limits.demand(clock, "second_code_student", str(actor.student_id))
    with writing(actor, clock) as work:
        work.require(Act.STEP_UP, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        live = channels.live_codes(work, actor.student_id)
        if not live:
            return Entered(CodeState.NOTHING)
        right = next(((task, row) for task, row in live if channels.is_right(work, row, typed)), None)
        if right is None:
            return Entered(_wrong(work, live))
        task, row = right
        row.used_at = work.now
        channels.end(work, task, Ended.USED)
        how = channels.WAYS[Channel(task.channel)].value
        level = Level.SECOND_CHANNEL
        work.note("step_up", "student", actor.student_id, level=int(level), how=how)
        raise_open_cases(work, actor.student_id, level, how)
        session_id = add_login(work, actor.student_id, signed_in.address_digest, level, signed_in.login_id)
        return Entered(CodeState.RIGHT, session_id)


def _wrong(work: Work, live: list[tuple[SecondChannel, OneTime]]) -> CodeState:
    for task, row in live:
        row.tries += 1
        if row.tries >= channels.MOST_TRIES:
            channels.end(work, task, Ended.SPENT)
    left = any(task.ended_at is None for task, _row in live)
    work.note("wrong_second_code", "student", work.actor.student_id)
    return CodeState.WRONG if left else CodeState.SPENT
