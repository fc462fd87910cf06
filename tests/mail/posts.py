"""Mails for tests: one of each kind, and rows in the outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from portal.domain.clock import Clock, FixedClock
from portal.domain.permissions import SYSTEM
from portal.domain.vocabulary import Channel, RequestKind
from portal.mail import messages
from portal.mail.messages import Message
from portal.mail.mime import Mail
from portal.mail.render import House, Sheet
from portal.mail.transports import Meanwhile, nothing
from portal.records.db import db
from portal.records.tables.cases import Case
from portal.records.tables.proof import OutMail
from portal.services.casework import Asked, NewCase, open_case
from portal.services.unit import writing

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CASE = UUID("01936000-0000-7000-8000-000000000001")
STAFF = UUID("01936000-0000-7000-8000-000000000002")
STUDENT = UUID("01936000-0000-7000-8000-000000000003")
CHANGE = UUID("01936000-0000-7000-8000-000000000004")
REFERENCE = "V-2026-4812037"
HOUSE = House("https://privacy.school.example", "privacy@school.example", "Taalschool De Brug", "072 123 45 67")
DUE = date(2026, 12, 21)
MORNING = messages.Morning(1, 2, 3, 4, 5, (REFERENCE, "V-2026-5550001"))


def parsed(mail: Mail) -> EmailMessage:
    """A mail as its reader's program reads it."""
    message = BytesParser(policy=default).parsebytes(mail.content)
    assert isinstance(message, EmailMessage)
    return message


