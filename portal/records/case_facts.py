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
    ColumnElement,
    Integer,
    LargeBinary,
    Select,
    String,
    bindparam,
    cast,
    exists,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from portal.domain.permissions import BranchScope
from portal.records.db import Moment
from portal.records.queue import reach_of, reached
from portal.records.tables.access import Staff
from portal.records.tables.cases import Case, CaseEvent, CaseFile, CaseItem, CaseMessage, CaseStep
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import Branch, Limit, Record, SealedFile
from portal.vault.uuids import Uuid

CASE: BindParameter[UUID] = bindparam("case", type_=Case.id.type)

# Of tables, not of their classes: what a class adds to a statement is looked at each time that it is asked.
_case, _branch, _staff, _record = (each.__table__.c for each in (Case, Branch, Staff, Record))
_event, _message, _step, _item = (each.__table__.c for each in (CaseEvent, CaseMessage, CaseStep, CaseItem))
_letter, _limit, _change, _file = (each.__table__.c for each in (IssuedLetter, Limit, ChangeLine, SealedFile))
_about, _other = (Case.__table__.alias() for _ in range(2))
_handler, _decider, _approver = (Staff.__table__.alias() for _ in range(3))

_upload = exists().where(
    _file.holder_kind == "case",
    _file.holder_id == _case.id,
    _file.retention == bindparam("upload"),
    or_(_file.expires_at.is_(None), _file.expires_at > bindparam("now", type_=_file.expires_at.type)),
)
HEAD = (
    select(
        *_case,
        _branch.name.label("branch"),
        _handler.c.name.label("handler"),
        _decider.c.name.label("decider"),
        _approver.c.name.label("approver"),
        _about.c.reference.label("about_reference"),
        _about.c.decider_id.label("about_decider_id"),
        exists().where(_limit.case_id == _case.id, _limit.ended_at.is_(None)).label("restricted"),
        exists().where(_change.case_id == _case.id, _change.state == "open").label("changes"),
        exists().where(_other.c.student_id == _case.student_id, _other.c.id != _case.id).label("has_others"),
        _upload.label("upload"),
    )
    .select_from(Case.__table__)
    .outerjoin(Branch.__table__, _branch.id == _case.branch_id)
    .outerjoin(_handler, _handler.c.id == _case.handler_id)
    .outerjoin(_decider, _decider.c.id == _case.decider_id)
    .outerjoin(_approver, _approver.c.id == _case.approver_id)
    .outerjoin(_about, _about.c.id == _case.about_case_id)
    .where(_case.reference == bindparam("reference"))
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


def _lines(line: str, columns: Any, *own: str, **said: Any) -> Select[Any]:
    """Of one table: its own columns by their names, and others by the name that they have among the lines."""
    told = {"line": literal_column(f"'{line}'"), **{name: columns[name] for name in ("id", "sealed", *own)}, **said}
    return select(*(told.get(name, _nothing(name, line)).label(name) for name in SAID))


def _nothing(name: str, line: str) -> ColumnElement[Any]:
    """The first of the statements says of which type a column is."""
    return cast(null(), SAID[name]) if line == EVENT else null()


LINES = union_all(
    _lines(EVENT, _event, "at", "kind", "actor_kind", by=_staff.name)
    .outerjoin_from(CaseEvent.__table__, Staff.__table__, _staff.id == _event.actor_id)
    .where(_event.case_id == CASE),
    _lines(MESSAGE, _message, "at", "from_staff", by=_staff.name, done_at=_message.read_at)
    .outerjoin_from(CaseMessage.__table__, Staff.__table__, _staff.id == _message.author_id)
    .where(_message.case_id == CASE),
    _lines(STEP, _step, "position", "at", "kind", "task", "target", "state", by=_staff.name)
    .outerjoin_from(CaseStep.__table__, Staff.__table__, _staff.id == _step.by_id)
    .where(_step.case_id == CASE),
    _lines(
        *(ITEM, _item, "position", "target", "dataset", "item_id", "field", "group_number", "activity"),
        *("outcome", "ground"),
        done_at=_item.executed_at,
    ).where(_item.case_id == CASE),
    _lines(LETTER, _letter, "kind", "target", "level", at=_letter.issued_at, done_at=_letter.written_at).where(
        _letter.case_id == CASE
    ),
    _lines(PERSON, _record, "retention").where(
        _record.student_id == bindparam("student", type_=_record.student_id.type), _record.dataset == "person"
    ),
).order_by("position", "at", "id")

ROW = select(*_case).where(_case.reference == bindparam("reference"))
DOCUMENTS = select(CaseFile.kind).where(CaseFile.case_id == CASE).order_by(CaseFile.created_at, CaseFile.id)


def row(session: Session, reference: str) -> Any:
    """The case of that reference as a plain row with what a Case has; None where there is none."""
    return session.connection().execute(ROW, {"reference": reference}).one_or_none()


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
    for row in session.connection().execute(LINES, {"case": case_id, "student": student_id}).all():
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
