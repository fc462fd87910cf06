"""Issue a letter with the act it tells of, in the same unit of work: what it says is fixed now and printed later.

The worker prints it (portal/services/write_letters.py) and keeps the bytes, so that a letter never says anything else
than what held when it was issued, whatever is corrected or erased since.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.vocabulary import Letter, Level
from portal.letters import letter as letters
from portal.letters.answer import Answer
from portal.letters.letter import Written
from portal.letters.retention import KIND, Going, RetentionNotice
from portal.records import casebook
from portal.records.db import new_row
from portal.records.tables.cases import Case, CaseItem
from portal.records.tables.papers import IssuedLetter
from portal.records.tables.people import Student
from portal.services.answer import build_answer, given_answer, with_progress
from portal.services.envelope import address_of, envelope
from portal.services.unit import Work
from portal.vault.envelope import Holder, Json, Place

TABLE = "letter"
STUDENTS_CLASS = "standard"  # of what is kept under the student's own key


def issue(work: Work, case: Case, kind: Letter, **said: Json) -> IssuedLetter:
    """A letter of a case. `said`: `until`, `words`, `facts`, `searches` of letters.Written."""
    written = Written(
        kind, case.language, work.today, _answer(work, case, kind), envelope(work, case), case.by_post, **said
    )
    return keep(work, written.as_json(), kind.value, case.language, written.answer.level, case=case)


def receipt(work: Work, case: Case, asked: Sequence[CaseItem], address: tuple[str, ...]) -> IssuedLetter:
    """The first letter of a new case, as a row for `write_new`."""
    answer = build_answer(work, case, {}, "", asked)
    written = Written(Letter.RECEIPT, case.language, work.today, answer, address, case.by_post)
    values = _values(work, written.as_json(), Letter.RECEIPT.value, case.language, answer.level, case_id=case.id)
    return new_row(IssuedLetter, **values)


def _answer(work: Work, case: Case, kind: Letter) -> Answer:
    answer = given_answer(work, case) if case.decided_at else None
    answer = answer or build_answer(work, case, {}, "")
    return with_progress(work, case, answer) if kind is Letter.DONE else answer


def keep(
    work: Work,
    contents: Json,
    kind: str,
    language: str,
    level: Level,
    *,
    case: Case | None = None,
    student_id: UUID | None = None,
    target: str = "",
) -> IssuedLetter:
    """A letter of a case or, where it is about no case, of a student; sealed under that one's key."""
    about = {"case_id": case.id} if case else {"student_id": student_id}
    row = IssuedLetter(**_values(work, contents, kind, language, level, target=target, **about))
    work.session.add(row)
    work.session.flush()
    return row


def _values(
    work: Work,
    contents: Json,
    kind: str,
    language: str,
    level: Level,
    *,
    case_id: UUID | None = None,
    student_id: UUID | None = None,
    target: str = "",
) -> dict[str, Any]:
    row = uuid7()
    return {
        "id": row,
        "case_id": case_id,
        "student_id": student_id,
        "kind": kind,
        "target": target,
        "language": language,
        "level": int(level),
        "issued_at": work.now,
        "attempts": 0,
        "sealed": work.vault.seal(*_holder(case_id, student_id), Place(TABLE, "sealed", row), contents),
    }


def holder_of(row: IssuedLetter) -> tuple[Holder, str]:
    """Under whose key of which class the letter lies, its bytes too."""
    return _holder(row.case_id, row.student_id)


def _holder(case_id: UUID | None, student_id: UUID | None) -> tuple[Holder, str]:
    if case_id is not None:
        return casebook.holder(case_id), casebook.CLASS
    assert student_id is not None
    return Holder.student(student_id), STUDENTS_CLASS


def contents_of(work: Work, row: IssuedLetter) -> dict[str, Json]:
    """What it says, or once printed its hash. Raises Shredded when its class has ended."""
    found: dict[str, Json] = work.vault.open(*holder_of(row), Place(TABLE, "sealed", row.id), row.sealed)
    return found


def set_contents(work: Work, row: IssuedLetter, contents: Json) -> None:
    row.sealed = work.vault.seal(*holder_of(row), Place(TABLE, "sealed", row.id), contents)


def latest(work: Work, case_id: UUID, kind: str, target: str = "") -> IssuedLetter | None:
    """The last letter of that kind, of the case."""
    return work.session.execute(
        select(IssuedLetter)
        .where(IssuedLetter.case_id == case_id, IssuedLetter.kind == kind, IssuedLetter.target == target)
        .order_by(IssuedLetter.issued_at.desc(), IssuedLetter.id.desc())
        .limit(1)
    ).scalar_one_or_none()


def title_of(kind: str, case: Case) -> str:
    """How a letter is named in a list: a Dutch text of the catalogue."""
    return letters.title(Letter(kind), case.kind)


def issue_retention_notice(work: Work, student_id: UUID, going: tuple[Going, ...]) -> IssuedLetter:
    """The notice that some of a student's data are going to be erased, under the student's own key."""
    student = work.session.get_one(Student, student_id)
    notice = RetentionNotice(student.language, work.today, address_of(work, student_id), going)
    return keep(work, notice.as_json(), KIND, student.language, Level.ADDRESS, student_id=student_id)
