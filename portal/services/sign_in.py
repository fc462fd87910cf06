"""Sign in with a one-time link or code that is mailed to the address on file (level 1).

A known and an unknown address get the same answer and cost the same work: a row and a mail are written for both, but
the unknown one's mail has expired before it can leave. Opening the link changes nothing; only a button pressed in the
browser that asked, or the code typed there, uses it (security.md: mail scanners open links).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.digits import only_digits
from portal.domain.permissions import ANONYMOUS
from portal.domain.vocabulary import Level
from portal.mail import messages
from portal.records.tables.access import Login, OneTime
from portal.records.tables.people import Student
from portal.services import limits, representing
from portal.services.recognise import digest_of
from portal.services.unit import Work, reading, writing
from portal.vault.normal import normal_email

PURPOSE = "sign_in"
EMAIL = "email"  # the look-up's kind
VALID = timedelta(minutes=10)
KEPT = timedelta(days=30)  # used and old rows: to say why a link does not work (policy: retention.sign_in)
CODE_DIGITS = 8
MOST_TRIES = 5


class LinkState(StrEnum):
    """Why a link works or does not."""

    READY = "ready"
    FOREIGN = "foreign"  # opened in another browser than the one that asked
    USED = "used"
    OLD = "old"
    REPLACED = "replaced"  # a newer one was asked for
    UNKNOWN = "unknown"


class CodeState(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"  # too many tries
    NOTHING_ASKED = "nothing_asked"  # no live code was asked for in this browser


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a link or a code: `session_id` is that of a fresh session, where it was right."""

    state: LinkState | CodeState
    session_id: str | None = None


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def ask(clock: Clock, address: str, language: str, browser: str, place: str) -> None:
    """Mails a link and a code to a known address; does as much for an unknown one. TooMany when a limit is reached.

    `browser` is the secret of the browser that asks, `place` the network address it asks from.
    """
    limits.demand(clock, "sign_in_place", place)
    limits.demand_of_all(clock, "sign_in_all", place)
    email = normal_email(address)
    with writing(ANONYMOUS, clock) as work:
        subject = work.vault.digest(EMAIL, email)
        within = _within(work, subject, place)
        known = bool([*students_at(work, subject), *representing.at_address(work, subject)])
        _write(work, subject, email if known and within else "", language, browser, replaces=within)


def _within(work: Work, subject: bytes, place: str) -> bool:
    """Whether one more mail may go to this address: three an hour and five a day asked from one place, ten a day from
    everywhere. A place from where the address signed in lately has a count of its own, so that strangers who ask for
    somebody's links use up only those of strangers.
    """
    at_place = _at_place(subject, place)
    familiar = limits.remembered(work, at_place)
    return (
        limits.count(work, "sign_in_mail", at_place)
        and limits.count(work, "sign_in_mail_place_day", at_place)
        and limits.count(work, *(("sign_in_mail_known", at_place) if familiar else ("sign_in_mail_day", subject.hex())))
    )


def _at_place(subject: bytes, place: str) -> str:
    return f"{subject.hex()}|{place}"


def _remember(work: Work, subject: bytes, place: str) -> None:
    """Somebody signed in from here: strangers elsewhere do not use up what this address, and this place, may ask."""
    limits.remember(work, _at_place(subject, place))
    limits.remember(work, place)


def _write(work: Work, subject: bytes, to: str, language: str, browser: str, replaces: bool) -> None:
    row, token = uuid7(), secrets.token_urlsafe(32)
    code = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS))
    code_digest = _code_digest(work, row, code)
    if not to:
        code_digest = secrets.token_bytes(32)  # no code is ever right
    if replaces:
        older = update(OneTime).where(
            OneTime.purpose == PURPOSE,
            OneTime.subject_digest == subject,
            OneTime.used_at.is_(None),
            OneTime.void_at.is_(None),
        )
        work.session.execute(older.values(void_at=work.now))
    work.session.execute(delete(OneTime).where(OneTime.purpose == PURPOSE, OneTime.expires_at < work.now - KEPT))
    expires_at = work.now + VALID
    work.session.add(
        OneTime(
            id=row,
            purpose=PURPOSE,
            token_digest=sha256(token),
            code_digest=code_digest,
            browser_digest=sha256(browser),
            subject_digest=subject,
            created_at=work.now,
            expires_at=expires_at,
        )
    )
    # A mail to nobody: written and sealed like the other, and too old to be sent.
    sendable = expires_at if to else work.now - timedelta(seconds=1)
    work.send(messages.sign_in(to, language, token, code, f"sign_in:{row}", sendable))


def _code_digest(work: Work, row: UUID, code: str) -> bytes:
    """Keyed: eight digits behind a plain hash would be guessed from a copy of the table."""
    return work.vault.digest("sign_in_code", f"{row.hex}|{code}")