class Line:
    """A transport that answers what it is told to, then accepts."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.accepted: list[EmailMessage] = []
        self.tries = 0

    def send(self, mail: Mail, meanwhile: Meanwhile = nothing) -> None:
        self.tries += 1
        if self.faults:
            raise self.faults.pop(0)
        meanwhile()
        self.accepted.append(parsed(mail))

    def close(self) -> None:
        """Nothing is open."""


def every_message(language: str) -> dict[str, Message]:
    """One mail of each kind that the portal sends, as its function makes it; some kinds in several shapes."""
    to, staff_to = "student@example.org", "staff@school.example"
    warn = [
        messages.staff_warning(staff_to, language, STAFF, CASE, REFERENCE, DUE, days, f"test:{days}")
        for days in (7, 0, -2)
    ]
    path_code = messages.sign_in(to, language, "t0ken", "482915", "sign_in:1", AT + timedelta(minutes=30))
    return {
        "sign_in": path_code,
        "receipt": messages.receipt(to, language, CASE, REFERENCE, "4812 0375 9921", DUE),
        "message": messages.news(to, language, CASE, REFERENCE, "1"),
        "extended": messages.extended(to, language, CASE, REFERENCE, DUE),
        "decided": messages.decided(to, language, CASE, REFERENCE, 1),
        "carried_out": messages.carried_out(to, language, CASE, REFERENCE, 1),
        "consent_withdrawn": messages.consent_withdrawn(to, language, CASE, REFERENCE),
        "consent_withdrawn-portal": messages.consent_withdrawn(to, language, CASE, REFERENCE, "4812 0375 9921"),
        "consent_asked": messages.consent_asked(to, language, STUDENT, CHANGE, DUE),
        "consent_asked-again": messages.consent_asked(to, language, STUDENT, CHANGE, DUE, again=True),
        "taken_back": messages.taken_back(to, language, CASE, REFERENCE),
        "changed": messages.changed(to, language, CASE, REFERENCE, 1),
        "erasure_planned": messages.erasure_planned(to, language, CASE, REFERENCE, CHANGE, "t0ken"),
        "email_change_asked": messages.email_change_asked(to, language, STUDENT, CHANGE, DUE, "t0ken"),
        "email_changed": messages.email_changed(to, language, STUDENT, CHANGE),
        "email_new": messages.email_new(to, language, STUDENT, CHANGE, DUE),
        "representative_added": messages.representative_added(to, language, STUDENT, CHANGE),
        "code_stopped": messages.code_stopped(to, language, STUDENT, CHANGE),
        "represented": messages.represented(to, language, STUDENT, "1"),
        "represented-asks": messages.represented(to, language, STUDENT, "1", asks=True),
        "retention_notice": messages.retention_notice(to, language, STUDENT, CHANGE, DUE),
        "staff_retention": messages.staff_retention(staff_to, language, STAFF, "1"),
        "late": messages.late(to, language, CASE, REFERENCE),
        "staff_new_case": messages.staff_new_case(staff_to, language, STAFF, CASE, REFERENCE),
        "staff_assigned-one": messages.staff_assigned(staff_to, language, STAFF, REFERENCE, "1"),
        "staff_assigned-several": messages.staff_assigned(staff_to, language, STAFF, "", "2"),
        "staff_reply": messages.staff_reply(staff_to, language, STAFF, CASE, REFERENCE, "1"),
        "staff_code_asked": messages.staff_code_asked(staff_to, language, STAFF, CHANGE),
        "staff_warning-before": warn[0],
        "staff_warning-today": warn[1],
        "staff_warning-late": warn[2],
        "staff_steps": messages.staff_steps(staff_to, language, STAFF, CASE, REFERENCE, 2, 7, "test"),
        "staff_warning-draft": messages.staff_warning(
            staff_to, language, STAFF, CASE, REFERENCE, DUE, 4, "test:4", draft=True
        ),
        "staff_digest": messages.staff_digest(staff_to, language, STAFF, DUE, MORNING),
        "staff_by_post": messages.staff_by_post(staff_to, language, STAFF, CASE, REFERENCE, CHANGE),
        "staff_password_reset": messages.staff_password_reset(
            staff_to, language, "t0ken", "staff_reset:1", AT + timedelta(minutes=60)
        ),
        "staff_password_reset-first": messages.staff_password_reset(
            staff_to, language, "t0ken", "staff_reset:1", AT + timedelta(minutes=60), first=True
        ),
        "staff_factor_reset": messages.staff_factor_reset(staff_to, language, "staff_factor_reset:1"),
        "staff_log_head": messages.staff_log_head(
            staff_to, language, STAFF, DUE, 12, 4812, "5a" * 32, "0b" * 32, "c3" * 64
        ),
        "staff_sign_in_new": messages.staff_sign_in_new(staff_to, language, "1"),
    }


def sheet_of(message: Message, by_code: bool = False) -> Sheet:
    return Sheet(
        kind=message.kind,
        language=message.language,
        to=message.to,
        message_id=f"<{'0123456789abcdef' * 2}@privacy.school.example>",
        created_at=AT,
        arguments=message.arguments,
        expires_at=message.expires_at,
        staff=message.staff,
        by_code=by_code,
    )


def file_case(clock: Clock, email: str = "somebody@example.org", language: str = "nl") -> UUID:
    """An unmatched request with an address: its receipt waits in the outbox. Call it inside an app context."""
    from portal.domain.vocabulary import TargetKind
    from portal.services.casework import Contact

    new = NewCase(
        kind=RequestKind.ACCESS,
        channel=Channel.PORTAL,
        language=language,
        received_on=clock.today(),
        items=(Asked(TargetKind.EVERYTHING),),
        contact=Contact(name="Somebody", email=email),
    )
    with writing(SYSTEM, clock) as work:
        return open_case(work, new).case_id


def send_all(clock: Clock, messages_: Iterable[Message]) -> None:
    with writing(SYSTEM, clock) as work:
        for message in messages_:
            work.send(message)


def rows() -> list[OutMail]:
    db.session.rollback()
    return list(db.session.execute(select(OutMail).order_by(OutMail.created_at, OutMail.id)).scalars())


def row_of(case_id: UUID) -> OutMail:
    db.session.rollback()
    return db.session.execute(
        select(OutMail).where(OutMail.case_id == case_id).execution_options(populate_existing=True)
    ).scalar_one()


def case_of(case_id: UUID) -> Case:
    db.session.rollback()
    return db.session.execute(
        select(Case).where(Case.id == case_id).execution_options(populate_existing=True)
    ).scalar_one()


def clock_of(app: Flask) -> FixedClock:
    found: FixedClock = app.extensions["clock"]
    return found
