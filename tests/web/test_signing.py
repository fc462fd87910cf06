"""What is signed is what Flask and Flask-WTF would have signed: the check of each opens what the other made."""

from __future__ import annotations

import pytest
from flask import Flask, g
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer
from wtforms import ValidationError

from portal.web import signing
from portal.web.forgery import csrf_token
from portal.web.signing import CookieSerializer, ReadySerializer

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


def test_a_cookie_that_comes_again_is_opened_as_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = CookieSerializer("secret", salt="salt")
    cookie = ours.dumps(KEPT)
    first = ours.loads(cookie, max_age=60)
    first["lang"] = "nl"
    assert [ours.loads(cookie, max_age=60), ours.loads(cookie, max_age=60)] == [KEPT, KEPT], "what a page changes"
    assert ours.loads(cookie, max_age=60, return_timestamp=True)[0] == KEPT
    for at in (0, -30, -5):
        with pytest.raises(BadSignature):
            ours.loads(altered(cookie, at), max_age=60)
    with pytest.raises(SignatureExpired):
        ours.loads(cookie, max_age=-1)
    with pytest.raises(BadSignature):
        CookieSerializer("another", salt="salt").loads(cookie, max_age=60)
    now = ours.loads(cookie, return_timestamp=True)[1].timestamp()
    monkeypatch.setattr("time.time", lambda: now + 61)
    with pytest.raises(SignatureExpired):
        ours.loads(cookie, max_age=60)


def test_of_cookies_only_plain_words_are_known_and_of_few_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list is one that the next page could add to."""
    monkeypatch.setattr(signing, "COOKIES", 3)
    ours = CookieSerializer("secret", salt="salt")
    told = ours.dumps({**KEPT, "_flashes": [["ok", "Gelukt."]]})
    ours.loads(told, max_age=60)["_flashes"].append("more")
    assert ours.loads(told, max_age=60)["_flashes"] == [["ok", "Gelukt."]]
    for number in range(10):
        ours.loads(ours.dumps({"browser": str(number)}), max_age=60)
        assert len(ours._known) <= 3
    assert ours.loads(told, max_age=60)["lang"] == "ar"


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
