"""Which rows are sealed under whose key: for whoever compares the two databases (`services/reconcile.py`), and for an
erasure of a part, which seals anew what remains (`services/erase_items.py`).

Each sealed column of `data_map.TABLES` stands here; tests/rules/test_sealing.py sees to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, inspect, literal, select, update
from sqlalchemy.orm import Session

from portal.records.db import Model
from portal.records.tables import access, cases, erasure, factors, office, papers, people, proof, representation
from portal.vault.envelope import HEADER, INSTALLATION, Holder, Json, Place
from portal.vault.vault import Shredded, Vault

Key = tuple[str, UUID, str, int]  # holder's kind and id, class, version


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column. `disposable`: without its key the row says nothing more, so it may go. `student`: the column by
    which the rows under a student's own key are found; None where there are none."""

    table: type[Model]
    kind: Any
    holder: Any
    retention: Any
    column: str = "sealed"
    disposable: bool = False
    student: Any = None

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)

    @property
    def row(self) -> Any:
        """The column that tells its rows apart."""
        return inspect(self.table).primary_key[0]


def _of_student(table: Any, retention: Any, disposable: bool = True) -> Sealed:
    return Sealed(
        table, literal("student"), table.student_id, retention, disposable=disposable, student=table.student_id
    )


def _of_its_holder(table: Any, retention: Any) -> Sealed:
    return Sealed(table, table.holder_kind, table.holder_id, retention, disposable=True, student=table.holder_id)


def _of_case(table: Any, case_id: ColumnElement[UUID] | Any) -> Sealed:
    return Sealed(table, literal("case"), case_id, literal("case"))


def _of_installation(table: Any, retention: str, column: str = "sealed", disposable: bool = False) -> Sealed:
    return Sealed(table, literal(INSTALLATION.kind), literal(INSTALLATION.id), literal(retention), column, disposable)


_finding, _line, _letter = people.ImportFinding, erasure.ChangeLine, papers.IssuedLetter
OF_CASES = (cases.CaseItem, cases.CaseStep, cases.CaseEvent, cases.CaseMessage, papers.ReviewedImage)
SEALED: tuple[Sealed, ...] = (
    _of_student(people.Record, people.Record.retention),
    _of_student(representation.EmailChange, literal("standard")),
    _of_student(representation.Representative, literal("standard")),
    Sealed(
        _finding,
        case((_finding.student_id.is_(None), INSTALLATION.kind), else_="student"),
        func.coalesce(_finding.student_id, literal(INSTALLATION.id)),
        literal("import"),
        disposable=True,
        student=_finding.student_id,
    ),
    _of_its_holder(people.SealedFile, people.SealedFile.retention),
    _of_case(cases.Case, cases.Case.id),
    *(_of_case(table, table.case_id) for table in OF_CASES),
    Sealed(
        _letter,
        case((_letter.case_id.is_(None), "student"), else_="case"),
        func.coalesce(_letter.case_id, _letter.student_id),
        case((_letter.case_id.is_(None), "standard"), else_="case"),
        student=_letter.student_id,
    ),
    Sealed(
        _line,
        case((_line.case_id.is_not(None), "case"), (_line.erasure_id.is_not(None), "erasure"), else_="finding"),
        func.coalesce(_line.case_id, _line.erasure_id, _line.finding_id),
        literal("changes"),
    ),
    *(
        Sealed(office.Intake, literal("intake"), office.Intake.id, literal(retention), column, disposable=False)
        for column, retention in (("files_sealed", "upload"), ("sealed", "import"))
    ),
    _of_its_holder(proof.AuditDetail, literal("audit")),
    _of_its_holder(proof.OutMail, literal("mail")),
    _of_installation(proof.AuditSigner, "audit_signer"),
    _of_installation(cases.Draft, "draft", disposable=True),
    _of_installation(access.Staff, "staff_factor", "totp_sealed"),
    _of_installation(factors.TotpSetup, "staff_factor", disposable=True),
)


STUDENTS = tuple(each for each in SEALED if each.student is not None)


def uses(session: Session, each: Sealed, student_id: UUID | None = None) -> Iterator[tuple[UUID, Key]]:
    """Every sealed value of a column, or those under one student's key: its row and the key that it needs."""
    column = getattr(each.table, each.column)
    head = func.substr(column, 1, HEADER.size)
    statement = select(each.row, each.kind, each.holder, each.retention, head).where(column.is_not(None))
    if student_id is not None:
        statement = statement.where(each.student == student_id, each.kind == "student")
    with session.execute(statement.execution_options(yield_per=1000)) as rows:
        for row, kind, holder, retention, header in rows:
            version = HEADER.unpack(bytes(header))[1] if len(header) == HEADER.size else 0
            yield row, (kind, holder, retention, version)


@dataclass(frozen=True, slots=True)
class Opened:
    """A sealed value of a student, open for as long as its class gets a new key."""

    sealed: Sealed
    row: UUID
    retention: str
    value: Json


def open_beside(session: Session, vault: Vault, student_id: UUID, classes: Collection[str]) -> list[Opened]:
    """What lies in these classes under the student's key beside records and files; its rows are locked until commit.

    What was shredded before stays out.
    """
    found = []
    for each in STUDENTS:
        if each.table in {people.Record, people.SealedFile}:  # sealed anew in their own ways
            continue
        column = getattr(each.table, each.column)
        statement = select(each.row, each.retention, column).where(
            each.student == student_id, each.kind == "student", each.retention.in_(classes), column.is_not(None)
        )
        for row, retention, blob in session.execute(statement.with_for_update(of=each.table)).all():
            place = Place(each.name, each.column, row)
            try:
                value = vault.open(Holder.student(student_id), retention, place, blob)
            except Shredded:
                continue
            found.append(Opened(each, row, retention, value))
    return found


def seal_beside(session: Session, vault: Vault, student_id: UUID, opened: Collection[Opened]) -> None:
    """Seals it under the newest keys."""
    for one in opened:
        each = one.sealed
        place = Place(each.name, each.column, one.row)
        blob = vault.seal(Holder.student(student_id), one.retention, place, one.value)
        session.execute(update(each.table).where(each.row == one.row).values({each.column: blob}))
