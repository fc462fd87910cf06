"""Staff half-way through signing in, and a passkey in software: helpers of the tests of second factors."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import cbor2
import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from sqlalchemy import func, select
from webauthn.helpers import bytes_to_base64url

from portal.domain.clock import Clock
from portal.domain.permissions import SYSTEM, Actor
from portal.domain.refusal import Refused
from portal.domain.vocabulary import Role
from portal.records.db import db
from portal.records.tables.access import Login, Staff
from portal.records.tables.proof import Audit, OutMail
from portal.services import own_sessions, totp
from portal.services.recognise import recognise
from portal.services.unit import writing
from tests import factories

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def session_in(clock: Clock, staff_id: UUID, stage: str) -> str:
    """The id of a session of this account, as if it had come so far."""
    with writing(SYSTEM, clock) as work:
        return own_sessions.open_session(work, staff_id, stage, work.now).session_id


def actor_in(clock: Clock, staff_id: UUID, stage: str) -> Actor:
    return actor_of(clock, session_in(clock, staff_id, stage))


def actor_of(clock: Clock, session_id: str) -> Actor:
    found = recognise(session_id, clock)
    db.session.rollback()
    assert found is not None
    return found.actor


def stage_of(clock: Clock, session_id: str) -> str:
    found = recognise(session_id, clock)
    db.session.rollback()
    assert found is not None
    return found.stage


def officer(clock: Clock, with_app: bool = True, name: str = "officer") -> UUID:
    """A privacy officer, with an authenticator app whose secret is SECRET."""
    staff_id = factories.make_staff(name, Role.PRIVACY_OFFICER)
    if with_app:
        give_app(clock, staff_id)
    return staff_id


def give_app(clock: Clock, staff_id: UUID) -> None:
    with writing(SYSTEM, clock) as work:
        totp.install(work, work.session.get_one(Staff, staff_id), SECRET)


def code_now(clock: Clock, steps: int = 0, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).generate_otp(int(clock.now().timestamp()) // 30 + steps)


def wrong_code(clock: Clock) -> str:
    near = {code_now(clock, steps) for steps in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


def staff_of(staff_id: UUID) -> Staff:
    db.session.rollback()
    found = db.session.execute(
        select(Staff).where(Staff.id == staff_id).execution_options(populate_existing=True)
    ).scalar_one()
    db.session.rollback()
    return found


def logins_of(staff_id: UUID) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).where(Login.staff_id == staff_id)).scalar_one()


def audited(act: str) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).where(Audit.act == act)).scalar_one()


def mails(kind: str) -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).where(OutMail.kind == kind)).scalar_one()


def code_of(act: Callable[[], object]) -> str:
    """The code with which it is refused; "" when it is not."""
    try:
        act()
    except Refused as refusal:
        return refusal.code
    return ""


def at_once(app: Flask, acts: list[Callable[[], object]]) -> list[str]:
    """Does them in threads of their own, released together; "" for each that was let through, else the refusal."""
    gate = threading.Barrier(len(acts))
    results: list[str] = []

    def run(act: Callable[[], object]) -> None:
        with app.app_context():
            gate.wait()
            try:
                results.append(code_of(act))
            except Exception as fault:
                results.append(f"fault: {fault!r}")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@dataclass
class SoftKey:
    """An authenticator in software: one credential on P-256, no attestation (WebAuthn, 6 and 8.7)."""

    rp_id: str
    origin: str
    counts: bool = True
    counter: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: str, **changes: str) -> str:
        """What navigator.credentials.create() answers; `changes` forge its client data."""
        said = json.loads(options)
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        data = self._data(0x41) + attested  # user present, credential data included
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", said["challenge"], **changes)
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def get(self, options: str, **changes: str) -> str:
        """What navigator.credentials.get() answers."""
        said = json.loads(options)
        self.counter += self.counts
        data = self._data(0x01)
        client = self._client("webauthn.get", said["challenge"], **changes)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signed)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, asked: str, **changes: str) -> bytes:
        said = {"type": kind, "challenge": asked, "origin": self.origin, "crossOrigin": False}
        return json.dumps({**said, **changes}).encode()

    def _answer(self, **parts: bytes) -> str:
        name = bytes_to_base64url(self.credential)
        response = {part: bytes_to_base64url(content) for part, content in parts.items()}
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})
