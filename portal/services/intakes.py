"""An upload of the office on its way: its states, what is kept of it under which key, and how it is wiped.

The bytes lie sealed in parts under a key of their own, which is destroyed with the import, and after 72 hours at the
latest. The report, with masked values and the numbers of people past their term, lives as long and no longer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update

from portal.domain.refusal import Refused
from portal.intake.arrival import Upload
from portal.records import files
from portal.records.tables.office import Intake
from portal.records.tables.people import SealedFile
from portal.services import erasure_ledger
from portal.services.casework import NotFound
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded

KIND = "intake"  # of the holder of its keys
FILES, REPORT = "upload", "import"  # classes of keys
PURPOSE = "intake"
KEPT = timedelta(hours=72)
LOCK = 0x70_72_69_75  # on PostgreSQL: two uploads at once wait for each other


class State(StrEnum):
    """Where an upload stands."""

    WAITING = "waiting"  # to be looked at
    LOOKING = "looking"
    LOOKED = "looked"  # the dry run is there: somebody decides
    CONFIRMED = "confirmed"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Move(StrEnum):
    LOOK = "look"
    SHOW = "show"
    LOOK_AGAIN = "look_again"
    CONFIRM = "confirm"
    BEGIN = "begin"
    FINISH = "finish"
    REFUSE = "refuse"
    FAIL = "fail"
    CANCEL = "cancel"
    EXPIRE = "expire"


S = State
BEFORE = frozenset({S.WAITING, S.LOOKING, S.LOOKED, S.CONFIRMED})  # nothing is written yet
WORKING = frozenset({S.WAITING, S.LOOKING, S.CONFIRMED, S.RUNNING})  # it goes on by itself
ENDED = frozenset({S.DONE, S.REFUSED, S.FAILED, S.CANCELLED, S.EXPIRED})
MOVES: Mapping[Move, tuple[frozenset[State], State]] = {
    Move.LOOK: (frozenset({S.WAITING, S.LOOKING}), S.LOOKING),
    Move.SHOW: (frozenset({S.LOOKING}), S.LOOKED),
    Move.LOOK_AGAIN: (frozenset({S.LOOKED}), S.WAITING),
    Move.CONFIRM: (frozenset({S.LOOKED}), S.CONFIRMED),
    Move.BEGIN: (frozenset({S.CONFIRMED, S.RUNNING}), S.RUNNING),
    Move.FINISH: (frozenset({S.RUNNING}), S.DONE),
    Move.REFUSE: (frozenset({S.LOOKING, S.RUNNING}), S.REFUSED),
    Move.FAIL: (frozenset({S.LOOKING, S.RUNNING}), S.FAILED),
    Move.CANCEL: (BEFORE, S.CANCELLED),
    Move.EXPIRE: (frozenset({*BEFORE, S.RUNNING}), S.EXPIRED),
}


class MovedOn(Refused):
    """Somebody else, or the worker, was first: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Told:
    """The report of a dry run or an import, as plain data, and whom staff admit: student number to reason."""

    report: dict[str, Any] = field(default_factory=dict)
    admit: dict[str, str] = field(default_factory=dict)


def holder(intake_id: UUID) -> Holder:
    return Holder(KIND, intake_id)


def place(intake_id: UUID, column: str) -> Place:
    return Place("intake", column, intake_id)


def one_at_a_time(work: Work) -> None:
    """Held until the unit ends; on SQLite a unit that writes is alone anyway."""
    if work.session.get_bind().dialect.name == "postgresql":
        work.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def under_way(work: Work) -> Intake | None:
    """The one that has not ended."""
    statement = select(Intake).where(Intake.slot.is_not(None)).execution_options(populate_existing=True)
    return work.session.execute(statement).scalar_one_or_none()


def one(work: Work, intake_id: UUID) -> Intake:
    statement = select(Intake).where(Intake.id == intake_id).execution_options(populate_existing=True)
    found = work.session.execute(statement).scalar_one_or_none()
    if found is None:
        raise NotFound(str(intake_id))
    return found