def students_at(work: Work, subject: bytes) -> list[UUID]:
    """The students whose mail address on file this is, in a stable order."""
    found = work.vault.holders_of(EMAIL, subject)
    statement = select(Student.id).where(Student.id.in_(found), Student.state == "active").order_by(Student.id)
    return list(work.session.execute(statement).scalars())


def look(clock: Clock, token: str, browser: str) -> LinkState:
    """What a link would do; changes nothing."""
    with reading(ANONYMOUS, clock) as work:
        row = work.session.execute(_by_token(token)).scalar_one_or_none()
        return _state(work, row, browser)


def _by_token(token: str) -> Select[OneTime]:
    return select(OneTime).where(OneTime.purpose == PURPOSE, OneTime.token_digest == sha256(token))


def _state(work: Work, row: OneTime | None, browser: str) -> LinkState:
    if row is None:
        return LinkState.UNKNOWN
    if row.used_at is not None:
        return LinkState.USED
    if row.void_at is not None:
        return LinkState.REPLACED
    if work.now >= row.expires_at:
        return LinkState.OLD
    if not hmac.compare_digest(row.browser_digest or b"", sha256(browser)):
        return LinkState.FOREIGN
    return LinkState.READY


def enter_by_link(clock: Clock, token: str, browser: str, place: str) -> Entered:
    """Uses a link in the browser that asked for it. TooMany when a limit is reached."""
    _demand_tries(clock, place)
    with writing(ANONYMOUS, clock) as work:
        row = work.session.execute(_by_token(token).with_for_update()).scalar_one_or_none()
        state = _state(work, row, browser)
        if state is not LinkState.READY or row is None:
            return Entered(state)
        session_id = _sign_in(work, row, place)
        return Entered(LinkState.READY if session_id else LinkState.OLD, session_id)


def enter_by_code(clock: Clock, typed: str, browser: str, place: str) -> Entered:
    """Uses the newest live code that this browser asked for; five tries. TooMany when a limit is reached."""
    _demand_tries(clock, place)
    with writing(ANONYMOUS, clock) as work:
        row = work.session.execute(
            select(OneTime)
            .where(
                OneTime.purpose == PURPOSE,
                OneTime.browser_digest == sha256(browser),
                OneTime.used_at.is_(None),
                OneTime.void_at.is_(None),
                OneTime.expires_at > work.now,
            )
            .order_by(OneTime.created_at.desc(), OneTime.id.desc())
            .limit(1)
            .with_for_update()
        ).scalar_one_or_none()
        if row is None:
            return Entered(CodeState.NOTHING_ASKED)
        row.tries += 1
        right = hmac.compare_digest(row.code_digest or b"", _code_digest(work, row.id, only_digits(typed)))
        if not right:
            if row.tries >= MOST_TRIES:
                row.void_at = work.now
            return Entered(CodeState.SPENT if row.tries >= MOST_TRIES else CodeState.WRONG)
        session_id = _sign_in(work, row, place)
        return Entered(CodeState.RIGHT if session_id else CodeState.NOTHING_ASKED, session_id)


def _demand_tries(clock: Clock, place: str) -> None:
    limits.demand(clock, "sign_in_try_place", place)
    limits.demand_of_all(clock, "sign_in_try_all", place)


def _sign_in(work: Work, row: OneTime, place: str) -> str | None:
    """A session of level 1; of nobody in particular where several students read this address.

    Whoever is no student acts for one: a representative, who chooses for whom where there are several.
    """
    row.used_at = work.now
    subject = row.subject_digest or b""
    found = students_at(work, subject)
    if not found:
        acting = representing.at_address(work, subject)
        if not acting:
            return None  # erased or ended since the mail went out
        _remember(work, subject, place)
        return representing.add_login(work, acting[0] if len(acting) == 1 else None, subject)
    _remember(work, subject, place)
    alone = found[0] if len(found) == 1 else None
    if alone:
        work.note("sign_in", "student", alone, level=int(Level.ADDRESS))
    else:
        work.note("sign_in", "installation", None, level=int(Level.ADDRESS), shared=len(found))
    return add_login(work, alone, None if alone else row.subject_digest, Level.ADDRESS)


def add_login(work: Work, student_id: UUID | None, subject: bytes | None, level: Level, of: UUID | None = None) -> str:
    """Writes a student's session and returns its id, which only the browser keeps. `of`: the session whose place it
    takes; it ends with that one's day (ASVS 7.3.2)."""
    session_id = secrets.token_urlsafe(32)
    work.session.add(
        Login(
            id=uuid7(),
            digest=digest_of(session_id),
            kind="student",
            student_id=student_id,
            address_digest=subject,
            level=int(level),
            level_at=work.now,
            created_at=representing.began_at(work, of),
            fresh_at=work.now,
            seen_at=work.now,
        )
    )
    return session_id
