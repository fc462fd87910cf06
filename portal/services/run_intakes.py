"""The worker's part of an upload: the dry run, the import, and wiping what has had its time.

A step is claimed with a lease, so that one worker does it and another goes on when that one died. The import is one
transaction together with its end: however often it is cut off, it happened once or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM, Actor, NotAllowed
from portal.intake.arrival import Arrival, arrived, sweep_left_over
from portal.intake.faults import BadStructure, BadValue, StructuralFault
from portal.intake.mapping import ExportMapping, shipped_mapping
from portal.intake.report import MAX_LISTED
from portal.records.db import db, to_write
from portal.records.tables.access import Staff
from portal.records.tables.office import Intake
from portal.services import intakes, upload_way
from portal.services.import_rows import ImportRows
from portal.services.imported import Imported
from portal.services.intakes import Move, MovedOn, State, Told
from portal.services.recognise import staff_actor
from portal.services.unit import Work, reading, writing
from portal.vault.normal import normal_number
from portal.vault.vault import Shredded

LEASE = timedelta(minutes=10)
MOST_TRIES = 3
OFTEN = 1.0  # seconds between two notes of progress
BAD_STRUCTURE = "bad_structure"
log = logging.getLogger("portal.intake")


class Interrupted(Exception):
    """The worker stops: what it has in hand is left to the next one."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step in this worker's hands. `version` is that of the claim: whoever moved it on took it away."""

    id: UUID
    state: State
    version: int
    by_id: UUID
    tries: int


def run(clock: Clock, stopping: Callable[[], bool]) -> dict[str, int]:
    """Takes the upload under way one step on, where a step is due; safe to call at any time and beside others."""
    with reading(SYSTEM, clock) as work:
        if intakes.under_way(work) is None and not any(intakes.to_wipe(work)):
            return {}
    done = {"wiped": wipe(clock)}
    with writing(SYSTEM, clock) as work:
        claimed = _claim(work)
    if claimed is None:
        return done
    sweep_left_over()
    name = "imported" if claimed.state is State.RUNNING else "looked"
    try:
        _step(clock, claimed, stopping)
    except (MovedOn, Shredded):
        return done  # cancelled, or gone on with by somebody else
    except Interrupted:
        _let_go(clock, claimed)
        return done
    except Exception:
        _failed(clock, claimed)
        raise
    finally:
        wipe(clock)
    return {**done, name: 1}


def _claim(work: Work) -> Claimed | None:
    intake = intakes.under_way(work)
    if intake is None or (intake.lease_until is not None and intake.lease_until > work.now):
        return None
    state = State(intake.state)
    if state not in intakes.WORKING:
        return None
    how = Move.LOOK if state in intakes.MOVES[Move.LOOK][0] else Move.BEGIN
    again = state in (State.LOOKING, State.RUNNING)
    tries = intake.tries + 1 if again else 1
    step_at = intake.step_at if again else work.now
    version = intakes.move(
        work, intake.id, how, intake.version, lease_until=work.now + LEASE, tries=tries, step_at=step_at
    )
    return Claimed(intake.id, intakes.MOVES[how][1], version, intake.by_id, tries)


def _step(clock: Clock, claimed: Claimed, stopping: Callable[[], bool]) -> None:
    try:
        if claimed.state is State.RUNNING:
            _import(clock, claimed, stopping)
        else:
            _look(clock, claimed, stopping)
    except BadValue as bad:
        _refuse(clock, claimed, bad.code, {})
    except (BadStructure, StructuralFault) as error:
        faults = error.faults if isinstance(error, BadStructure) else (error,)
        _refuse(clock, claimed, BAD_STRUCTURE, {"faults": [fault.as_json() for fault in faults]})
    except NotAllowed:
        _refuse(clock, claimed, "not_allowed", {})


def _look(clock: Clock, claimed: Claimed, stopping: Callable[[], bool]) -> None:
    actor = _actor(clock, claimed.by_id)
    with _folder(actor, clock, claimed) as (arrival, mapping, admit):
        with reading(actor, clock) as work:
            outcome = ImportRows(work, dry_run=True).run(
                arrival.folder, mapping, admit, Progress(clock, claimed, stopping)
            )
        report = {**_told(outcome), "ignored": arrival.ignored}
    with writing(SYSTEM, clock) as work:
        sealed = intakes.seal_told(work, claimed.id, Told(report, admit))
        intakes.move(work, claimed.id, Move.SHOW, claimed.version, sealed=sealed)


def _import(clock: Clock, claimed: Claimed, stopping: Callable[[], bool]) -> None:
    actor = _actor(clock, claimed.by_id)
    with _folder(actor, clock, claimed) as (arrival, mapping, admit), writing(actor, clock) as work:
        work.require(Act.IMPORT_STUDENTS)
        alone = work.session.get_bind().dialect.name == "sqlite"
        progress = Progress(clock, claimed, stopping, silent=alone)
        outcome = ImportRows(work, dry_run=False).run(arrival.folder, mapping, admit, progress, settled=True)
        _note_admitted(work, admit)
        counts = {name: value for name, value in _told(outcome).items() if type(value) is int}
        sealed = intakes.seal_told(work, claimed.id, Told({**_told(outcome), "ignored": arrival.ignored}, admit))
        intakes.move(work, claimed.id, Move.FINISH, claimed.version, sealed=sealed, counts=intakes.as_text(counts))


