"""Compare the two databases and what is under way: what a crash, a restore or a hand at the files left (decision 0003).

Two databases have two commits. In the order in which they are written a crash leaves keys without rows, or rows whose
keys were destroyed already; neither harms, and both are found and taken out here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, exists, select, update

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import FieldType
from portal.records import items
from portal.records.db import db
from portal.records.sealing import SEALED, Key, uses
from portal.records.tables.cases import Case, CaseFile
from portal.records.tables.erasure import Erasure
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import SealedFile, Student
from portal.records.tables.proof import OutMail
from portal.services import belonging, erasing, erasure_ledger, standing
from portal.services.doomed import Doomed
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION
from portal.vault.tables import data_key, lookup

FRESH = timedelta(hours=1)  # keys are written before their rows, and work may be under way for so long
CHUNK = 400


class NotReconciled(Exception):
    """Nothing was compared: what would be taken out is only not readable at this moment."""


@dataclass(frozen=True, slots=True)
class Found:
    """In numbers. `rows_without_keys` and `kept_without_keys` by table: the latter stay, for what they say in clear."""

    rows_without_keys: dict[str, int] = field(default_factory=dict)
    kept_without_keys: dict[str, int] = field(default_factory=dict)
    keys_without_rows: int = 0
    look_ups_without_holder: int = 0
    files_without_rows: int = 0
    erasures_hanging: int = 0
    mails_hanging: int = 0
    erasures_not_in_ledger: int = 0
    fixed: bool = False

    @property
    def amiss(self) -> int:
        """How much there is to repair."""
        return (
            sum(self.rows_without_keys.values())
            + self.keys_without_rows
            + self.look_ups_without_holder
            + self.files_without_rows
            + self.erasures_hanging
            + self.mails_hanging
            + self.erasures_not_in_ledger
        )

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "amiss": self.amiss}


@dataclass(slots=True)
class _Compared:
    rows: dict[int, list[UUID]] = field(default_factory=dict)  # by place in SEALED
    kept: Counter[str] = field(default_factory=Counter)
    keys: list[UUID] = field(default_factory=list)
    look_ups: list[int] = field(default_factory=list)
    files: list[UUID] = field(default_factory=list)
    erasures: list[UUID] = field(default_factory=list)
    mails: list[UUID] = field(default_factory=list)
    untold: list[UUID] = field(default_factory=list)

    def found(self, fixed: bool) -> Found:
        return Found(
            {SEALED[place].name: len(rows) for place, rows in self.rows.items()},
            dict(self.kept),
            len(self.keys),
            len(self.look_ups),
            len(self.files),
            len(self.erasures),
            len(self.mails),
            len(self.untold),
            fixed,
        )


def reconcile(actor: Actor, clock: Clock, fix: bool = False) -> Found:
    """What does not fit; with `fix` it is taken out or gone on with, and logged. Raises NotReconciled."""
    reason = standing.why_not_serving(current_app) or belonging.why_not(current_app.extensions["master_key"])
    if reason:
        raise NotReconciled(reason)
    with reading(actor, clock) as work:
        work.require(Act.VIEW_OPERATIONS)
        compared = _compare(work)
    if not fix or not compared.found(False).amiss:
        return compared.found(False)
    _go_on(clock, compared)
    with writing(actor, clock) as work:
        work.require(Act.MANAGE_SETTINGS)
        _take_out(work, compared)
        counts = {name: value for name, value in compared.found(True).as_dict().items() if value}
        work.note("reconcile", "installation", None, **counts)
    return compared.found(True)


# --- comparing


def _compare(work: Work) -> _Compared:
    holders = {("student", each) for each in work.session.execute(select(Student.id)).scalars()}
    holders |= {("case", each) for each in work.session.execute(select(Case.id)).scalars()}
    compared = _Compared()
    there, made = _keys()
    used: set[Key] = set()
    shredded = _shredded(work)
    lost = set(_lost_files(work, holders))
    for place, each in enumerate(SEALED):
        for row, key in uses(work.session, each):
            if key in there:
                if row not in lost:
                    used.add(key)
                continue
            lost.discard(row)  # a picture goes with the key of its record
            if each.disposable and not (each.table is OutMail and key[:2] in shredded):
                compared.rows.setdefault(place, []).append(row)
            else:
                compared.kept[each.name] += 1
    compared.files = sorted(lost)
    searched = _look_ups(compared, holders)
    for key, key_id in there.items():
        kind, holder, retention, _ = key
        wanted = key in used or (kind, holder, retention) in searched
        own = kind == INSTALLATION.kind or (kind == "case" and (kind, holder) in holders)
        if not wanted and not own and work.now - made[key_id] > FRESH:
            compared.keys.append(key_id)
    _hanging(work, compared)
    return compared


def _shredded(work: Work) -> set[tuple[str, UUID]]:
    """Cases whose mails lost their key on purpose (`shred_addresses`): that they left, and when, is still needed."""
    done = select(Erasure.case_id).where(Erasure.state == erasing.DONE, Erasure.case_id.is_not(None))
    return {("case", case_id) for case_id in work.session.execute(done).scalars() if case_id}


def _keys() -> tuple[dict[Key, UUID], dict[UUID, datetime]]:
    """Every key there is, and when it was made: its number tells (UUIDv7)."""
    columns = data_key.c
    there: dict[Key, UUID] = {}
    with db.engines["keys"].connect() as connection:
        wanted = select(columns.holder_kind, columns.holder_id, columns.retention, columns.version, columns.id)
        for kind, holder, retention, version, key_id in connection.execute(wanted):
            there[kind, holder, retention, version] = key_id
    made = {key_id: datetime.fromtimestamp((key_id.int >> 80) / 1000, UTC) for key_id in there.values()}
    return there, made


def _look_ups(compared: _Compared, holders: set[tuple[str, UUID]]) -> set[tuple[str, UUID, str]]:
    """Notes those whose holder is gone; which classes the others belong to."""
    searched = set()
    with db.engines["keys"].connect() as connection:
        wanted = select(lookup.c.id, lookup.c.holder_kind, lookup.c.holder_id, lookup.c.retention)
        for row, kind, holder, retention in connection.execute(wanted):
            if kind in {"student", "case"} and (kind, holder) not in holders:
                compared.look_ups.append(row)
            else:
                searched.add((kind, holder, retention))
    return searched


def _lost_files(work: Work, holders: set[tuple[str, UUID]]) -> list[UUID]:
    """Files of nobody, files of a case that the case does not list, and pictures that no record shows."""
    lost: list[UUID] = []
    pictures: dict[UUID, set[UUID]] = {}
    for row in work.session.execute(
        select(SealedFile.id, SealedFile.holder_kind, SealedFile.holder_id, SealedFile.purpose)
    ):
        if row.holder_kind in {"student", "case"} and (row.holder_kind, row.holder_id) not in holders:
            lost.append(row.id)
        elif row.purpose == "screenshot":
            pictures.setdefault(row.holder_id, set()).add(row.id)
    listed = select(SealedFile.id).where(
        SealedFile.holder_kind == "case",
        SealedFile.purpose.in_(("letter", "export")),
        SealedFile.created_at < work.now - FRESH,
        ~exists().where(CaseFile.file_id == SealedFile.id),
        ~exists().where(IssuedLetter.file_id == SealedFile.id),
    )
    lost += work.session.execute(listed).scalars()
    for student_id, there in pictures.items():
        shown = {
            UUID(str(value))
            for item in items.items_of(work.session, work.vault, student_id)
            for code, value in item.values.items()
            if value and work.policy.field(item.dataset, code).type is FieldType.IMAGE
        }
        lost += there - shown
    return list(dict.fromkeys(lost))


def _hanging(work: Work, compared: _Compared) -> None:
    begun = select(Erasure.id, Erasure.state, Erasure.begun_at).where(Erasure.state.in_(erasure_ledger.BEGUN))
    told = erasure_ledger.ledger().ids()
    for erasure_id, state, at in work.session.execute(begun):
        if state == erasing.RUNNING and (at is None or work.now - at > FRESH):
            compared.erasures.append(erasure_id)
        if state != erasing.RUNNING and erasure_id not in told:
            compared.untold.append(erasure_id)
    leased = select(OutMail.id).where(OutMail.state == "waiting", OutMail.lease_until < work.now - FRESH)
    compared.mails = list(work.session.execute(leased).scalars())


# --- repairing


def _go_on(clock: Clock, compared: _Compared) -> None:
    for erasure_id in compared.erasures:
        erasing.run(clock, erasure_id)


def _take_out(work: Work, compared: _Compared) -> None:
    for place, rows in compared.rows.items():
        each = SEALED[place]
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            work.session.execute(delete(each.table).where(each.row.in_(part)))
    for start in range(0, len(compared.files), CHUNK):
        part = compared.files[start : start + CHUNK]
        work.session.execute(delete(SealedFile).where(SealedFile.id.in_(part)))
    work.session.execute(update(OutMail).where(OutMail.id.in_(compared.mails)).values(lease_until=None, leased_by=None))
    for erasure_id in compared.untold:
        erasure = work.session.get_one(Erasure, erasure_id)
        erasure_ledger.remember(work, erasure, Doomed.from_text(erasure.plan))
    with db.engines["keys"].begin() as connection:
        for start in range(0, len(compared.keys), CHUNK):
            connection.execute(delete(data_key).where(data_key.c.id.in_(compared.keys[start : start + CHUNK])))
        for start in range(0, len(compared.look_ups), CHUNK):
            connection.execute(delete(lookup).where(lookup.c.id.in_(compared.look_ups[start : start + CHUNK])))
