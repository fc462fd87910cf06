"""Recognise who a session id belongs to. Roles and branches are read afresh, so a change works at the next request."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, delete, or_, select, update

from portal.domain import assurance
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.vocabulary import ActorKind, Level, Role
from portal.records import representatives
from portal.records.db import begin_write, db
from portal.records.tables.access import Designation, Login, Staff
from portal.records.tables.people import Student

OUTSIDE = ("student", "representative", "case")
IDLE = {**dict.fromkeys(OUTSIDE, timedelta(minutes=30)), "staff": timedelta(minutes=60)}
ABSOLUTE = {**dict.fromkeys(OUTSIDE, timedelta(hours=8)), "staff": timedelta(hours=10)}  # ASVS 7.3
TOUCH = timedelta(minutes=1)
FRESH = timedelta(minutes=15)  # a sign-in recent enough for erasures and account changes (ASVS 7.5)

# Of tables, not of their classes: what a class adds to a statement is looked at each time that it is asked.
_login, _student, _staff_, _designation = (each.__table__ for each in (Login, Student, Staff, Designation))
_in_force = and_(
    _designation.c.starts_on <= bindparam("today"),
    or_(_designation.c.ends_on.is_(None), _designation.c.ends_on >= bindparam("today")),
)
DESIGNATED = select(_designation.c.role, _designation.c.branch_id).where(
    _designation.c.staff_id == bindparam("staff"), _in_force
)
# Asked at every request, so it is one statement, put together once: a row, or one for each designation of staff.
SESSION = (
    select(
        *_login.c,
        _student.c.language.label("student_language"),
        _staff_.c.id.label("account"),
        _staff_.c.name,
        _staff_.c.language,
        _staff_.c.confidentiality_at,
        _designation.c.role,
        _designation.c.branch_id,
    )
    .select_from(_login)
    .outerjoin(_student, _student.c.id == _login.c.student_id)
    .outerjoin(_staff_, and_(_staff_.c.id == _login.c.staff_id, _staff_.c.disabled_at.is_(None)))
    .outerjoin(_designation, and_(_designation.c.staff_id == _staff_.c.id, _in_force))
    .where(_login.c.digest == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session and whom it stands for."""

    login_id: UUID
    kind: str  # student | representative | staff | case
    actor: Actor
    language: str | None
    stage: str  # full | factor | password | confidentiality
    fresh_at: datetime
    ends_at: datetime  # when it ends if nothing more is done
    address_digest: bytes | None  # several students share this mail address and none was chosen yet


def digest_of(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode()).digest()


def recognise(session_id: str, clock: Clock) -> SignedIn | None:
    """The live session of this id, or None when it is unknown, ended or too old."""
    now = clock.now()
    asked = {"digest": digest_of(session_id), "today": clock.today()}
    rows = db.session.connection().execute(SESSION, asked).all()
    if not rows:
        return None
    login = rows[0]
    ends_at = min(login.seen_at + IDLE[login.kind], login.created_at + ABSOLUTE[login.kind])
    if now >= ends_at:
        return None
    if login.kind == "staff":
        signed_in = _staff(rows, ends_at, clock)
    elif login.kind == "representative":
        signed_in = _representative(login, ends_at, clock)
    else:
        signed_in = _subject(login, ends_at, now)
    if signed_in is not None and now - login.seen_at >= TOUCH:
        _touch(login.id, now)
        ends_at = min(now + IDLE[login.kind], login.created_at + ABSOLUTE[login.kind])
        signed_in = replace(signed_in, ends_at=ends_at)
    return signed_in


def _subject(login: Any, ends_at: datetime, now: datetime) -> SignedIn | None:
    """The session of a student or of a case code; a level 3 that is no longer fresh counts as level 2."""
    kind = ActorKind.CASE_CODE if login.kind == "case" else ActorKind.STUDENT
    actor = Actor(
        kind=kind,
        id=login.student_id if kind is ActorKind.STUDENT else None,
        name="",
        level=assurance.effective(Level(login.level), login.level_at, now),
        level_at=login.level_at,
        student_id=login.student_id if kind is ActorKind.STUDENT else None,
        case_id=login.case_id,
        session_id=login.id,
        shared_address=login.address_digest is not None,
    )
    return SignedIn(
        login.id,
        login.kind,
        actor,
        login.student_language,
        login.stage,
        login.fresh_at,
        ends_at,
        login.address_digest,
    )


def _representative(login: Any, ends_at: datetime, clock: Clock) -> SignedIn | None:
    """The session of somebody who acts for a student, as far as the authorisation goes today; None once it ended.

    Without an authorisation chosen yet it may do nothing but choose. It never gets to level 3.
    """
    row = None
    if login.representative_id is not None:
        row = representatives.one_in_force(db.session(), login.representative_id, clock.today())
        if row is None:
            return None
    actor = Actor(
        kind=ActorKind.REPRESENTATIVE,
        id=row.id if row else None,
        level=min(Level(login.level), Level.KNOWLEDGE),
        level_at=login.level_at,
        student_id=row.student_id if row else None,
        session_id=login.id,
        scope=representatives.scope(row) if row else frozenset(),
    )
    language = row.language if row else None
    return SignedIn(login.id, login.kind, actor, language, login.stage, login.fresh_at, ends_at, login.address_digest)


def _staff(rows: Sequence[Any], ends_at: datetime, clock: Clock) -> SignedIn | None:
    login = rows[0]
    if login.account is None:
        return None
    actor = replace(
        _designated(login.account, rows),
        name=login.name,
        session_id=login.id,
        confidentiality_acknowledged=login.confidentiality_at is not None,
        fresh_sign_in=clock.now() - login.fresh_at < FRESH,
    )
    return SignedIn(login.id, "staff", actor, login.language, login.stage, login.fresh_at, ends_at, None)


def staff_actor(staff_id: UUID, clock: Clock) -> Actor:
    """The account with the roles and branches that are designated today (regulation, art. 6)."""
    return _designated(staff_id, db.session.execute(DESIGNATED, {"staff": staff_id, "today": clock.today()}).all())


def _designated(staff_id: UUID, rows: Sequence[Any]) -> Actor:
    return Actor(
        kind=ActorKind.STAFF,
        id=staff_id,
        roles=frozenset(Role(row.role) for row in rows if row.role is not None),
        branches=frozenset(row.branch_id for row in rows if row.branch_id is not None),
    )


def _touch(login_id: UUID, now: datetime) -> None:
    begin_write()
    db.session.execute(update(Login).where(Login.id == login_id).values(seen_at=now))
    db.session.commit()


def end_session(login_id: UUID) -> None:
    """Signs out: the row is gone, a copied cookie is worth nothing (ASVS 7.4.1)."""
    begin_write()
    db.session.execute(delete(Login).where(Login.id == login_id))
    db.session.commit()
