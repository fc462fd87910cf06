"""Build the packages that wait: the copy of somebody's data as one file, with progress that the page shows.

A builder claims one for some minutes; one that dies lets go by itself and another begins anew. Two variants are kept:
for who is known well enough for everything, and for who is not, without the values that ask for more.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date, timedelta
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, or_, select, update
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Letter
from portal.letters.export import readable_at, withholds
from portal.letters.package import STEPS, Part, parts_of, zipped
from portal.policy.model import Policy
from portal.records import casebook, files
from portal.records.tables.cases import Case, CaseFile
from portal.records.tables.papers import IssuedLetter, Package
from portal.records.tables.people import SealedFile
from portal.services.export import CLASS, PURPOSE, STORED, VARIANTS, ZIP_TYPE
from portal.services.issue_letter import latest
from portal.services.unit import reading, writing
from portal.services.write_letters import bytes_of, write
from portal.vault.envelope import Json

log = logging.getLogger("portal.packages")
CLAIM = timedelta(minutes=5)
MOST_ATTEMPTS = 5
WAITING, READY, FAILED = "waiting", "ready", "failed"
BATCH = 10


def build_waiting(clock: Clock, stopping: Callable[[], bool]) -> dict[str, int]:
    """Builds what waits, one at a time."""
    built = failed = 0
    for _ in range(BATCH):
        claimed = None if stopping() else _claim(clock)
        if claimed is None:
            break
        try:
            _build(clock, claimed)
            built += 1
        except Exception as error:  # one that cannot be built keeps no other from it; its claim runs out
            log.error("package not built", extra={"case": str(claimed), "fault": type(error).__name__})
            failed += 1
    return {"packages": built, "packages_failed": failed}


def _claim(clock: Clock) -> UUID | None:
    """The case whose package is built next by whoever asked; None when nothing waits."""
    with writing(SYSTEM, clock) as work:
        work.require(Act.BUILD_PACKAGE)
        free = or_(Package.claimed_until.is_(None), Package.claimed_until <= work.now)
        found = work.session.execute(
            select(Package)
            .where(Package.state == WAITING, free)
            .order_by(Package.asked_at, Package.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).scalar_one_or_none()
        if found is None:
            return None
        found.claimed_until, found.attempts, found.done = work.now + CLAIM, found.attempts + 1, 0
        if found.attempts > MOST_ATTEMPTS:
            found.state, found.claimed_until = FAILED, None
        work.session.flush()
        return found.case_id if found.state == WAITING else None


def _build(clock: Clock, case_id: UUID) -> None:
    document, letter_id, language, stored = _read(clock, case_id)
    if document is None:  # taken back or erased meanwhile
        _finish(clock, case_id, {}, None)
        return
    letter = _letter(clock, letter_id) if letter_id else None
    policy = cast(Policy, current_app.extensions["policy"])
    shown = {name: readable_at(document, level) for name, level in VARIANTS.items()}
    if not withholds(shown["package_2"]):
        del shown["package_3"]  # the same
    progress = _Progress(clock, case_id, STEPS * len(shown))
    made: dict[str, bytes] = {}
    for name, readable in shown.items():
        parts: list[Part] = []
        for step in parts_of(readable, letter, language, policy):
            parts += step
            progress.step()
        made[name] = zipped(parts, date.fromisoformat(document["made_on"]))
    _finish(clock, case_id, made, stored)


def _read(clock: Clock, case_id: UUID) -> tuple[Json, UUID | None, str, SealedFile | None]:
    with reading(SYSTEM, clock) as work:
        case = work.session.get_one(Case, case_id)
        row = latest(work, case_id, Letter.COPY)
        file = work.session.execute(
            select(SealedFile)
            .join(CaseFile, CaseFile.file_id == SealedFile.id)
            .where(CaseFile.case_id == case_id, CaseFile.kind == STORED)
        ).scalar_one_or_none()
        document = json.loads(files.content(work.vault, file)) if file else None
        return document, row.id if row else None, case.language, file


def _letter(clock: Clock, letter_id: UUID) -> bytes:
    write(clock, letter_id)
    with reading(SYSTEM, clock) as work:
        return bytes_of(work, work.session.get_one(IssuedLetter, letter_id))


class _Progress:
    """Tells the page how far it is; each step is a short transaction of its own."""

    def __init__(self, clock: Clock, case_id: UUID, parts: int) -> None:
        self._clock, self._case_id, self._parts, self._done = clock, case_id, parts, 0
        self._write()

    def step(self) -> None:
        self._done += 1
        self._write()

    def _write(self) -> None:
        with writing(SYSTEM, self._clock) as work:
            values = {"done": self._done, "parts": self._parts, "claimed_until": work.now + CLAIM}
            work.session.execute(update(Package).where(Package.case_id == self._case_id).values(**values))


def _finish(clock: Clock, case_id: UUID, made: dict[str, bytes], stored: SealedFile | None) -> None:
    """Keeps the packages and lets go. A copy that was built anew meanwhile has its own package coming: then these are
    dropped."""
    with writing(SYSTEM, clock) as work:
        package = work.session.execute(select(Package).where(Package.case_id == case_id).with_for_update()).scalar_one()
        current = work.session.execute(
            select(CaseFile.file_id).where(CaseFile.case_id == case_id, CaseFile.kind == STORED)
        ).scalar_one_or_none()
        package.claimed_until = None
        if stored is None or current != stored.id:
            package.state = WAITING if current and stored is not None else FAILED
            return
        holder = casebook.holder(case_id)
        old = select(CaseFile.file_id).where(CaseFile.case_id == case_id, CaseFile.kind.in_(list(VARIANTS)))
        gone = list(work.session.execute(old).scalars())
        work.session.execute(delete(CaseFile).where(CaseFile.case_id == case_id, CaseFile.kind.in_(list(VARIANTS))))
        files.remove(work.session, holder, gone)
        for name, content in made.items():
            file = files.store(
                work.session, work.vault, holder, CLASS, PURPOSE, ZIP_TYPE, content, work.now, stored.expires_at
            )
            work.session.add(CaseFile(id=uuid7(), case_id=case_id, file_id=file.id, kind=name, created_at=work.now))
        package.state, package.done = READY, package.parts
        work.note("build_package", "case", case_id, sizes=[len(content) for content in made.values()])
