"""Which rows are sealed under whose key: for whoever compares the two databases (`services/reconcile.py`).

Each sealed column of `data_map.TABLES` stands here; tests/rules/test_sealing.py sees to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, inspect, literal, select
from sqlalchemy.orm import Session

from portal.records.db import Model
from portal.records.tables import access, cases, erasure, factors, papers, people, proof, representation
from portal.vault.envelope import HEADER, INSTALLATION

Key = tuple[str, UUID, str, int]  # holder's kind and id, class, version


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed column. `disposable`: without its key the row says nothing more, so it may go."""

    table: type[Model]
    kind: Any
    holder: Any
    retention: Any
    column: str = "sealed"
    disposable: bool = False

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)

    @property
    def row(self) -> Any:
        """The column that tells its rows apart."""
        return inspect(self.table).primary_key[0]


def _of_student(table: Any, retention: Any, disposable: bool = True) -> Sealed:
    return Sealed(table, literal("student"), table.student_id, retention, disposable=disposable)


def _of_its_holder(table: Any, retention: Any) -> Sealed:
    return Sealed(table, table.holder_kind, table.holder_id, retention, disposable=True)


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
    ),
    _of_its_holder(people.SealedFile, people.SealedFile.retention),
    _of_case(cases.Case, cases.Case.id),
    *(_of_case(table, table.case_id) for table in OF_CASES),
    Sealed(
        _letter,
        case((_letter.case_id.is_(None), "student"), else_="case"),
        func.coalesce(_letter.case_id, _letter.student_id),
        case((_letter.case_id.is_(None), "standard"), else_="case"),
    ),
    Sealed(
        _line,
        case((_line.case_id.is_(None), "erasure"), else_="case"),
        func.coalesce(_line.case_id, _line.erasure_id),
        literal("changes"),
    ),
    Sealed(
        proof.AuditDetail, proof.AuditDetail.holder_kind, proof.AuditDetail.holder_id, literal("audit"), disposable=True
    ),
    Sealed(proof.OutMail, proof.OutMail.holder_kind, proof.OutMail.holder_id, literal("mail"), disposable=True),
    _of_installation(proof.AuditSigner, "audit_signer"),
    _of_installation(cases.Draft, "draft", disposable=True),
    _of_installation(access.Staff, "staff_factor", "totp_sealed"),
    _of_installation(factors.TotpSetup, "staff_factor", disposable=True),
)


def uses(session: Session, each: Sealed) -> Iterator[tuple[UUID, Key]]:
    """Every sealed value of a column: its row and the key that it needs."""
    column = getattr(each.table, each.column)
    head = func.substr(column, 1, HEADER.size)
    statement = select(each.row, each.kind, each.holder, each.retention, head).where(column.is_not(None))
    with session.execute(statement.execution_options(yield_per=1000)) as rows:
        for row, kind, holder, retention, header in rows:
            version = HEADER.unpack(bytes(header))[1] if len(header) == HEADER.size else 0
            yield row, (kind, holder, retention, version)
