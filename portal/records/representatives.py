"""Representatives as they are stored: in force or not, their contents sealed under the student's key."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from portal.domain.vocabulary import RequestKind
from portal.records.tables.people import Student
from portal.records.tables.representation import Representative
from portal.vault.envelope import Holder, Json, Place
from portal.vault.vault import Shredded, Vault

CLASS = "standard"


def in_force(today: date) -> ColumnElement[bool]:
    """Confirmed, begun, not ended and not over: the only ones that open anything."""
    return and_(
        Representative.confirmed_at.is_not(None),
        Representative.ended_at.is_(None),
        Representative.starts_on <= today,
        Representative.ends_on >= today,
    )


def one_in_force(session: Session, representative_id: UUID, today: date) -> Representative | None:
    """This one, while it is in force and its student is kept."""
    return session.execute(
        select(Representative)
        .join(Student, Student.id == Representative.student_id)
        .where(Representative.id == representative_id, Student.state == "active", in_force(today))
    ).scalar_one_or_none()


def at_address(session: Session, digest: bytes, today: date) -> list[Representative]:
    """Those in force who read this mail address, in a stable order."""
    return list(
        session.execute(
            select(Representative)
            .join(Student, Student.id == Representative.student_id)
            .where(Representative.email_digest == digest, Student.state == "active", in_force(today))
            .order_by(Representative.id)
        ).scalars()
    )


def of_student(session: Session, student_id: UUID) -> list[Representative]:
    """All of a student, ended ones too, newest first."""
    statement = select(Representative).where(Representative.student_id == student_id)
    return list(session.execute(statement.order_by(Representative.created_at.desc(), Representative.id)).scalars())


def scope(row: Representative) -> frozenset[RequestKind]:
    return frozenset(RequestKind(code) for code in row.kinds.split())


def place(row: UUID) -> Place:
    return Place("representative", "sealed", row)


def seal(vault: Vault, student_id: UUID, row: UUID, value: dict[str, Json]) -> bytes:
    return vault.seal(Holder.student(student_id), CLASS, place(row), value)


def contents(vault: Vault, row: Representative) -> dict[str, str]:
    """{"name", "organisation", "email"}; nothing once the student's key is gone."""
    try:
        found: dict[str, str] = vault.open(Holder.student(row.student_id), CLASS, place(row.id), row.sealed)
    except Shredded:
        return {}
    return found
