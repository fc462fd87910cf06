"""The office uploads the school's export: sealed in parts as it comes in; the worker looks at it next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records import files
from portal.records.tables.office import Intake
from portal.services import intakes
from portal.services.intakes import FILES, KEPT, PURPOSE, State
from portal.services.unit import Work, writing

PART = 4 * 1024 * 1024  # bytes under one seal: what memory holds at a time
MAX_FILES = 400
MAX_NAME = 300
MEDIA_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Sent:
    """One file of the form."""

    name: str
    stream: BinaryIO


def upload_export(actor: Actor, clock: Clock, sent: Sequence[Sent]) -> UUID:
    """Keeps what was sent for 72 hours at most. What is in it is told by the dry run, which begins within seconds.

    Raises NotAllowed, and Refused: intake_nothing_sent, intake_too_many_files (most), intake_under_way.
    """
    if not sent:
        raise Refused("intake_nothing_sent")
    if len(sent) > MAX_FILES:
        raise Refused("intake_too_many_files", most=MAX_FILES)
    with writing(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        assert actor.id is not None
        intakes.one_at_a_time(work)
        if intakes.under_way(work) is not None:
            raise Refused("intake_under_way")
        intake_id = uuid7()
        listed = [_keep(work, intake_id, each) for each in sent]
        size = sum(length for _, length, _ in listed)
        if not size:
            raise Refused("intake_nothing_sent")
        work.session.add(
            Intake(
                id=intake_id,
                state=State.WAITING.value,
                slot=1,
                by_id=actor.id,
                created_at=work.now,
                expires_at=work.now + KEPT,
                step_at=work.now,
                size=size,
                files_sealed=intakes.seal_files(work, intake_id, listed),
            )
        )
        work.note("upload_export", "installation", None, files=len(listed), size=size)
        return intake_id


def _keep(work: Work, intake_id: UUID, sent: Sent) -> tuple[str, int, list[str]]:
    """Name, size and the ids of the parts. A row leaves the session at once, so that memory stays flat."""
    parts, size = [], 0
    for content in _parts(sent.stream):
        row = files.store(
            work.session,
            work.vault,
            intakes.holder(intake_id),
            FILES,
            PURPOSE,
            MEDIA_TYPE,
            content,
            work.now,
            work.now + KEPT,
        )
        work.session.expunge(row)
        parts.append(row.id.hex)
        size += len(content)
    return sent.name[:MAX_NAME], size, parts


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    while content := stream.read(PART):
        yield content
