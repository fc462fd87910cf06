"""What the page of a case asks the database: the case with what there is one of, then all its lines at once; other
requests of the same student and its documents where there are any. Put together once, read as plain rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Boolean,
    Integer,
    LargeBinary,
    Select,
    String,
    Uuid,
    bindparam,
    cast,
    exists,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased
from sqlalchemy.types import TypeEngine

from portal.domain.permissions import BranchScope
from portal.records.db import Moment
from portal.records.queue import reach_of, reached
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseEvent, CaseFile, CaseItem, CaseMessage, CaseStep
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import Branch, Limit, Record, SealedFile

CASE: BindParameter[UUID] = bindparam("case", type_=Case.id.type)

_about, _other = aliased(Case), aliased(Case)
_handler, _decider, _approver = aliased(Staff), aliased(Staff), aliased(Staff)
_upload = exists().where(
    SealedFile.holder_kind == "case",
    SealedFile.holder_id == Case.id,
    SealedFile.retention == bindparam("upload"),
    or_(SealedFile.expires_at.is_(None), SealedFile.expires_at > bindparam("now", type_=SealedFile.expires_at.type)),
)
HEAD = (
    select(
        *Case.__table__.c,
        Branch.name.label("branch"),
        _handler.name.label("handler"),
        _decider.name.label("decider"),
        _approver.name.label("approver"),
        _about.reference.label("about_reference"),
        _about.decider_id.label("about_decider_id"),
        exists().where(Limit.case_id == Case.id, Limit.ended_at.is_(None)).label("restricted"),
        exists().where(ChangeLine.case_id == Case.id, ChangeLine.state == "open").label("changes"),
        exists().where(_other.student_id == Case.student_id, _other.id != Case.id).label("has_others"),
        _upload.label("upload"),
    )
    .select_from(Case)
    .outerjoin(Branch, Branch.id == Case.branch_id)
    .outerjoin(_handler, _handler.id == Case.handler_id)
    .outerjoin(_decider, _decider.id == Case.decider_id)
    .outerjoin(_approver, _approver.id == Case.approver_id)
    .outerjoin(_about, _about.id == Case.about_case_id)
    .where(Case.reference == bindparam("reference"))
)

# Of a line: what it is a line of, and what any of them says; the others leave it empty.
EVENT, MESSAGE, STEP, ITEM, LETTER, PERSON = "event", "message", "step", "item", "letter", "person"
SAID: dict[str, TypeEngine[Any]] = {
    "line": String(),
    "id": Uuid(),
    "position": Integer(),
    "at": Moment(),
    "done_at": Moment(),  # carried out, read, printed
    "kind": String(),
    "actor_kind": String(),
    "by": String(),  # the name of the member of staff
    "from_staff": Boolean(),
    "task": String(),
    "target": String(),
    "state": String(),
    "dataset": String(),
    "item_id": Uuid(),
    "field": String(),
    "group_number": Integer(),
    "activity": String(),
    "outcome": String(),
    "ground": String(),
    "level": Integer(),
    "retention": String(),
    "sealed": LargeBinary(),
}


def _lines(line: str, **said: Any) -> Select[Any]:
    told = {"line": literal_column(f"'{line}'"), **said}
    return select(*(told.get(name, cast(null(), kind)).label(name) for name, kind in SAID.items()))


def _own(table: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(table, name) for name in ("id", *names)}


LINES = union_all(
    _lines(EVENT, by=Staff.name, **_own(CaseEvent, "at", "kind", "actor_kind", "sealed"))
    .outerjoin_from(CaseEvent, Staff, Staff.id == CaseEvent.actor_id)
    .where(CaseEvent.case_id == CASE),
    _lines(MESSAGE, by=Staff.name, done_at=CaseMessage.read_at, **_own(CaseMessage, "at", "from_staff", "sealed"))
    .outerjoin_from(CaseMessage, Staff, Staff.id == CaseMessage.author_id)
    .where(CaseMessage.case_id == CASE),
    _lines(STEP, by=Staff.name, **_own(CaseStep, "position", "at", "kind", "task", "target", "state", "sealed"))
    .outerjoin_from(CaseStep, Staff, Staff.id == CaseStep.by_id)
    .where(CaseStep.case_id == CASE),
    _lines(
        ITEM,
        group_number=CaseItem.group,
        done_at=CaseItem.executed_at,
        **_own(CaseItem, "position", "target", "dataset", "item_id", "field", "activity", "outcome", "ground"),
        sealed=CaseItem.sealed,
    ).where(CaseItem.case_id == CASE),
    _lines(
        LETTER,
        at=IssuedLetter.issued_at,
        done_at=IssuedLetter.written_at,
        **_own(IssuedLetter, "kind", "target", "level", "sealed"),
    ).where(IssuedLetter.case_id == CASE),
    _lines(PERSON, **_own(Record, "retention", "sealed")).where(
        Record.student_id == bindparam("student", type_=Record.student_id.type), Record.dataset == "person"
    ),
).order_by("position", "at", "id")

DOCUMENTS = select(CaseFile.kind).where(CaseFile.case_id == CASE).order_by(CaseFile.created_at, CaseFile.id)


def head(session: Session, reference: str, upload: str, now: datetime) -> Any:
    """The case of that reference and what there is one of; None where there is none. The names of its `branch`,
    `handler`, `decider` and `approver`, the reference and the decider of what it is `about`; whether something it
    `restricted` still is, `changes` wait for the school's own records, an `upload` (its retention class) waits for a
    look, and the student `has_others`."""
    asked = {"reference": reference, "upload": upload, "now": now}
    return session.connection().execute(HEAD, asked).one_or_none()


def lines(session: Session, case_id: UUID, student_id: UUID | None) -> dict[str, list[Any]]:
    """Everything that a case has many of, and the parts of the student's `person` record, by what they are lines of."""
    found: dict[str, list[Any]] = {name: [] for name in (EVENT, MESSAGE, STEP, ITEM, LETTER, PERSON)}
    for row in session.connection().execute(LINES, {"case": case_id, "student": student_id}):
        found[row.line].append(row)
    return found


def documents(session: Session, case_id: UUID) -> tuple[str, ...]:
    """The kinds of the files that belong to it, oldest first."""
    return tuple(session.connection().execute(DOCUMENTS, {"case": case_id}).scalars())


def others(session: Session, scope: BranchScope, case: Any, most: int) -> Sequence[Any]:
    """The student's other requests within reach: the same kind first, then the latest."""
    reach, places = reach_of(scope)
    values = {**places, "student": case.student_id, "case": case.id, "kind": case.kind}
    return session.connection().execute(_others(reach, most), values).all()


@lru_cache(maxsize=64)
def _others(reach: tuple[bool, bool, int], most: int) -> Any:
    columns = (Case.id, Case.reference, Case.kind, Case.state, Case.outcome, Case.student_id)
    return (
        select(*columns, Case.received_on, Case.entered_at, Case.due_on)
        .where(
            Case.student_id == bindparam("student"),
            Case.id != CASE,
            reached(Case.branch_id, *reach),
        )
        .order_by(Case.kind != bindparam("kind"), Case.received_on.desc(), Case.id.desc())
        .limit(most)
    )
