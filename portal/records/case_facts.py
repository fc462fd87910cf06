"""What the page of a case asks the database besides the case's own rows: a few facts in one go, other requests of the
same student, its documents. Put together once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from portal.domain.permissions import BranchScope
from portal.records.queue import reach_of, reached
from portal.records.tables.cases import Case, CaseFile
from portal.records.tables.erasure import ChangeLine
from portal.records.tables.people import Branch, Limit, SealedFile

CASE: BindParameter[UUID] = bindparam("case", type_=Case.id.type)
FACTS = (
    select(
        Branch.name.label("branch"),
        exists().where(Limit.case_id == CASE, Limit.ended_at.is_(None)).label("restricted"),
        exists().where(ChangeLine.case_id == CASE, ChangeLine.state == "open").label("changes"),
        exists()
        .where(
            SealedFile.holder_kind == "case",
            SealedFile.holder_id == CASE,
            SealedFile.retention == bindparam("upload"),
            or_(
                SealedFile.expires_at.is_(None),
                SealedFile.expires_at > bindparam("now", type_=SealedFile.expires_at.type),
            ),
        )
        .label("upload"),
    )
    .select_from(Case)
    .outerjoin(Branch, Branch.id == Case.branch_id)
    .where(Case.id == CASE)
)
DOCUMENTS = select(CaseFile.kind).where(CaseFile.case_id == CASE).order_by(CaseFile.created_at, CaseFile.id)


def facts(session: Session, case_id: UUID, upload: str, now: datetime) -> Any:
    """The name of its `branch`, and whether something it `restricted` still is, `changes` wait for the school's own
    records, an `upload` (its retention class) waits for a look."""
    return session.connection().execute(FACTS, {"case": case_id, "upload": upload, "now": now}).one()


def documents(session: Session, case_id: UUID) -> tuple[str, ...]:
    """The kinds of the files that belong to it, oldest first."""
    return tuple(session.connection().execute(DOCUMENTS, {"case": case_id}).scalars())


def others(session: Session, scope: BranchScope, case: Case, most: int) -> Sequence[Any]:
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
