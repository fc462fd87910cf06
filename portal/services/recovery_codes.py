"""Ten codes for who lost the device, shown once; each lets in once.

A code is sixteen characters of Crockford's alphabet in groups of four. The first group finds the row; the other twelve
(60 bits) are kept as an argon2id hash (ASVS 6.5.2).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from uuid_utils.compat import uuid7

from portal.domain.clock import Clock
from portal.domain.digits import compact
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.factors import RecoveryCode
from portal.services import own_sessions, passwords, second_factor
from portal.services.own_sessions import NewSession
from portal.services.unit import Work, reading, writing

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans("OIL", "011")
COUNT = 10
GROUP, HANDLE, LENGTH = 4, 4, 16  # characters
HOW = "recovery_code"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Fresh codes to show, and what is kept of each: handle and hash."""

    codes: tuple[str, ...]
    rows: tuple[tuple[str, str], ...]


def prepare() -> Sheet:
    """Makes the codes; hashing takes a second, so call it outside a unit of work."""
    handles: set[str] = set()
    while len(handles) < COUNT:
        handles.add(_characters(HANDLE))
    codes = [handle + _characters(LENGTH - HANDLE) for handle in sorted(handles)]
    rows = tuple((code[:HANDLE], passwords.hash_password(code[HANDLE:])) for code in codes)
    return Sheet(tuple(_grouped(code) for code in codes), rows)


def _characters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))


def normal(typed: str) -> str:
    """What was typed, as it is kept: capitals without spaces and dashes, O read as 0, I and L as 1."""
    return compact(typed[:100]).translate(READ_AS)


def prepare_if_none(actor: Actor, clock: Clock) -> Sheet | None:
    """Codes for an account that has no usable one; None for another."""
    with reading(actor, clock) as work:
        left = second_factor.codes_left(work.session, actor.id) if actor.id else 1
    return None if left else prepare()


def put(work: Work, staff_id: UUID, sheet: Sheet) -> None:
    """Keeps these codes in the place of all before."""
    work.session.execute(
        delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id), execution_options={"synchronize_session": False}
    )
    for handle, hashed in sheet.rows:
        work.session.add(
            RecoveryCode(id=uuid7(), staff_id=staff_id, handle=handle, hash=hashed, created_at=work.now),
        )


def renew(actor: Actor, clock: Clock) -> tuple[str, ...]:
    """Ten new codes to show once; the old ones are dead.

    Raises limits.TooMany, NotAllowed("fresh_sign_in_needed"), Refused: session_ended, other_stage.
    """
    second_factor.throttle_set_up(clock, actor)
    sheet = prepare()
    with writing(actor, clock) as work:
        staff, _ = second_factor.own_account(work, second_factor.FULL)
        own_sessions.demand_fresh(work)
        put(work, staff.id, sheet)
        work.note("renew_recovery_codes", "staff", staff.id)
    return sheet.codes


def enter(actor: Actor, clock: Clock, typed: str, known_browser: str = "") -> NewSession:
    """Lets a half sign-in pass with a code; the owner is always told by mail.

    Raises limits.TooMany, Refused: factor_wrong, session_ended, other_stage.
    """
    second_factor.throttle(clock, actor, known_browser)
    code = normal(typed)
    with reading(actor, clock) as work:
        found = work.session.execute(
            select(RecoveryCode.id, RecoveryCode.hash).where(
                RecoveryCode.staff_id == actor.id,
                RecoveryCode.handle == code[:HANDLE],
                RecoveryCode.used_at.is_(None),
            )
        ).first()
    right = passwords.verify(found.hash if found else None, code[HANDLE:]) and len(code) == LENGTH
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FACTOR)
        if right and found is not None and _use(work, found.id):
            return second_factor.passed(work, staff, login, HOW, tell=True)
        second_factor.failed(work, staff, HOW)
    raise Refused("factor_wrong")


def _use(work: Work, code_id: UUID) -> bool:
    """Whether this try is the one that used the code up."""
    used = work.session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None))
        .values(used_at=work.now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(used, CursorResult)
    return used.rowcount == 1