def move(work: Work, intake_id: UUID, how: Move, version: int | None = None, **values: object) -> int:
    """Makes the move in one statement and returns the version after it. Raises MovedOn: its state is another by now,
    or `version` is not what was looked at."""
    sources, target = MOVES[how]
    ends: dict[str, object] = {"slot": None, "ended_at": work.now} if target in ENDED else {}
    statement = (
        update(Intake)
        .where(Intake.id == intake_id, Intake.state.in_([each.value for each in sources]))
        .values(
            **{"lease_until": None, "tries": 0, "done": 0, "step_at": work.now}
            | ends
            | values
            | {"state": target.value, "version": Intake.version + 1}
        )
        .returning(Intake.version)
    )
    if version is not None:
        statement = statement.where(Intake.version == version)
    moved = work.session.execute(statement, execution_options={"synchronize_session": False}).scalar()
    if moved is None:
        raise MovedOn("intake_moved_on")
    return int(moved)


# --- what is kept of it


def seal_files(work: Work, intake_id: UUID, listed: Json) -> bytes:
    return work.vault.seal(holder(intake_id), FILES, place(intake_id, "files_sealed"), {"files": listed})


def uploads(work: Work, intake: Intake) -> list[Upload]:
    """The files as they came; each part is opened when it is asked for. Raises Shredded when they were wiped."""
    if intake.files_sealed is None:
        raise Shredded("the bytes are wiped")
    told = work.vault.open(holder(intake.id), FILES, place(intake.id, "files_sealed"), intake.files_sealed)
    return [
        Upload(str(name), int(size), _Parts(work, intake.id, [UUID(part) for part in parts]))
        for name, size, parts in told["files"]
    ]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The content of one file, a part at a time, from the start each time it is asked for."""

    work: Work
    intake_id: UUID
    parts: list[UUID]

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            statement = select(SealedFile.sealed).where(SealedFile.id == part)
            sealed = self.work.session.execute(statement).scalar()
            if sealed is None:
                raise Shredded("a part is gone")
            yield self.work.vault.open_file(holder(self.intake_id), FILES, files.place(part), sealed)


def told(work: Work, intake: Intake) -> Told:
    if intake.sealed is None:
        return Told()
    try:
        found = work.vault.open(holder(intake.id), REPORT, place(intake.id, "sealed"), intake.sealed)
    except Shredded:
        return Told()
    return Told(found["report"], found["admit"])


def seal_told(work: Work, intake_id: UUID, what: Told) -> bytes:
    contents = {"report": what.report, "admit": what.admit}
    return work.vault.seal(holder(intake_id), REPORT, place(intake_id, "sealed"), contents)


def as_text(counts: Mapping[str, int]) -> str:
    return json.dumps(counts, sort_keys=True)


def wipe_files(work: Work, intake_id: UUID) -> None:
    """The bytes are gone: the key first, and the ledger knows, so that no backup brings them back."""
    erasure_ledger.destroy_key(work, holder(intake_id), FILES)
    of_it = (SealedFile.holder_kind == KIND, SealedFile.holder_id == intake_id)
    work.session.execute(delete(SealedFile).where(*of_it), execution_options={"synchronize_session": False})
    _forget(work, intake_id, "files_sealed")


def wipe_report(work: Work, intake_id: UUID) -> None:
    work.vault.destroy(holder(intake_id), REPORT)
    _forget(work, intake_id, "sealed")


def _forget(work: Work, intake_id: UUID, column: str) -> None:
    statement = update(Intake).where(Intake.id == intake_id).values({column: None})
    work.session.execute(statement, execution_options={"synchronize_session": False})


def to_wipe(work: Work) -> tuple[list[UUID], list[UUID]]:
    """Those whose bytes, and those whose report, have had their time."""
    ended = Intake.state.in_([state.value for state in ENDED])
    bytes_left = select(Intake.id).where(ended, Intake.files_sealed.is_not(None))
    old = select(Intake.id).where(ended, Intake.sealed.is_not(None), Intake.expires_at <= work.now)
    return _ids(work, bytes_left), _ids(work, old)


def _ids(work: Work, statement: Any) -> list[UUID]:
    found: Iterable[UUID] = work.session.execute(statement).scalars()
    return list(found)
