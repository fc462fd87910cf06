"""What signs cookies and forms' tokens: itsdangerous, as Flask and Flask-WTF use it, made ready once.

They make a signer, derive its key and begin a hash anew for whatever is signed, several times a page. What comes out
is the same.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from typing import Any

from itsdangerous import Signer, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.signer import HMACAlgorithm


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
