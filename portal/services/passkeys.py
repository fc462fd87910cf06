"""Passkeys and security keys as second factor (WebAuthn), after the password.

Each challenge is kept as a hash, for one session and one purpose, and is gone with the first answer to it. A counter
that does not rise is a copied key: refused and put on record (WebAuthn, 6.1.1).
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import secrets
from base64 import urlsafe_b64decode
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import current_app
from sqlalchemy import CursorResult, delete, or_, select, update
from uuid_utils.compat import uuid7

from config import Settings
from portal.domain.clock import Clock
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.access import Login, Staff
from portal.records.tables.factors import Passkey, PasskeyChallenge
from portal.services import own_sessions, recovery_codes, second_factor
from portal.services.casework import NotFound
from portal.services.own_sessions import NewSession
from portal.services.second_factor import Enrolled
from portal.services.unit import Work, writing

if TYPE_CHECKING:
    from portal.services.passkey_answers import Door

REGISTER, USE = "register", "use"
VALID = timedelta(minutes=5)
MOST = 10  # passkeys of one account
LONGEST_NAME = 60
LONGEST_ANSWER = 16_384  # characters
CHALLENGE_BYTES = 32
HOW = "passkey"
SECONDS = int(VALID.total_seconds())
BAD_JSON = (ValueError, KeyError, TypeError, AttributeError, RecursionError)


def rp_id() -> str:
    """The name passkeys belong to: the host of the configured base address."""
    return urlsplit(_base_url()).hostname or ""


def origin() -> str:
    parts = urlsplit(_base_url())
    return f"{parts.scheme}://{parts.netloc}"


def _door() -> Door:
    from portal.services.passkey_answers import Door

    return Door(rp_id(), origin())


def _base_url() -> str:
    return cast(Settings, current_app.config["SETTINGS"]).base_url


def available() -> bool:
    """Whether browsers offer passkeys here: a host with a name, over TLS or on localhost."""
    host = rp_id()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and (host == "localhost" or origin().startswith("https://"))
    return False


def registration_options(actor: Actor, clock: Clock) -> str:
    """JSON for navigator.credentials.create(); writes a challenge, so ask for it by POST.

    Raises limits.TooMany, NotAllowed("fresh_sign_in_needed"), Refused: passkeys_unavailable, too_many_passkeys,
    session_ended, other_stage.
    """
    from portal.services.passkey_answers import Owner, registration

    _demand_available()
    second_factor.throttle_set_up(clock, actor)
    with writing(actor, clock) as work:
        staff, login = second_factor.account_to_change(work)
        known = _credentials(work, staff.id)
        if len(known) >= MOST:
            raise Refused("too_many_passkeys", most=MOST)
        challenge = _new_challenge(work, staff, login, REGISTER)
        owner = Owner(staff.id.bytes, staff.username, staff.name)
        return registration(_door(), work.policy.controller.name, owner, challenge, known, SECONDS)


def register(actor: Actor, clock: Clock, answer: str, name: str) -> Enrolled:
    """Keeps the passkey whose answer (JSON of the created credential) this is, under the owner's word for the device.

    Every other session of the account ends. Raises limits.TooMany, NotAllowed("fresh_sign_in_needed"), Refused:
    passkey_refused, name_missing, too_many_passkeys, passkeys_unavailable, session_ended, other_stage.
    """
    _demand_available()
    called = " ".join(name.split())[:LONGEST_NAME]
    if not called:
        raise Refused("name_missing")
    second_factor.throttle_set_up(clock, actor)
    sheet = recovery_codes.prepare_if_none(actor, clock)
    with writing(actor, clock) as work:
        staff, login = second_factor.account_to_change(work)
        if second_factor.passkey_count(work.session, staff.id) >= MOST:
            raise Refused("too_many_passkeys", most=MOST)
        made = _registered(work, staff, login, answer, called)
        if made:
            if sheet:
                recovery_codes.put(work, staff.id, sheet)
            return Enrolled(second_factor.enrolled(work, staff, login, HOW), sheet.codes if sheet else ())
        second_factor.failed(work, staff, HOW)
    raise Refused("passkey_refused")


def _registered(work: Work, staff: Staff, login: Login, answer: str, name: str) -> bool:
    from portal.services.passkey_answers import registered

    challenge = _claim(work, staff, login, REGISTER, answer)
    new = registered(_door(), answer, challenge) if challenge else None
    if new is None:
        return False
    if work.session.execute(select(Passkey.id).where(Passkey.credential == new.credential)).first():
        return False
    work.session.add(
        Passkey(
            id=uuid7(),
            staff_id=staff.id,
            credential=new.credential,
            public_key=new.public_key,
            sign_count=new.sign_count,
            name=name,
            created_at=work.now,
        )
    )
    return True


def authentication_options(actor: Actor, clock: Clock) -> str:
    """JSON for navigator.credentials.get() in stage `factor`; writes a challenge, so ask for it by POST.

    Raises limits.TooMany, Refused: passkeys_unavailable, not_set_up, session_ended, other_stage.
    """
    from portal.services.passkey_answers import authentication

    _demand_available()
    second_factor.throttle_set_up(clock, actor)
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FACTOR)
        known = _credentials(work, staff.id)
        if not known:
            raise Refused("not_set_up")
        return authentication(_door(), _new_challenge(work, staff, login, USE), known, SECONDS)


def enter(actor: Actor, clock: Clock, answer: str, known_browser: str = "") -> NewSession:
    """Lets a half sign-in pass with a passkey's answer (JSON); from an unknown browser the owner is told by mail.

    Raises limits.TooMany, Refused: factor_wrong, passkeys_unavailable, session_ended, other_stage.
    """
    _demand_available()
    second_factor.throttle(clock, actor, known_browser)
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FACTOR)
        if _proved(work, staff, login, answer):
            return second_factor.passed(work, staff, login, HOW, tell=not known_browser)
        second_factor.failed(work, staff, HOW)
    raise Refused("factor_wrong")


def _proved(work: Work, staff: Staff, login: Login, answer: str) -> bool:
    from portal.services.passkey_answers import counter

    challenge = _claim(work, staff, login, USE, answer)
    if challenge is None:
        return False
    try:
        credential = _decoded(json.loads(answer)["id"])
    except BAD_JSON:
        return False
    key = work.session.execute(
        select(Passkey).where(Passkey.staff_id == staff.id, Passkey.credential == credential)
    ).scalar_one_or_none()
    count = counter(_door(), answer, challenge, key.public_key) if key else None
    return key is not None and count is not None and _count_on(work, staff, key.id, count)


def _count_on(work: Work, staff: Staff, key_id: UUID, count: int) -> bool:
    """Keeps the new counter where it rose, or where the key does not count at all (0 and 0)."""
    rises = Passkey.sign_count < count if count else Passkey.sign_count == 0
    kept = work.session.execute(
        update(Passkey)
        .where(Passkey.id == key_id, rises)
        .values(sign_count=count, used_at=work.now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(kept, CursorResult)
    if kept.rowcount != 1:
        work.note("passkey_counter_fell", "staff", staff.id, passkey=key_id.hex)
    return kept.rowcount == 1


def remove(actor: Actor, clock: Clock, passkey_id: UUID) -> NewSession:
    """Takes a passkey away where another factor is left; every other session ends.

    Raises NotFound, NotAllowed("fresh_sign_in_needed"), Refused: last_factor, session_ended, other_stage.
    """
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FULL)
        own_sessions.demand_fresh(work)
        key = work.session.get(Passkey, passkey_id)
        if key is None or key.staff_id != staff.id:
            raise NotFound(str(passkey_id))
        work.session.delete(key)
        return second_factor.removed(work, staff, login, HOW)


def _demand_available() -> None:
    if not available():
        raise Refused("passkeys_unavailable")


def _credentials(work: Work, staff_id: UUID) -> list[bytes]:
    statement = select(Passkey.credential).where(Passkey.staff_id == staff_id).order_by(Passkey.created_at, Passkey.id)
    return list(work.session.execute(statement).scalars())


def _new_challenge(work: Work, staff: Staff, login: Login, purpose: str) -> bytes:
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    stale = or_(PasskeyChallenge.expires_at <= work.now, PasskeyChallenge.login_id == login.id)
    work.session.execute(delete(PasskeyChallenge).where(stale), execution_options={"synchronize_session": False})
    work.session.add(
        PasskeyChallenge(
            digest=hashlib.sha256(challenge).digest(),
            purpose=purpose,
            staff_id=staff.id,
            login_id=login.id,
            expires_at=work.now + VALID,
        )
    )
    return challenge


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(f"{text}===")  # browsers leave the padding out, and too much of it does no harm


def _claim(work: Work, staff: Staff, login: Login, purpose: str, answer: str) -> bytes | None:
    """The challenge that the answer names, where it was given to this session, is live and was not answered yet."""
    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        said = json.loads(_decoded(json.loads(answer)["response"]["clientDataJSON"]))
        challenge = _decoded(said["challenge"])
    except BAD_JSON:
        return None
    gone = work.session.execute(
        delete(PasskeyChallenge).where(
            PasskeyChallenge.digest == hashlib.sha256(challenge).digest(),
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.staff_id == staff.id,
            PasskeyChallenge.login_id == login.id,
            PasskeyChallenge.expires_at > work.now,
        ),
        execution_options={"synchronize_session": False},
    )
    assert isinstance(gone, CursorResult)
    return challenge if gone.rowcount == 1 else None
