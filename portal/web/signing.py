"""What signs cookies and forms' tokens: itsdangerous, as Flask and Flask-WTF use it, made ready once.

They make a signer, derive its key and begin a hash anew for whatever is signed, several times a page, and open the
cookie of a browser with each page that it asks for. What comes out is the same.
"""

from __future__ import annotations

import hmac
import time
from functools import lru_cache
from typing import Any

from itsdangerous import Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.signer import HMACAlgorithm

COOKIES = 512  # of which a process knows the contents
PLAIN = {str, bool}


class _AtOnce(HMACAlgorithm):
    """HMAC (RFC 2104) by one call of OpenSSL."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, self.digest_method)


class _ReadySigner(TimestampSigner):
    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.algorithm = _AtOnce(self.digest_method().name)
        self.derive_key = lru_cache(super().derive_key)  # type: ignore[method-assign]  # of its few secrets


class ReadySerializer(URLSafeTimedSerializer):
    """Makes its signer once. `signer_kwargs` as itsdangerous has them."""

    default_signer = _ReadySigner

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._ready = super().make_signer()

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        return self._ready if salt is None or salt == self.salt else super().make_signer(salt)


class CookieSerializer(ReadySerializer):
    """Knows the cookies that were opened lately: whose signature is right, and what is in them. Nothing but ids and
    plain words is kept; a list could be added to."""

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._known: dict[str | bytes, tuple[dict[str, Any], float]] = {}

    def loads(  # type: ignore[override]  # as itsdangerous has it
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        known = self._known.get(s)
        if known is not None and max_age is not None and not return_timestamp and salt is None:
            values, signed_at = known
            if 0 <= time.time() - signed_at <= max_age:
                return values.copy()
        values, at = super().loads(s, max_age, True, salt)
        if salt is None and type(values) is dict and {type(each) for each in values.values()} <= PLAIN:
            if len(self._known) >= COOKIES:
                self._known.clear()
            self._known[s] = values.copy(), at.timestamp()
        return (values, at) if return_timestamp else values
