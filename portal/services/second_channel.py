"""A second channel, for level 3: a code by post, by a call back, or at the desk where an ID was shown (regulation).

What the three share: how long a code lives, what it is bound to, how it is made and how it dies. A code is a one-time
row, keyed-hashed; it dies when it is used, after five wrong tries, when a newer one of its channel is made, when its
time is over, and when the address, phone or mail address on file is no longer what it was when the code was made.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.assurance import OnFile, Way
from portal.domain.digits import compact, only_digits
from portal.records.items import persons
from portal.records.tables.access import OneTime, SecondChannel
from portal.services.unit import Work
from portal.vault.envelope import Json

CODE_DIGITS = 8
MOST_TRIES = 5


class Channel(StrEnum):
    """Values are stored."""

    POST = "post"
    CALL = "call"
    DESK = "desk"


ASKED = frozenset({Channel.POST, Channel.CALL})  # what a student can ask for; at the desk one simply stands


@dataclass(frozen=True, slots=True)
class Terms:
    """`code`: how long a code lives; `task`: how long the school may take until it is made; `bound`: the values on
    file that it is bound to."""

    code: timedelta
    task: timedelta
    bound: tuple[str, ...]


ADDRESS = ("street", "postcode", "town")
TERMS: Mapping[Channel, Terms] = MappingProxyType(
    {
        Channel.POST: Terms(timedelta(days=21), timedelta(days=14), (*ADDRESS, "email")),
        Channel.CALL: Terms(timedelta(minutes=15), timedelta(days=5), ("phone", "email")),
        Channel.DESK: Terms(timedelta(hours=24), timedelta(hours=24), ("email",)),
    }
)
WAYS: Mapping[Channel, Way] = MappingProxyType(
    {Channel.POST: Way.POST_CODE, Channel.CALL: Way.CALL_BACK, Channel.DESK: Way.SHOW_ID_AT_DESK}
)


class Ended(StrEnum):
    """How a task came to its end; values are stored."""

    USED = "used"
    REPLACED = "replaced"  # a newer one was asked for or made
    STOPPED = "stopped"  # by staff: it cannot be done
    CHANGED = "changed"  # what is on file changed
    SPENT = "spent"  # too many wrong tries


def on_file(person: Mapping[str, Json]) -> OnFile:
    """By which facts somebody can be known; a way without its fact is not offered."""
    held = {code: bool(str(person.get(code) or "").strip()) for code in ("birth_date", "student_number", "phone")}
    return OnFile(
        email=bool(person.get("email")),
        birth_date=held["birth_date"],
        postcode=bool(person.get("postcode")),
        student_number=held["student_number"],
        address=all(str(person.get(code) or "").strip() for code in ADDRESS),
        phone=held["phone"],
    )


def person_of(work: Work, student_id: UUID) -> Mapping[str, Json]:
    """The values of the student's own record; nothing when they are gone."""
    found = persons(work.session, work.vault, [student_id]).get(student_id)
    return found.values if found else {}


def purpose_of(channel: Channel) -> str:
    """Of the one-time row."""
    return f"level3_{channel.value}"


def contact_digest(work: Work, channel: Channel, person: Mapping[str, Json]) -> bytes:
    """What a code of this channel is bound to, as it stands on file now; not how it is spelled."""
    bound = "|".join(compact(str(person.get(code) or "")) for code in TERMS[channel].bound)
    return work.vault.digest("second_channel", f"{channel.value}|{bound}")


def open_tasks(work: Work, student_id: UUID, channel: Channel | None = None) -> list[SecondChannel]:
    """The student's tasks that are neither ended nor past their time, locked, in a stable order."""
    statement = (
        select(SecondChannel)
        .where(
            SecondChannel.student_id == student_id,
            SecondChannel.ended_at.is_(None),
            SecondChannel.expires_at > work.now,
        )
        .order_by(SecondChannel.id)
        .with_for_update()
    )
    if channel is not None:
        statement = statement.where(SecondChannel.channel == channel.value)
    return list(work.session.execute(statement).scalars())


def new_task(work: Work, student_id: UUID, channel: Channel) -> SecondChannel:
    """A task in the place of older ones of its channel, whose codes die."""
    for older in open_tasks(work, student_id, channel):
        end(work, older, Ended.REPLACED)
    task = SecondChannel(
        id=uuid7(),
        student_id=student_id,
        channel=channel.value,
        asked_at=work.now,
        expires_at=work.now + TERMS[channel].task,
    )
    work.session.add(task)
    work.session.flush()
    return task


def make_code(work: Work, task: SecondChannel) -> str:
    """A fresh code for the task, which only the caller sees; an earlier one of the task dies."""
    kill(work, task)
    channel, row = Channel(task.channel), uuid7()
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    expires_at = work.now + TERMS[channel].code
    work.session.add(
        OneTime(
            id=row,
            purpose=purpose_of(channel),
            token_digest=secrets.token_bytes(32),  # there is no link
            code_digest=_code_digest(work, row, code),
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    work.session.flush()
    task.one_time_id, task.made_at, task.made_by = row, work.now, work.actor.id
    task.contact = contact_digest(work, channel, person_of(work, task.student_id))
    task.expires_at = max(task.expires_at, expires_at)
    return code


def _code_digest(work: Work, row: UUID, code: str) -> bytes:
    """Keyed: eight digits behind a plain hash would be guessed from a copy of the table."""
    return work.vault.digest("second_channel_code", f"{row.hex}|{code}")


def is_right(work: Work, row: OneTime, typed: str) -> bool:
    return hmac.compare_digest(row.code_digest or b"", _code_digest(work, row.id, only_digits(typed)))


def kill(work: Work, task: SecondChannel) -> None:
    """The code of the task works no more."""
    row = work.session.get(OneTime, task.one_time_id) if task.one_time_id else None
    if row is not None and row.used_at is None and row.void_at is None:
        row.void_at = work.now


def end(work: Work, task: SecondChannel, how: Ended) -> None:
    kill(work, task)
    task.ended_at, task.ended_how = work.now, how.value


def live_codes(work: Work, student_id: UUID) -> list[tuple[SecondChannel, OneTime]]:
    """The student's codes that work now, locked. One whose address or phone is no longer on file ends here."""
    rows = work.session.execute(
        select(SecondChannel, OneTime)
        .join(OneTime, OneTime.id == SecondChannel.one_time_id)
        .where(
            SecondChannel.student_id == student_id,
            SecondChannel.ended_at.is_(None),
            OneTime.used_at.is_(None),
            OneTime.void_at.is_(None),
            OneTime.expires_at > work.now,
        )
        .order_by(OneTime.id)
        .with_for_update()
    ).all()
    found = []
    person = person_of(work, student_id) if rows else {}
    for task, row in rows:
        if hmac.compare_digest(task.contact or b"", contact_digest(work, Channel(task.channel), person)):
            found.append((task, row))
        else:
            end(work, task, Ended.CHANGED)
    return found
