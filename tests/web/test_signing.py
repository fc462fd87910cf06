"""What is signed is what Flask and Flask-WTF would have signed: the check of each opens what the other made."""

from __future__ import annotations

import pytest
from flask import Flask, g
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from wtforms import ValidationError

from portal.web.forgery import csrf_token
from portal.web.signing import ReadySerializer

KEPT = {"_user_id": "abc", "browser": "def", "lang": "ar"}


def test_a_cookie_of_ours_is_flasks(app: Flask) -> None:
    ours = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    flasks = SecureCookieSessionInterface().get_signing_serializer(app)
    assert isinstance(ours, ReadySerializer)
    assert flasks is not None
    assert flasks.loads(ours.dumps(KEPT)) == KEPT
    assert ours.loads(flasks.dumps(KEPT)) == KEPT
    assert ours.dumps(KEPT).rsplit(".", 2)[0] == flasks.dumps(KEPT).rsplit(".", 2)[0]


def test_a_secret_of_before_still_opens(app: Flask) -> None:
    old = SecureCookieSessionInterface().get_signing_serializer(app)
    assert old is not None
    new = ReadySerializer([app.secret_key, "another"], old.salt, old.serializer, signer_kwargs=old.signer_kwargs)
    cookie = old.dumps(KEPT)
    assert new.loads(cookie) == KEPT
    with pytest.raises(BadSignature):
        old.loads(new.dumps(KEPT))


def altered(signed: str, at: int) -> str:
    """With another letter there; not at the end, whose last bits say nothing (RFC 4648, 3.5)."""
    return signed[:at] + ("B" if signed[at] == "A" else "A") + signed[at + 1 :]


@pytest.mark.parametrize("at", [0, -30, -5])
def test_a_changed_cookie_does_not_open(at: int) -> None:
    ours = ReadySerializer("secret", salt="salt")
    with pytest.raises(BadSignature):
        ours.loads(altered(ours.dumps(KEPT), at))


def test_another_salt_is_another_signature_and_age_counts() -> None:
    ours, plain = ReadySerializer("secret", salt="one"), URLSafeTimedSerializer("secret", salt="two")
    assert ours.loads(plain.dumps(KEPT), salt="two") == KEPT
    with pytest.raises(BadSignature):
        ours.loads(plain.dumps(KEPT))
    with pytest.raises(SignatureExpired):
        ours.loads(ours.dumps(KEPT), max_age=-1)


def test_flask_wtf_takes_the_token_of_a_page_and_no_other(app: Flask) -> None:
    with app.test_request_context("/nl/"):
        first = csrf_token()
        assert csrf_token() == first
        validate_csrf(first)
        del g.csrf_token
        validate_csrf(csrf_token())
        with pytest.raises(ValidationError):
            validate_csrf(altered(first, -5))
    with app.test_request_context("/nl/"), pytest.raises(ValidationError):
        validate_csrf(first)
