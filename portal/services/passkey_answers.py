"""What browsers are asked for passkeys, and whether their answers hold: the only module that loads the library of
WebAuthn, six megabytes of each web process that few sign-ins need. `passkeys` imports it where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import webauthn
from webauthn.helpers import options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

# What a malformed answer of a browser raises: the library checks it field by field.
BAD_ANSWER = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Door:
    """Where passkeys are used: the host's name, and the address that browsers see."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Owner:
    id: bytes
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Registered:
    credential: bytes
    public_key: bytes
    sign_count: int


def registration(door: Door, school: str, owner: Owner, challenge: bytes, known: Sequence[bytes], seconds: int) -> str:
    """JSON for navigator.credentials.create()."""
    return options_to_json(
        webauthn.generate_registration_options(
            rp_id=door.rp_id,
            rp_name=school,
            user_id=owner.id,
            user_name=owner.username,
            user_display_name=owner.name,
            challenge=challenge,
            timeout=seconds * 1000,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
        )
    )


def registered(door: Door, answer: str, challenge: bytes) -> Registered | None:
    """What a browser made; None when its answer does not hold."""
    try:
        new = webauthn.verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=door.rp_id, expected_origin=door.origin
        )
    except BAD_ANSWER:
        return None
    return Registered(new.credential_id, new.credential_public_key, new.sign_count)


def authentication(door: Door, challenge: bytes, known: Sequence[bytes], seconds: int) -> str:
    """JSON for navigator.credentials.get()."""
    return options_to_json(
        webauthn.generate_authentication_options(
            rp_id=door.rp_id,
            challenge=challenge,
            timeout=seconds * 1000,
            allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    )


def counter(door: Door, answer: str, challenge: bytes, public_key: bytes) -> int | None:
    """The counter of a proof by this key, to be compared with the one kept; None when the answer does not hold."""
    try:
        proof = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=door.rp_id,
            expected_origin=door.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # whoever asks compares it, in the statement that keeps the new one
        )
    except BAD_ANSWER:
        return None
    return proof.new_sign_count
