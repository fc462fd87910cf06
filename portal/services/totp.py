"""An authenticator app as second factor (RFC 6238: six digits, thirty seconds, SHA-1 as every app knows it).

The secret is sealed under the installation's key. A code counts one step before and after the present one, and no
step counts twice nor after a later one (ASVS 6.5.1).
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

import pyotp
from sqlalchemy import CursorResult, delete, or_, update

from portal.domain.clock import Clock, SystemClock
from portal.domain.digits import only_digits
from portal.domain.permissions import Actor
from portal.domain.refusal import Refused
from portal.records.tables.access import Staff
from portal.records.tables.factors import TotpSetup
from portal.services import own_sessions, recovery_codes, second_factor
from portal.services.own_sessions import NewSession
from portal.services.second_factor import Enrolled
from portal.services.unit import Work, reading, writing
from portal.vault.envelope import INSTALLATION, Place

CLASS = "staff_factor"  # the key that seals secrets
STEP = 30  # seconds
WINDOW = 1  # steps before and after the present one: clocks of telephones differ
SET_UP_WITHIN = timedelta(minutes=30)
HOW = "totp"


@dataclass(frozen=True, slots=True)
class Setup:
    """An app that is being set up: the key to type where a code cannot be scanned, in groups of four."""

    key: str
    expires_at: datetime


def begin(actor: Actor, clock: Clock) -> None:
    """Makes a secret for an app that is to be set up, in the place of one that was not finished.

    The app in use keeps working until the new one gave its first code.
    Raises limits.TooMany, NotAllowed("fresh_sign_in_needed"), Refused: session_ended, other_stage.
    """
    second_factor.throttle_set_up(clock, actor)
    with writing(actor, clock) as work:
        staff, _ = second_factor.account_to_change(work)
        work.session.execute(delete(TotpSetup).where(TotpSetup.staff_id == staff.id))
        place = Place("totp_setup", "sealed", staff.id)
        sealed = work.vault.seal(INSTALLATION, CLASS, place, {"secret": pyotp.random_base32()})
        work.session.add(
            TotpSetup(staff_id=staff.id, sealed=sealed, created_at=work.now, expires_at=work.now + SET_UP_WITHIN)
        )


def pending(actor: Actor, clock: Clock) -> Setup | None:
    """The app that is being set up, or None: nothing begun, or too long ago. Changes nothing."""
    with reading(actor, clock) as work:
        found = _pending(work)
        if found is None:
            return None
        _, setup, secret = found
        return Setup(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), setup.expires_at)


def qr(actor: Actor, clock: Clock) -> bytes | None:
    """The same as a picture to scan: SVG without style, to be served by itself as image/svg+xml; None as `pending`."""
    import segno  # only who sets an app up needs it

    with reading(actor, clock) as work:
        found = _pending(work)
        if found is None:
            return None
        staff, _, secret = found
        address = pyotp.TOTP(secret).provisioning_uri(name=staff.username, issuer_name=work.policy.controller.name)
    picture = BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", scale=4, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None
    )
    return picture.getvalue()


def confirm(actor: Actor, clock: Clock, code: str) -> Enrolled:
    """The app gave its first code: from now on it is asked. Every other session of the account ends.

    Raises limits.TooMany, NotAllowed("fresh_sign_in_needed"), Refused: factor_wrong, set_up_expired, session_ended,
    other_stage.
    """
    second_factor.throttle_set_up(clock, actor)
    with reading(actor, clock) as work:
        found = _pending(work)
        if found is None:
            raise Refused("set_up_expired")
        if step_of(found[2], code, clock) is None:
            raise Refused("factor_wrong")
    sheet = recovery_codes.prepare_if_none(actor, clock)
    with writing(actor, clock) as work:
        staff, login = second_factor.account_to_change(work)
        found = _pending(work)
        if found is None:
            raise Refused("set_up_expired")
        _, setup, secret = found
        step = step_of(secret, code, clock)
        if step is None:
            raise Refused("factor_wrong")
        install(work, staff, secret, step)
        work.session.delete(setup)
        if sheet:
            recovery_codes.put(work, staff.id, sheet)
        made = second_factor.enrolled(work, staff, login, HOW)
    return Enrolled(made, sheet.codes if sheet else ())


def enter(actor: Actor, clock: Clock, code: str, known_browser: str = "") -> NewSession:
    """Lets a half sign-in pass with the app's code; from a browser not known yet the owner is told by mail.

    Raises limits.TooMany, Refused: factor_wrong, session_ended, other_stage.
    """
    second_factor.throttle(clock, actor, known_browser)
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FACTOR)
        step = step_of(_secret(work, staff), code, clock) if staff.totp_sealed else None
        if step is not None and _take(work, staff, step):
            return second_factor.passed(work, staff, login, HOW, tell=not known_browser)
        second_factor.failed(work, staff, HOW)
    raise Refused("factor_wrong")


def remove(actor: Actor, clock: Clock) -> NewSession:
    """Takes the app away where a passkey is left. Raises NotAllowed, Refused: last_factor, not_set_up, …"""
    with writing(actor, clock) as work:
        staff, login = second_factor.own_account(work, second_factor.FULL)
        own_sessions.demand_fresh(work)
        if staff.totp_sealed is None:
            raise Refused("not_set_up")
        staff.totp_sealed, staff.totp_last_step = None, None
        return second_factor.removed(work, staff, login, HOW)


def install(work: Work, staff: Staff, secret: str, step: int | None = None) -> None:
    """Gives the account this secret (base32); the demonstration and tests do so without an app."""
    staff.totp_sealed = work.vault.seal(INSTALLATION, CLASS, _place(staff), {"secret": secret})
    staff.totp_last_step = step


def step_of(secret: str, code: str, clock: Clock) -> int | None:
    """The time step whose code this is, near the present one; None when it is another code."""
    digits = only_digits(code)
    # An authenticator app knows nothing of a clock that was moved for a demonstration.
    moved = clock.offset if isinstance(clock, SystemClock) else timedelta()
    present = int((clock.now() - moved).timestamp()) // STEP
    app = pyotp.TOTP(secret)
    near = range(present - WINDOW, present + WINDOW + 1)
    matching = [step for step in near if hmac.compare_digest(app.generate_otp(step), digits)]
    return matching[0] if matching else None


def _take(work: Work, staff: Staff, step: int) -> bool:
    """Whether this try is the first with a step later than all before it: one statement, so only one wins."""
    taken = work.session.execute(
        update(Staff)
        .where(Staff.id == staff.id, or_(Staff.totp_last_step.is_(None), Staff.totp_last_step < step))
        .values(totp_last_step=step)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    return taken.rowcount == 1


def _place(staff: Staff) -> Place:
    return Place("staff", "totp_sealed", staff.id)


def _secret(work: Work, staff: Staff) -> str:
    return str(work.vault.open(INSTALLATION, CLASS, _place(staff), staff.totp_sealed or b"")["secret"])


def _pending(work: Work) -> tuple[Staff, TotpSetup, str] | None:
    staff, _ = second_factor.own_account(work, second_factor.ENROL, second_factor.FULL, lock=False)
    setup = work.session.get(TotpSetup, staff.id)
    if setup is None or work.now >= setup.expires_at:
        return None
    place = Place("totp_setup", "sealed", staff.id)
    return staff, setup, str(work.vault.open(INSTALLATION, CLASS, place, setup.sealed)["secret"])