def _note_admitted(work: Work, admit: dict[str, str]) -> None:
    """That somebody past the term, or erased before, was taken in, and why: under the student's own key."""
    found = work.vault.find_many("student_number", [normal_number(number) for number in admit])
    for number, reason in admit.items():
        for student_id in found[normal_number(number)]:
            work.note("admit_student", "student", student_id, reason=reason)


def _told(outcome: Imported) -> dict[str, object]:
    """The report as it is kept: lists are cut, counts are not."""
    facts = outcome.as_json()
    lists = {name: facts[name][:MAX_LISTED] for name in ("conflicts", "erased")}
    return {**facts, **lists, "conflict_count": len(outcome.conflicts), "erased_count": len(outcome.erased)}


@contextmanager
def _folder(actor: Actor, clock: Clock, claimed: Claimed) -> Iterator[tuple[Arrival, ExportMapping, dict[str, str]]]:
    """The upload as a folder, and whom staff admit; no transaction is open while it is read."""
    with ExitStack() as stack:
        with reading(actor, clock) as work:
            work.require(Act.IMPORT_STUDENTS)
            intake = intakes.one(work, claimed.id)
            if intake.version != claimed.version:
                raise MovedOn("intake_moved_on")
            mapping = shipped_mapping(work.policy)
            admit = intakes.told(work, intake).admit
            arrival = stack.enter_context(arrived(intakes.uploads(work, intake), mapping))
        yield arrival, mapping, admit


def _actor(clock: Clock, staff_id: UUID) -> Actor:
    """Who confirmed or uploaded it, with what they may do now; somebody who left may nothing."""
    with reading(SYSTEM, clock) as work:
        working = (Staff.id == staff_id, Staff.disabled_at.is_(None))
        staff = work.session.execute(select(Staff.name, Staff.confidentiality_at).where(*working)).first()
        if staff is None:
            raise NotAllowed("not_permitted", act=Act.IMPORT_STUDENTS)
        acknowledged = staff.confidentiality_at is not None
        return replace(staff_actor(staff_id, clock), name=staff.name, confidentiality_acknowledged=acknowledged)


# --- how far it is


@dataclass(slots=True)
class Progress:
    """Called with the bytes read: stops when the worker does or somebody cancelled, and notes how far it is.

    `silent`: on SQLite the import holds the one right to write, so nothing can be noted beside it.
    """

    clock: Clock
    claimed: Claimed
    stopping: Callable[[], bool]
    silent: bool = False
    noted: float = field(default=0.0)

    def __call__(self, done: int, whole: int) -> None:
        if self.stopping():
            raise Interrupted
        now = time.monotonic()
        if self.silent or now - self.noted < OFTEN:
            return
        self.noted = now
        statement = (
            update(Intake)
            .where(Intake.id == self.claimed.id, Intake.version == self.claimed.version)
            .values(done=done, whole=whole, lease_until=self.clock.now() + LEASE)
            .returning(Intake.id)
        )
        with to_write(db.engines[None]) as connection:
            still = connection.execute(statement).first()
        if still is None:
            raise MovedOn("intake_moved_on")


# --- when it does not go well


def _refuse(clock: Clock, claimed: Claimed, reason: str, report: dict[str, object]) -> None:
    with writing(SYSTEM, clock) as work:
        sealed = intakes.seal_told(work, claimed.id, Told(report)) if report else None
        intakes.move(work, claimed.id, Move.REFUSE, claimed.version, reason=reason, sealed=sealed)
        work.note("refuse_import", "installation", None, reason=reason)


def _let_go(clock: Clock, claimed: Claimed) -> None:
    """The next worker may begin at once."""
    with writing(SYSTEM, clock) as work:
        statement = update(Intake).where(Intake.id == claimed.id, Intake.version == claimed.version)
        work.session.execute(
            statement.values(lease_until=None, tries=claimed.tries - 1),
            execution_options={"synchronize_session": False},
        )


def _failed(clock: Clock, claimed: Claimed) -> None:
    """A fault of ours or of the machine: tried again, but not for ever."""
    log.error("an upload could not be read", extra={"step": claimed.state.value, "tries": claimed.tries})
    with writing(SYSTEM, clock) as work:
        if claimed.tries >= MOST_TRIES:
            intakes.move(work, claimed.id, Move.FAIL, claimed.version)
            work.note("fail_import", "installation", None, tries=claimed.tries)
            return
        statement = update(Intake).where(Intake.id == claimed.id, Intake.version == claimed.version)
        work.session.execute(statement.values(lease_until=None), execution_options={"synchronize_session": False})


def wipe(clock: Clock) -> int:
    """Ends what nobody decided on within 72 hours, and wipes the bytes and reports whose time is over."""
    with writing(SYSTEM, clock) as work:
        intake = intakes.under_way(work)
        idle = intake is not None and (intake.lease_until is None or intake.lease_until <= work.now)
        if intake is not None and idle and intake.expires_at <= work.now:
            intakes.move(work, intake.id, Move.EXPIRE)
            work.note("expire_import", "installation", None)
        with_bytes, with_report = intakes.to_wipe(work)
    for intake_id in with_bytes:
        with writing(SYSTEM, clock) as work:
            intakes.wipe_files(work, intake_id)
    for intake_id in with_report:
        with writing(SYSTEM, clock) as work:
            intakes.wipe_report(work, intake_id)
    if with_bytes or with_report:
        upload_way.clean_physically()
    return len(with_bytes) + len(with_report)
