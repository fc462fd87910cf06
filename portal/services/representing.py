"""Representatives: who they are to the student and to staff, and for whom somebody may act.

They sign in by a mailed link to their own address, as students do, and are judged by their row at every request: one
that ended, by date or by a press, opens nothing any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from portal.domain.acts import Act
from portal.domain.clock import Clock
from portal.domain.events import EventKind
from portal.domain.permissions import Actor, Subject
from portal.domain.vocabulary import ActorKind, Level, RequestKind
from portal.records import representatives
from portal.records.items import full_name, persons
from portal.records.tables.access import Login
from portal.records.tables.cases import Case, CaseEvent
from portal.records.tables.representation import Representative
from portal.services.recognise import SignedIn, digest_of
from portal.services.unit import Work, reading, writing
from portal.vault.normal import normal_email

EMAIL = "email"  # the look-up's kind, as of students
KIND = "representative"  # of a session


class Relation(StrEnum):
    """What somebody is to the student. Values are stored."""

    GUARDIAN = "guardian"
    PARENT = "parent"  # of a student under 16
    LAWYER = "lawyer"
    ORGANISATION = "organisation"
    FAMILY = "family"


BY_LAW = frozenset({Relation.GUARDIAN, Relation.PARENT})  # shown at the desk; nothing that a student hands out


class Standing(StrEnum):
    WAITING = "waiting"  # for the student's word
    TO_COME = "to_come"
    ACTIVE = "active"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Did:
    """Something that a representative did, as the student reads it."""

    at: datetime
    kind: EventKind
    reference: str


@dataclass(frozen=True, slots=True)
class Helper:
    """A representative with everything that the student may know of it, which is all."""

    id: UUID
    name: str
    organisation: str
    email: str
    relation: Relation
    kinds: frozenset[RequestKind]
    starts_on: date
    ends_on: date
    standing: Standing
    shown_on: date | None
    by_staff: bool
    ended_at: datetime | None
    signed_in_at: datetime | None
    did: tuple[Did, ...]  # newest first


@dataclass(frozen=True, slots=True)
class Represented:
    """Somebody for whom the reader of an address may act."""

    id: UUID  # of the authorisation
    name: str
    kinds: frozenset[RequestKind]
    ends_on: date


def standing_of(row: Representative, today: date) -> Standing:
    if row.ended_at is not None or row.ends_on < today:
        return Standing.OVER
    if row.confirmed_at is None:
        return Standing.WAITING
    return Standing.TO_COME if row.starts_on > today else Standing.ACTIVE


# --- for the student, and for staff


def own_helpers(actor: Actor, clock: Clock) -> list[Helper]:
    """Who may act for the signed-in student, or could once, and what they did."""
    with reading(actor, clock) as work:
        work.require(Act.END_REPRESENTATIVE, Subject(student_id=actor.student_id))
        assert actor.student_id is not None  # the rule asks for one's own
        return helpers_of(work, actor.student_id)


def helpers_of(work: Work, student_id: UUID) -> list[Helper]:
    return [_helper(work, row) for row in representatives.of_student(work.session, student_id)]


def _helper(work: Work, row: Representative) -> Helper:
    said = representatives.contents(work.vault, row)
    return Helper(
        id=row.id,
        name=said.get("name", ""),
        organisation=said.get("organisation", ""),
        email=said.get("email", ""),
        relation=Relation(row.relation),
        kinds=representatives.scope(row),
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        standing=standing_of(row, work.today),
        shown_on=row.shown_on,
        by_staff=row.recorded_by is not None,
        ended_at=row.ended_at,
        signed_in_at=row.signed_in_at,
        did=_did(work, row),
    )


def _did(work: Work, row: Representative) -> tuple[Did, ...]:
    rows = work.session.execute(
        select(CaseEvent.at, CaseEvent.kind, Case.reference)
        .join(Case, Case.id == CaseEvent.case_id)
        .where(
            Case.student_id == row.student_id,
            CaseEvent.actor_kind == ActorKind.REPRESENTATIVE.value,
            CaseEvent.actor_id == row.id,
        )
        .order_by(CaseEvent.at.desc(), CaseEvent.id.desc())
    )
    return tuple(Did(each.at, EventKind(each.kind), each.reference) for each in rows)


# --- for the representative


def at_address(work: Work, subject: bytes) -> list[Representative]:
    """The authorisations in force of whoever reads this address."""
    return representatives.at_address(work.session, subject, work.today)


def began_at(work: Work, login_id: UUID | None) -> datetime:
    """When the sign-in began from which this session comes, however often it took another id since; else now."""
    found = work.session.get(Login, login_id) if login_id else None
    return found.created_at if found is not None else work.now


def add_login(
    work: Work, row: Representative | None, subject: bytes, level: Level = Level.ADDRESS, of: UUID | None = None
) -> str:
    """Writes a representative's session and returns its id; `row` None: it must still be chosen for whom. `of`: the
    session whose place it takes; it ends with that one's day (ASVS 7.3.2)."""
    session_id = secrets.token_urlsafe(32)
    if row is not None:
        work.note("sign_in", "student", row.student_id, level=int(level), representative=str(row.id))
        row.signed_in_at = work.now
    work.session.add(
        Login(
            id=uuid7(),
            digest=digest_of(session_id),
            kind=KIND,
            representative_id=row.id if row else None,
            address_digest=subject,
            level=int(level),
            level_at=work.now,
            created_at=began_at(work, of),
            fresh_at=work.now,
            seen_at=work.now,
        )
    )
    return session_id


def choices(signed_in: SignedIn, clock: Clock) -> list[Represented]:
    """For whom the person who signed in may act: by the address that was read, a student's own included."""
    with reading(signed_in.actor, clock) as work:
        found = at_address(work, subject) if (subject := _address_of(work, signed_in)) else []
        people = persons(work.session, work.vault, [row.student_id for row in found])
        return [
            Represented(
                row.id,
                full_name(people[row.student_id].values) if row.student_id in people else "",
                representatives.scope(row),
                row.ends_on,
            )
            for row in found
        ]


def _address_of(work: Work, signed_in: SignedIn) -> bytes | None:
    if signed_in.address_digest is not None:
        return signed_in.address_digest
    student_id = signed_in.actor.student_id
    person = persons(work.session, work.vault, [student_id]).get(student_id) if student_id else None
    email = person.values.get("email") if person and signed_in.kind == "student" else None
    return work.vault.digest(EMAIL, normal_email(str(email))) if email else None


def choose(signed_in: SignedIn, clock: Clock, representative_id: UUID) -> str | None:
    """The id of a fresh session for this authorisation; None where the address that was read does not open it."""
    with writing(signed_in.actor, clock) as work:
        subject = _address_of(work, signed_in)
        found = at_address(work, subject) if subject else []
        row = next((each for each in found if each.id == representative_id), None)
        if row is None or subject is None:
            return None
        return add_login(work, row, subject, of=signed_in.login_id)


def whom(signed_in: SignedIn, clock: Clock) -> Represented | None:
    """For whom this session acts; None for anybody who acts for themselves."""
    if signed_in.kind != KIND or signed_in.actor.id is None:
        return None
    return next((each for each in choices(signed_in, clock) if each.id == signed_in.actor.id), None)
